from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import native
from ingest.messages import Message
from ingest.native import Decoded
from sensors.intake import Book, SpoolEntry
from sensors.readings import ReadingFlag
from storage.spool import SqliteSpool
from tests.ingest.intake import (
    NOW_MS,
    co2,
    events_message,
    message_of,
    pipeline_of,
    readings_message,
    registry_of,
    spool_in,
)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[SqliteSpool]:
    with closing(spool_in(tmp_path)) as opened:
        yield opened


def taken(spool: SqliteSpool, *messages: Message, **options: Any) -> list[SpoolEntry]:  # noqa: ANN401 - any option
    entries = pipeline_of(spool, **options).process(messages)
    spool.commit(entries)
    assert all(book.balances for book in spool.books().values())
    return entries


def book(spool: SqliteSpool, gateway: str = "gw1") -> Book:
    return spool.books()[gateway]


def reasons(spool: SqliteSpool) -> list[str]:
    return [kept.message.reason for kept in reversed(spool.quarantined())]


def fire(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    return {"dev": "panel1", "type": "fire", "state": "active", **fields}


def test_good_message_is_accepted_whole(spool: SqliteSpool) -> None:
    taken(spool, readings_message(co2(1), co2(2, ts=NOW_MS - 1)), events_message(fire(id="e1")))
    assert (book(spool).received, book(spool).accepted, spool.depth) == (3, 3, 3)


def test_one_bad_record_does_not_spoil_its_message(spool: SqliteSpool) -> None:
    message = readings_message(co2(1), co2(99_999), co2(2), {"m": "co3", "v": 1}, co2(88_888))
    (entry,) = taken(spool, message)
    assert entry.accepted == 2
    kept = {each.reason: each for each in entry.quarantined}
    assert kept["out_of_range"].records == 2
    assert list(kept["out_of_range"].paths) == ["readings[1]", "readings[4]"]
    assert kept["unknown_metric"].payload == message.payload
    assert "readings[3].m" in kept["unknown_metric"].detail


def test_unknown_device_is_quarantined_and_the_others_of_its_batch_go_on(spool: SqliteSpool) -> None:
    batch = readings_message(co2(1, dev="aq1"), co2(2, dev="ghost"), co2(3, dev="aq1"), topic="hq/gw1/readings")
    (entry,) = taken(spool, batch)
    assert entry.readings is not None
    assert list(entry.readings.value) == [1, 3]
    (kept,) = entry.quarantined
    assert (kept.reason, kept.records, list(kept.paths)) == ("unknown_device", 1, ["readings[1]"])
    assert "ghost" in kept.detail


def test_unknown_site_is_quarantined_in_books_of_its_own(spool: SqliteSpool) -> None:
    taken(spool, readings_message(co2(1), co2(2), topic="annex/gw1/aq1/readings"))
    assert reasons(spool) == ["unknown_site"]
    assert spool.books().keys() == {"annex/gw1"}
    assert book(spool, "annex/gw1").quarantined == 2


def test_changed_registry_counts_from_the_next_message(spool: SqliteSpool) -> None:
    pipeline = pipeline_of(spool, "aq1")
    message = readings_message(co2(1), topic="hq/gw1/new/readings")
    assert pipeline.process([message])[0].accepted == 0
    pipeline.use(registry_of("new"))
    assert pipeline.process([message])[0].accepted == 1


@pytest.mark.parametrize("kind", ["forced", "fire", "leak", "smoke"])
def test_vital_event_of_an_unknown_device_is_accepted_with_doubts(spool: SqliteSpool, kind: str) -> None:
    event = {"dev": "ghost", "type": kind, "state": "active", "ts": "yesterday", "zone": 5}
    (entry,) = taken(spool, events_message(event))
    (accepted,) = entry.events
    assert set(accepted.doubts) == {"unknown_device", "time_unreadable", "bad_zone"}
    assert book(spool).accepted == 1


def test_vital_event_of_an_unknown_site_is_accepted_with_doubts(spool: SqliteSpool) -> None:
    (entry,) = taken(spool, events_message(fire(), topic="hq2/gw1/events"))
    assert [(event.site, event.doubts) for event in entry.events] == [("hq", ("unknown_site",))]


def test_other_event_of_an_unknown_device_is_quarantined(spool: SqliteSpool) -> None:
    taken(spool, events_message({"dev": "ghost", "type": "granted"}))
    assert reasons(spool) == ["unknown_device"]


def test_same_sequence_number_is_a_duplicate_in_one_group_and_in_the_next(spool: SqliteSpool) -> None:
    message = readings_message(co2(1), co2(2), boot="b", seq=5)
    taken(spool, message, message)
    taken(spool, message)
    assert (book(spool).received, book(spool).accepted, book(spool).duplicate) == (6, 2, 4)


def test_same_number_of_another_boot_or_gateway_is_none(spool: SqliteSpool) -> None:
    taken(
        spool,
        readings_message(co2(1), boot="b", seq=5),
        readings_message(co2(1), boot="c", seq=5),
        readings_message(co2(1), boot="b", seq=5, topic="hq/gw2/aq1/readings"),
    )
    assert (book(spool).duplicate, book(spool, "gw2").duplicate) == (0, 0)


def test_number_that_was_not_committed_is_none(spool: SqliteSpool) -> None:
    pipeline = pipeline_of(spool)
    message = readings_message(co2(1), boot="b", seq=5)
    assert pipeline.process([message])[0].accepted == 1
    assert pipeline.process([message])[0].accepted == 1


def test_event_is_known_by_its_id_else_by_its_own_time(spool: SqliteSpool) -> None:
    taken(spool, events_message(fire(id="e1"), fire(ts=NOW_MS), fire(id="e1"), fire(ts=NOW_MS)))
    taken(spool, events_message(fire(id="e1"), fire(ts=NOW_MS), fire(ts=NOW_MS + 1)))
    assert (book(spool).accepted, book(spool).duplicate) == (3, 4)


def test_zone_loses_what_no_database_takes(spool: SqliteSpool) -> None:
    (entry,) = taken(spool, events_message(fire(zone="2F\0")))
    assert [event.zone for event in entry.events] == ["2F"]


def test_fire_that_says_something_else_under_a_known_id_is_no_duplicate(spool: SqliteSpool) -> None:
    others = ({"zone": "9F"}, {"dev": "meter3"}, {"state": "cleared"})
    taken(spool, events_message(fire(id="1")))
    taken(spool, *(events_message(fire(id="1") | other) for other in others))
    assert (book(spool).accepted, book(spool).duplicate) == (4, 0)


def test_event_with_neither_id_nor_time_is_never_a_duplicate(spool: SqliteSpool) -> None:
    taken(spool, events_message(fire(), fire()), events_message(fire(), dup=False))
    taken(spool, events_message(fire()))
    assert (book(spool).accepted, book(spool).duplicate) == (4, 0)


def test_repeated_number_does_not_swallow_a_new_fire(spool: SqliteSpool) -> None:
    taken(spool, events_message(fire(id="e1"), boot="b", seq=1))
    (entry,) = taken(spool, events_message(fire(id="e2"), fire(id="e1"), {"type": "granted"}, boot="b", seq=1))
    assert [(event.id, event.doubts) for event in entry.events] == [("e2", ("seq_repeated",))]
    assert entry.duplicates == 2


def test_redelivery_of_a_message_without_number_is_a_duplicate(spool: SqliteSpool) -> None:
    first = readings_message(co2(1), co2(2), packet_id=7)
    taken(spool, first)
    taken(spool, readings_message(co2(1), co2(2), packet_id=7, dup=True, received_ms=NOW_MS + 9))
    assert (book(spool).accepted, book(spool).duplicate) == (2, 2)


@pytest.mark.parametrize(
    "again",
    [
        readings_message(co2(1), packet_id=7),
        readings_message(co2(1), packet_id=8, dup=True),
        readings_message(co2(2), packet_id=7, dup=True),
        readings_message(co2(1), packet_id=7, dup=True, topic="hq/gw1/meter3/readings"),
    ],
    ids=["new delivery", "other packet id", "other payload", "other topic"],
)
def test_message_that_only_looks_like_a_redelivery_is_taken(spool: SqliteSpool, again: Message) -> None:
    taken(spool, readings_message(co2(1), packet_id=7))
    taken(spool, again)
    assert (book(spool).accepted, book(spool).duplicate) == (2, 0)


def test_redelivery_of_an_undecodable_message_is_a_duplicate(spool: SqliteSpool) -> None:
    for dup in (False, True):
        taken(spool, message_of("hq/gw1/readings", b"{", packet_id=3, dup=dup))
        taken(spool, message_of("hq/gw1/nonsense", b"{}", packet_id=4, dup=dup))
    assert (book(spool).quarantined, book(spool).duplicate) == (2, 2)


def test_retained_replay_is_ignored_and_uses_up_no_number(spool: SqliteSpool) -> None:
    replayed = readings_message(co2(1), co2(2), boot="b", seq=5, retain=True)
    alarm = events_message(fire(id="e1"), retain=True)
    taken(spool, replayed, alarm, readings_message(co2(1), boot="b", seq=5), events_message(fire(id="e1")))
    assert dict(book(spool).ignored) == {"retained": 3}
    assert (book(spool).accepted, book(spool).duplicate) == (2, 0)


def test_retained_replay_that_cannot_be_read_fills_no_quarantine(spool: SqliteSpool) -> None:
    for _connection in range(3):
        taken(
            spool,
            message_of("hq/gw1/nonsense", b"{}", packet_id=1, retain=True),
            message_of("hq/gw1/status", b"no json", packet_id=2, retain=True),
        )
    assert (dict(book(spool).ignored), spool.quarantined()) == ({"retained": 6}, [])


def test_status_is_state_and_no_sample(spool: SqliteSpool) -> None:
    taken(spool, message_of("hq/gw1/status", {"state": "ready"}, retain=True))
    assert (dict(book(spool).ignored), spool.depth) == ({"status": 1}, 0)


def test_message_without_records_is_one_that_is_ignored(spool: SqliteSpool) -> None:
    taken(spool, readings_message())
    assert dict(book(spool).ignored) == {"empty": 1}


def test_undecodable_message_is_one_record_and_kept_raw(spool: SqliteSpool) -> None:
    taken(spool, message_of("hq/gw1/readings", b"\x00\xff{"))
    (kept,) = spool.quarantined()
    assert (kept.message.reason, kept.message.payload, kept.message.records) == ("not_json", b"\x00\xff{", 1)


def test_payload_of_a_megabyte_keeps_its_beginning(spool: SqliteSpool) -> None:
    payload = b'{"readings":[' + b" " * 1_000_000 + b"]}"
    taken(spool, message_of("hq/gw1/readings", payload))
    (kept,) = spool.quarantined()
    assert (kept.message.reason, kept.message.size) == ("payload_too_large", len(payload))
    assert payload.startswith(kept.message.payload)
    assert len(kept.message.payload) == 4096


def test_topic_outside_the_contract_is_kept_under_its_gateway(spool: SqliteSpool) -> None:
    taken(spool, message_of("hq/gw1/aq1/reading", {}), message_of("odd", {}))
    assert reasons(spool) == ["unknown_topic", "unknown_topic"]
    assert spool.books().keys() == {"gw1", "-"}


def test_failing_decoder_does_not_stop_the_stream(spool: SqliteSpool) -> None:
    def fails_on_poison(topic: native.Topic, payload: bytes, *, received_ms: int) -> Decoded:
        if b"poison" in payload:
            raise ZeroDivisionError
        return native.decode(topic, payload, received_ms=received_ms)

    messages = [message_of("hq/gw1/readings", b"poison"), readings_message(co2(1))]
    spool.commit(pipeline_of(spool, decode=fails_on_poison).process(messages))
    assert reasons(spool) == ["decoder_failed"]
    assert book(spool).accepted == 1


def test_time_of_receipt_is_said(spool: SqliteSpool) -> None:
    (entry,) = taken(spool, readings_message(co2(1)))
    assert entry.readings is not None
    assert list(entry.readings.flags) == [ReadingFlag.TIME_OF_RECEIPT]


RECORDS = st.sampled_from(
    [co2(1), co2(1, ts=NOW_MS), co2(99_999), co2(1, dev="ghost"), {}, fire(), fire(id="e1"), fire(ts=NOW_MS), 5, None]
)
MESSAGES = st.builds(
    lambda topic, records, sequence, flags: message_of(
        topic, {**sequence, "readings": records, "events": records}, **flags
    ),
    st.sampled_from(
        ["hq/gw1/readings", "hq/gw1/aq1/readings", "hq/gw2/events", "x/gw1/events", "hq/gw1/status", "odd"]
    ),
    st.lists(RECORDS, max_size=5),
    st.sampled_from([{}, {"boot": "b", "seq": 1}, {"boot": "b", "seq": 2}, {"seq": 1}]),
    st.fixed_dictionaries({"packet_id": st.integers(1, 2), "dup": st.booleans(), "retain": st.booleans()}),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(MESSAGES, max_size=6), max_size=3))
def test_books_balance_whatever_comes(spool: SqliteSpool, groups: list[list[Message]]) -> None:
    for group in groups:
        taken(spool, *group)


def test_records_of_quality_0_are_taken_and_counted_apart(spool: SqliteSpool) -> None:
    taken(
        spool,
        readings_message(co2(1), co2(2)),
        readings_message(co2(3), co2(-1)),
        readings_message(co2(4), packet_id=7),
        events_message(fire(id="e1"), packet_id=8),
    )
    assert (book(spool).received, book(spool).accepted, book(spool).unassured) == (6, 5, 4)
