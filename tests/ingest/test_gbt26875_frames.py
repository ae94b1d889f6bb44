"""Frames of GB/T 26875.3: packets that others have published, hand-counted ones, and any stream in any pieces."""

from contextlib import suppress
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.gbt26875.frames import LONGEST, Command, Frame, FrameReader, Unreadable, label_of, time_of
from ingest.gbt26875.units import (
    Analogue,
    ComponentStatus,
    DeviceOperation,
    DeviceStatus,
    Operation,
    SystemStatus,
    UnitError,
    parse_unit,
    text_of,
)
from simulators.gbt26875 import FAULT, FIRE, FirePanel
from tests.ingest.panels import AT, SHANGHAI

# Checksums added up by hand. Numbers 889 and 88,888, 26 September 2012 09:58:02, as in the examples that
# implementers of the standard pass round.
HEAD = "4040 0100 0101 203a091a090c 790300000000 385b01000000"
SMOKE = bytes.fromhex(f"{HEAD} 3000 02 0201 0101 28 0a000200 0200 {'20' * 30}00 023a091a090c 46 2323")
MAINS = bytes.fromhex(f"{HEAD} 0900 02 1501 08 023a091a090c 42 2323")
ROLL_CALL_ANSWER = bytes.fromhex(f"{HEAD} 0a00 02 1801 2001 023a091a090c 5f 2323")
CONFIRM = bytes.fromhex("4040 0100 0101 233a091a090c 385b01000000 790300000000 0000 03 ab 2323")
NEGATIVE = bytes.fromhex("4040 0100 0101 233a091a090c 385b01000000 790300000000 0000 06 ae 2323")
CLOCK = bytes.fromhex("4040 0100 0101 203a091a090c 385b01000000 790300000000 0800 01 5a01 023a091a090c 7d 2323")
ROLL_CALL = bytes.fromhex("4040 0100 0101 203a091a090c 385b01000000 790300000000 0300 01 5b01 0a 0f 2323")
SEEN = bytes.fromhex("023a091a090c")


def only(data: bytes) -> Frame:
    (found,) = FrameReader().feed(data)
    assert isinstance(found, Frame)
    return found


@pytest.mark.parametrize("packet", [SMOKE, MAINS, ROLL_CALL_ANSWER, CONFIRM, NEGATIVE, CLOCK, ROLL_CALL])
def test_published_packet_is_read_and_written_byte_for_byte(packet: bytes) -> None:
    frame = only(packet)
    assert frame.encoded() == packet
    assert {frame.source, frame.destination} == {889, 88_888}


def test_component_status_is_read_field_by_field() -> None:
    (found,) = parse_unit(only(SMOKE).data).objects
    assert found.body == ComponentStatus(system=1, address=1, kind=40, zone=10, position=2, bits=2, text="")
    assert found.label == SEEN


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ("0101 0c03 0109 023a091a090c", SystemStatus(system=12, address=3, bits=0x0901)),
        (
            "0301 01012a 0a000200 03 18ff 023a091a090c",
            Analogue(system=1, address=1, kind=42, zone=10, position=2, quantity=3, value=-232),
        ),
        ("0401 0101 03 07 023a091a090c", Operation(system=1, address=1, bits=3)),
        ("1501 0b 023a091a090c", DeviceStatus(bits=11)),
        ("1801 20 01 023a091a090c", DeviceOperation(bits=32)),
    ],
)
def test_each_object_is_read_with_and_without_its_time(data: str, body: object) -> None:
    raw = bytes.fromhex(data)
    for each, label in ((raw, SEEN), (raw[:-6], None)):
        (found,) = parse_unit(each).objects
        assert (found.body, found.label) == (body, label)


def test_text_is_gb18030_up_to_the_first_zero_byte() -> None:
    raw = bytes.fromhex("31bac5bdd3bfdab0e531bbd8c2b731bac500bac5d6f7bbfaf898cfa0000000")
    assert text_of(raw) == "1号接口板1回路1号"
    assert text_of("Ａ区１层走廊".encode("gb18030") + bytes(19)) == "Ａ区１层走廊"
    assert text_of(b" a\x1b[31m\r\nb " + b"\xff" * 3) == "a [31m b \ufffd\ufffd\ufffd"


