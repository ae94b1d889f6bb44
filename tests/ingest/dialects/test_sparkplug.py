"""Births, numbers and deaths of Sparkplug's nodes: when they are asked for their births, and when not."""

import pytest

from ingest.dialects.decoded import Context, Decoded, DialectError
from ingest.dialects.sparkplug import ASK_AGAIN_MS, SparkplugB
from ingest.dialects.sparkplug_schema import payload_reader
from premises.decoding import context_of
from tests.ingest.dialects.golden_cases import RECEIVED_MS
from tests.ingest.dialects.sparkplug_messages import DOUBLE, INT16, metric, node_birth, payload

BIRTH, DATA = "spBv1.0/hq/NBIRTH/gw1", "spBv1.0/hq/NDATA/gw1"


def context() -> Context:
    return context_of(None, "UTC", RECEIVED_MS)


def number(seq: int) -> bytes:
    return payload([metric("co2", datatype=DOUBLE, value=612.0)], seq=seq)


def asked(decoded: Decoded) -> list[str]:
    """Return the topics on which births were asked for."""
    for each in decoded.commands:
        (command,) = payload_reader()(each.payload).metrics
        assert (command.name, command.boolean_value) == ("Node Control/Rebirth", True)
    return [each.topic for each in decoded.commands]


def test_numbers_without_a_gap_ask_for_nothing_and_start_over_after_255() -> None:
    decoder, given = SparkplugB(), context()
    said = [decoder.decode(BIRTH, node_birth(seq=254), given)]
    said += [decoder.decode(DATA, number(seq), given) for seq in (255, 0, 1)]
    assert [asked(each) for each in said] == [[]] * 4
    assert [each.reason for decoded in said for each in decoded.notes] == []


def test_a_gap_asks_the_node_for_its_births_once_a_minute() -> None:
    decoder, given = SparkplugB(), context()
    decoder.decode(BIRTH, node_birth(), given)
    assert asked(decoder.decode(DATA, number(5), given)) == ["spBv1.0/hq/NCMD/gw1"]
    assert asked(decoder.decode(DATA, number(9), given)) == []
    given.received_ms += ASK_AGAIN_MS
    assert asked(decoder.decode(DATA, number(20), given)) == ["spBv1.0/hq/NCMD/gw1"]


def test_a_node_that_was_not_heard_to_be_born_is_asked() -> None:
    assert asked(SparkplugB().decode(DATA, number(7), context())) == ["spBv1.0/hq/NCMD/gw1"]


def test_messages_that_come_again_after_a_failed_commit_are_no_gap() -> None:
    decoder, given = SparkplugB(), context()
    decoder.decode(BIRTH, node_birth(), given)
    decoder.decode(DATA, number(1), given)
    decoder.forget()
    assert asked(decoder.decode(DATA, number(1), given)) == []


def test_an_alias_holds_until_the_next_birth() -> None:
    decoder, given = SparkplugB(), context()
    named = metric("co2", alias=4, datatype=DOUBLE, value=612.0)
    decoder.decode(BIRTH, payload([named], seq=0), given)
    again = payload([metric(alias=4, value=700.0)], seq=1)
    assert [row[4] for row in decoder.decode(DATA, again, given).readings] == [700]
    decoder.decode(BIRTH, node_birth(1), given)
    assert [each.reason for each in decoder.decode(DATA, again, given).problems] == ["no_birth"]


def test_a_negative_number_of_16_bits_is_read_whether_16_or_32_bits_were_written() -> None:
    for written in (0xFFFF, 0xFFFFFFFF):
        (row,) = (
            SparkplugB()
            .decode(DATA, payload([metric("temperature", datatype=INT16, value=written)]), context())
            .readings
        )
        assert row[4] == -1


def test_a_name_that_is_no_text_is_refused() -> None:
    broken = payload([metric("co2", datatype=DOUBLE, value=612.0)]).replace(b"co2", b"\x80o2")
    with pytest.raises(DialectError, match="UTF-8"):
        SparkplugB().decode(DATA, broken, context())
