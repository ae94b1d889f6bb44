"""Cards are known again by a keyed digest, and stand nowhere as they came."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.messages import Message
from premises.intake.credential_key import FILE, credential_key
from sensors.credentials import DIGEST, CredentialKey, without_cards
from sensors.errors import InputFault
from storage.spool_codec import pack_events, unpack_events
from tests.ingest.intake import NOW_MS, events_message, pipeline_of, spool_in

KEY = CredentialKey(secret=bytes(range(32)))
CARD = "A1B2C3D477"


def granted(card: object, **other: object) -> dict[str, object]:
    return {"id": f"e-{len(str(card))}-{len(other)}", "dev": "panel1", "type": "granted", "card": card, **other}


def everything_in(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.iterdir())


def test_same_card_has_one_digest_and_another_key_another() -> None:
    one, again, number = KEY.digest("a1 b2 c3 d4"), KEY.digest("A1B2C3D4"), KEY.digest("77")
    assert one == again
    assert DIGEST.fullmatch(one)
    assert len({one, number, CredentialKey(secret=b"x" * 32).digest("A1B2C3D4")}) == 3
    assert without_cards(b'{"card":77}', KEY) == without_cards(b'{"card": "77"}', KEY).replace(b": ", b":")


def test_message_without_cards_is_left_as_it_is_and_digests_stay() -> None:
    plain = b'{"events":[{"type":"fire"}]}'
    assert without_cards(plain, KEY) is plain
    once = without_cards(b'{"card":"77","dev":"r1"}', KEY)
    assert without_cards(once, KEY) == once
    assert without_cards(b'{"card":null}', KEY) == b'{"card":null}'


@given(
    st.from_regex(r"\A[0-9A-F]{8,14}\Z"), st.sampled_from(['{"card":%s}', '{"card" : %s', '[{"x":1,"card":%s,"y":2}'])
)
def test_no_card_is_left_in_whatever_state_a_message_is(card: str, form: str) -> None:
    for written in (f'"{card}"', f'"{card}', card, f'["{card}"]', f'{{"uid":"{card}"}}'):
        for key in (KEY, None):
            assert card.encode() not in without_cards((form % written).encode(), key)


def test_granted_event_carries_the_digest_and_nothing_holds_the_card(tmp_path: Path) -> None:
    bad = events_message(granted(CARD, ts="never"), topic="hq/gw1/events")
    broken = Message(
        topic="premises/v1/hq/gw1/events", payload=b'{"events":[{"card":"%s"' % CARD.encode(), received_ms=1
    )
    with closing(spool_in(tmp_path)) as spool:
        pipeline = pipeline_of(spool, credentials=KEY)
        entries = pipeline.process([events_message(granted(CARD)), bad, broken])
        spool.commit(entries)
        events = [event for entry in entries for event in entry.events]
    assert [event.credential for event in events] == [KEY.digest(CARD)]
    assert sum(len(entry.quarantined) for entry in entries) == 2
    assert CARD.encode() not in everything_in(tmp_path)
    assert unpack_events(pack_events(events)) == events


def test_without_a_key_no_card_is_known(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        (entry,) = pipeline_of(spool).process([events_message(granted(CARD))])
    assert [event.credential for event in entry.events] == [""]
    assert NOW_MS > 0


def test_key_is_made_once_closed_to_others_and_another_after_it_was_taken_away(tmp_path: Path) -> None:
    first = credential_key(tmp_path)
    assert credential_key(tmp_path) == first
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    (tmp_path / FILE).unlink()
    assert credential_key(tmp_path).name != first.name


@pytest.mark.parametrize("text", ["", "sha256", "sha256 xyz", "nodigest " + "00" * 32, "sha256 0011"])
def test_key_that_is_none_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InputFault, match=r"credential\.key:1: .*take it away"):
        credential_key(tmp_path)