def test_reply_has_the_number_and_the_addresses_changed_over() -> None:
    reply = only(SMOKE).reply(Command.CONFIRM, bytes.fromhex("233a091a090c"))
    assert reply.encoded() == CONFIRM


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "bad_length"),
        ("02", "bad_length"),
        ("0201 0101", "bad_length"),
        ("0200", "bad_length"),
        ("5b01 0a", "wrong_direction"),
        ("8001 00", "unknown_unit"),
        ("1601 00", "unknown_unit"),
    ],
)
def test_unit_that_cannot_be_read_says_why(data: str, reason: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_unit(bytes.fromhex(data))
    assert caught.value.reason == reason


def test_objects_that_are_whole_are_read_where_the_count_is_wrong() -> None:
    unit = parse_unit(b"\x02\x03" + only(SMOKE).data[2:] * 2)
    assert (len(unit.objects), unit.problem) == (2, "92 bytes where 3 objects of 46 belong")


@pytest.mark.parametrize("kind", [5, 6, 7, 8, 25, 26, 28])
def test_versions_configurations_and_times_are_known_and_not_used(kind: int) -> None:
    assert parse_unit(bytes((kind, 1, 9, 9))).objects == ()


def test_two_digit_year_is_of_this_century_and_the_zone_is_the_sites() -> None:
    assert time_of(label_of(AT), SHANGHAI) == AT
    assert time_of(SEEN, SHANGHAI) == datetime(2012, 9, 26, 9, 58, 2, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "label", [b"\x3c\0\0\1\1\1", b"\0\0\0\0\1\1", b"\0\0\0\x1f\x02\x1a", b"\0\0\0\1\1\x64", b"\xff" * 6]
)
def test_label_that_no_clock_shows_is_no_time(label: bytes) -> None:
    assert time_of(label, SHANGHAI) is None


def spoilt(packet: bytes, at: int, value: int) -> bytes:
    return packet[:at] + bytes((value,)) + packet[at + 1 :]


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (spoilt(SMOKE, -3, 0x47), "wrong_checksum"),
        (spoilt(SMOKE, 40, 0x21), "wrong_checksum"),
        (spoilt(SMOKE, -1, 0x24), "no_end"),
        (spoilt(SMOKE, 25, 0x05), "too_long"),
    ],
)
def test_spoilt_frame_is_refused_by_reason_and_the_next_is_read(packet: bytes, reason: str) -> None:
    first, *others = FrameReader().feed(packet + MAINS)
    assert isinstance(first, Unreadable)
    assert first.reason == reason
    assert first.head is not None
    assert (first.head.seq, first.head.source) == (1, 889)
    assert isinstance(others[-1], Frame)
    assert others[-1].encoded() == MAINS


def test_frame_that_lost_bytes_does_not_hold_back_the_fire_behind_it() -> None:
    for lost in range(1, len(MAINS)):
        found = FrameReader().feed(MAINS[:-lost] + SMOKE)
        assert found[-1] == only(SMOKE), lost


def test_half_a_frame_is_told_when_it_is_given_up() -> None:
    reader = FrameReader()
    assert reader.feed(SMOKE[:40]) == []
    assert reader.is_waiting
    (half,) = reader.flush()
    assert (half.reason, half.raw, reader.is_waiting) == ("half_frame", SMOKE[:40], False)


def test_garbage_is_held_in_bounds() -> None:
    reader = FrameReader()
    for filler in (b"x", b"@", b"@@\0\0"):
        told = reader.feed(filler * 50_000)
        assert sum(len(each.raw) for each in told) > 40_000
        reader.flush()


PANEL = FirePanel()
PACKETS = st.one_of(
    st.builds(
        lambda text, bits: PANEL.component(AT, bits, text=text), st.text(max_size=15), st.sampled_from([FIRE, FAULT, 0])
    ),
    st.builds(lambda bits: PANEL.system(AT, bits), st.integers(0, 0xFFFF)),
    st.builds(lambda bits: PANEL.transmitter(AT, bits), st.integers(0, 127)),
    st.just(PANEL.heartbeat(AT)),
)


@given(packets=st.lists(PACKETS, max_size=6), cuts=st.lists(st.integers(0, 400), max_size=30))
def test_any_cut_of_a_valid_stream_gives_the_same_frames(packets: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(packets)
    reader = FrameReader()
    found = []
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for begin, end in pairwise(places):
        found += reader.feed(stream[begin:end])
    assert [each.raw for each in found] == packets
    assert not reader.is_waiting


@given(
    pieces=st.lists(
        st.one_of(st.binary(max_size=80), st.sampled_from([b"@@", b"##", SMOKE[:30], SMOKE[20:]])), max_size=12
    )
)
def test_any_garbage_is_told_whole_and_a_fire_behind_it_is_found(pieces: list[bytes]) -> None:
    reader = FrameReader()
    found = [item for piece in pieces for item in reader.feed(piece)]
    found += reader.feed(SMOKE)
    # A frame that claims to go on may hold the fire back until its bytes have come, never beyond them.
    found += reader.feed(b"." * LONGEST)
    found += reader.flush()
    assert b"".join(each.raw for each in found) == b"".join(pieces) + SMOKE + b"." * LONGEST
    assert SMOKE in [each.raw for each in found if isinstance(each, Frame)]


@given(data=st.binary(max_size=200))
def test_units_raise_nothing_but_their_own_error(data: bytes) -> None:
    with suppress(UnitError):
        parse_unit(data)
