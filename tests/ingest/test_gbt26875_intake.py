"""What frames become: events, duplicates, quarantine and books, over a real spool."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.gbt26875.frames import FrameReader, label_of
from ingest.gbt26875.panels import MOST_UNNAMED, address_of
from ingest.ports import NoRoomError
from ingest.second_look import SecondLook
from sensors.readings import ReadingFlag, epoch_ms
from sensors.signals import SignalKind
from simulators.gbt26875 import (
    BACKUP_FAULT,
    FAULT,
    FIRE,
    ISOLATED,
    MAINS_FAULT,
    MANUAL,
    NORMAL,
    OPERATED_CALL,
    OPERATED_RESET,
    OPERATED_ROLL_CALL,
    OPERATED_SILENCE,
    RESET,
    SUPERVISED,
    FirePanel,
)
from simulators.gbt26875 import frame as packet
from tests.ingest.intake import NOW_MS, registry_of, spool_in
from tests.ingest.panels import AT, DEVICES, PANEL, Line, later, line, line_over


def test_fire_of_a_detector_is_an_event_with_place_text_and_the_panels_time(tmp_path: Path) -> None:
    with line(tmp_path) as there:
        (event,) = there.events(FirePanel().component(AT, FIRE, text="2F走廊", seen=later(-3)), after_s=1)
        assert (event.site, event.gateway, event.device) == ("hq", "utd1", "panel1")
        assert (event.type, event.state, event.zone) == ("fire", "active", "1.1/10-2 2F走廊")
        assert (epoch_ms(event.time), epoch_ms(event.received)) == (NOW_MS - 3000, NOW_MS + 1000)
        assert (event.test, event.doubts) == (False, ())
        (signal,) = [each for entry in there.entries for each in entry.signals]
        assert (signal.kind, signal.rule, signal.zone) == (SignalKind.ACTIVE, "F01", event.zone)


def test_status_bits_are_the_edges_of_states(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        assert there.said(panel.component(AT, NORMAL)) == []
        assert there.said(panel.component(later(1), FAULT | ISOLATED)) == [
            "fault active 1.1/10-2",
            "isolation active 1.1/10-2",
        ]
        assert there.said(panel.component(later(2), FAULT | SUPERVISED)) == [
            "isolation cleared 1.1/10-2",
            "supervisory active 1.1/10-2",
        ]
        assert there.said(panel.component(later(3), 0)) == ["fault cleared 1.1/10-2", "supervisory cleared 1.1/10-2"]
        assert there.spool.books()["utd1"].ignored["unchanged"] == 1


def test_component_says_nothing_of_another_one(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        there.take(panel.component(AT, FIRE, position=1), panel.component(AT, FAULT, position=2))
        assert there.said(panel.component(later(1), NORMAL, position=2)) == ["fault cleared 1.1/10-2"]


def test_system_tells_mains_backup_and_manual_mode_apart(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        assert there.said(panel.system(AT, NORMAL | MAINS_FAULT | BACKUP_FAULT | MANUAL)) == [
            "fault active 1.1 mains",
            "fault active 1.1 backup",
            "manual_mode active 1.1",
        ]
        assert there.said(panel.system(later(1), NORMAL | MAINS_FAULT)) == [
            "fault cleared 1.1 backup",
            "manual_mode cleared 1.1",
        ]


def test_transmission_device_tells_its_own_faults(tmp_path: Path) -> None:
    with line(tmp_path) as there:
        assert there.said(FirePanel().transmitter(AT, 0b111_1101)) == [
            f"fault active utd{detail}" for detail in ("", " mains", " backup", " channel", " line")
        ]


def test_operations_become_silence_reset_and_a_manual_call(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        assert there.said(panel.operated(AT, OPERATED_SILENCE | OPERATED_RESET)) == [
            "reset momentary",
            "silenced momentary",
        ]
        assert there.said(panel.transmitter_operated(AT, OPERATED_CALL)) == ["fire active utd manual_call"]
        assert there.said(panel.transmitter_operated(later(1), 0x08)) == ["fire cleared utd manual_call"]
        assert there.said(panel.transmitter_operated(AT, OPERATED_ROLL_CALL)) == ["roll_call momentary answered"]
        assert there.said(panel.operated(AT, 0x50)) == []
        assert there.spool.books()["utd1"].ignored["operation_not_used"] == 1


def test_reset_of_the_transmission_device_ends_no_fire_of_the_panel(tmp_path: Path) -> None:
    with line(tmp_path) as there:
        assert there.said(FirePanel().transmitter_operated(AT, OPERATED_RESET)) == []


def test_fire_that_still_burns_after_a_reset_is_told_anew(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        there.take(panel.component(AT, FIRE), panel.system(AT, NORMAL))
        assert there.said(panel.system(later(1), NORMAL | RESET)) == ["reset momentary"]
        assert there.said(panel.component(later(2), FIRE)) == ["fire active 1.1/10-2"]
        assert "reset momentary" not in there.said(panel.system(later(3), NORMAL | RESET))


def test_fault_that_outlives_a_reset_is_told_anew_and_so_is_its_end(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        there.take(panel.component(AT, FAULT, position=1), panel.component(AT, FAULT, position=2))
        there.take(panel.operated(later(1), OPERATED_RESET))
        assert there.said(panel.component(later(2), FAULT, position=1)) == ["fault active 1.1/10-1"]
        assert there.said(panel.component(later(2), NORMAL, position=2)) == ["fault cleared 1.1/10-2"]


def test_fire_is_told_each_time_the_panel_says_it(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        for second in range(3):
            assert there.said(panel.component(later(second), FIRE)) == ["fire active 1.1/10-2"]


def test_lowest_bit_makes_a_test_only_where_the_panel_is_known_to_set_it(tmp_path: Path) -> None:
    with line(tmp_path, replace(PANEL, heeds_test_bit=True)) as there:
        assert [each.test for each in there.events(FirePanel().component(AT, FIRE))] == [True]
        assert [each.test for each in there.events(FirePanel(seq=9).component(AT, FIRE | NORMAL))] == [False]
    (tmp_path / "other").mkdir()
    with line(tmp_path / "other") as there:
        assert [each.test for each in there.events(FirePanel().component(AT, FIRE))] == [False]


def test_system_with_a_device_of_its_own_is_told_under_that(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path, replace(PANEL, parts={"11.0": "hydrants", "1.1/10-2": "heat1"})) as there:
        (event,) = there.events(panel.system(AT, FAULT, system=11, address=0))
        assert event.device == "hydrants"
        (fire,) = there.events(panel.component(AT, FIRE))
        assert fire.device == "panel1", "a reset of the panel has to end it"
        entries = there.take(panel.measured(AT, [(3, 235), (4, 12)]), panel.measured(AT, [(3, 1)], position=9))
        told = [
            (each.device, each.metric, each.value)
            for entry in entries
            if entry.readings
            for each in entry.readings.readings()
        ]
        assert told == [("heat1", "temperature_c", 23.5)]
        assert there.spool.books()["utd1"].ignored["analogue_not_mapped"] == 2


def test_panel_that_nobody_named_still_alerts_and_the_rest_waits_in_quarantine(tmp_path: Path) -> None:
    stranger = FirePanel(address=7)
    with line(tmp_path) as there:
        (event,) = there.events(stranger.component(AT, FIRE | FAULT))
        assert (event.type, event.device, event.doubts) == ("fire", "gbt26875-7", ("unknown_device",))
        assert [each.message.reason for each in there.spool.quarantined()] == ["unknown_device"]


def test_stream_of_made_up_addresses_shares_books_and_still_alerts(tmp_path: Path) -> None:
    with line(tmp_path) as there:
        there.take(*(FirePanel(address=1000 + number).heartbeat(AT) for number in range(300)))
        assert len(there.spool.books()) == MOST_UNNAMED + 1
        (event,) = there.events(FirePanel(address=5000).component(AT, FIRE))
        assert event.device == "gbt26875-others"


def test_replay_of_what_cannot_be_read_leaves_it_in_quarantine_under_its_panel(tmp_path: Path) -> None:
    fire = FirePanel().component(AT, FIRE)
    with line(tmp_path) as there:
        there.take(fire[:-3] + bytes((fire[-3] ^ 1,)) + b"##")
        look = SecondLook(registry=registry_of(*DEVICES), spool=there.spool, max_payload_bytes=2048)
        (kept,) = there.spool.quarantined()
        (entry,) = look.judge([kept.message], now_ms=NOW_MS)
        assert (entry.gateway, entry.accepted, len(entry.quarantined)) == ("utd1", 0, 1)


def test_clock_that_cannot_be_right_is_not_taken_for_the_time(tmp_path: Path) -> None:
    fire = FirePanel().component(AT, FIRE, seen=later(3 * 86_400))
    impossible = FirePanel(seq=1).component(AT, FIRE)
    dead = packet(seq=1, command=2, source=889, destination=1, at=AT, data=impossible[27:-9] + bytes(6))
    with line(tmp_path) as there:
        for event in there.events(fire, dead):
            assert (epoch_ms(event.time), event.flags) == (NOW_MS, ReadingFlag.TIME_OF_RECEIPT)


def test_old_time_of_a_panel_that_was_cut_off_is_kept(tmp_path: Path) -> None:
    with line(tmp_path) as there:
        (event,) = there.events(FirePanel().component(AT, FIRE, seen=later(-2 * 86_400)))
        assert epoch_ms(event.time) == NOW_MS - 2 * 86_400_000


def test_clock_offset_is_a_reading_when_it_is_new_changes_or_ten_minutes_have_gone(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        for second, ahead in ((0, 7), (30, 7), (60, 9), (90, 20), (700, 20)):
            there.take(panel.heartbeat(later(second + ahead)), after_s=second)
        told = [each for entry in there.entries if entry.readings for each in entry.readings.readings()]
        assert [(each.device, each.metric, each.value) for each in told] == [
            ("panel1", "clock_offset_s", 7),
            ("panel1", "clock_offset_s", 20),
            ("panel1", "clock_offset_s", 20),
        ]


def test_repeated_frame_is_a_duplicate_in_one_turn_and_in_the_next(tmp_path: Path) -> None:
    fire = FirePanel().component(AT, FIRE)
    with line(tmp_path) as there:
        assert len(there.events(fire, fire)) == 1
        assert there.events(fire, after_s=40) == []
        assert there.spool.books()["utd1"].duplicate == 2


def test_repeated_frame_after_a_restart_gives_no_second_event(tmp_path: Path) -> None:
    fire = FirePanel().component(AT, FIRE | FAULT)
    with line(tmp_path) as there:
        assert len(there.events(fire)) == 2
    with line(tmp_path) as there:
        assert there.events(fire, after_s=30) == []
        assert there.spool.books()["utd1"].duplicate == 1


def test_dead_clock_that_repeats_itself_hides_no_second_fire(tmp_path: Path) -> None:
    fire = packet(seq=0, command=2, source=889, destination=1, at=AT, data=FirePanel().component(AT, FIRE)[27:-3])
    panel = FirePanel()
    with line(tmp_path) as there:
        assert len(there.events(fire)) == 1
        there.take(panel.operated(later(60), OPERATED_RESET), after_s=60)
        assert len(there.events(fire, after_s=90)) == 1
        assert len(there.events(fire, after_s=3 * 3600)) == 1


def test_first_status_after_a_restart_is_told_whole_under_the_old_text(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        there.take(panel.component(AT, FIRE, text="2F走廊"))
    with line(tmp_path) as there:
        zone = "1.1/10-2 2F走廊"
        said = there.said(panel.component(later(9), NORMAL), after_s=9)
        assert said == [
            f"{kind} cleared {each}"
            for kind, each in (
                ("fire", zone),
                ("fault", zone),
                ("isolation", zone),
                ("supervisory", zone),
                ("fault", f"{zone} power"),
            )
        ]


def test_text_changes_only_while_nothing_is_active(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        there.take(panel.component(AT, FIRE, text="old"))
        assert there.said(panel.component(later(1), 0, text="new")) == ["fire cleared 1.1/10-2 old"]
        assert there.said(panel.component(later(2), FIRE, text="new")) == ["fire active 1.1/10-2 new"]


def test_broken_file_of_texts_is_as_if_all_had_spoken(tmp_path: Path) -> None:
    (tmp_path / "texts.json").write_text("{")
    with line(tmp_path) as there:
        assert "fire cleared 1.1/10-2" in there.said(FirePanel().component(AT, NORMAL))


def test_failed_commit_swallows_no_edge(tmp_path: Path) -> None:
    fire = FirePanel().component(AT, FIRE | FAULT)
    with closing(spool_in(tmp_path)) as spool:
        there = line_over(spool, tmp_path)

        def fails(_: object) -> None:
            raise NoRoomError

        works, there.intake._commit = there.intake._commit, fails  # noqa: SLF001 - the disk is full
        with pytest.raises(NoRoomError):
            there.take(fire)
        there.intake._commit = works  # noqa: SLF001 - there is room again
        assert {"fire active 1.1/10-2", "fault active 1.1/10-2"} <= set(there.said(fire))


def reasons(there: Line) -> list[str]:
    return [each.message.reason for each in reversed(there.spool.quarantined())]


def test_what_cannot_be_read_is_kept_raw_with_its_reason(tmp_path: Path) -> None:
    panel = FirePanel()
    fire = panel.component(AT, FIRE)
    wrong = fire[:-3] + bytes((fire[-3] ^ 1,)) + b"##"
    odd = [
        wrong,
        packet(seq=1, command=2, source=889, destination=1, at=AT, data=b"\xc8\x01\x00"),
        packet(seq=2, command=9, source=889, destination=1, at=AT),
        packet(seq=3, command=1, source=889, destination=1, at=AT, data=b"\x5b\x01\x0a"),
        packet(seq=4, command=2, source=889, destination=1, at=AT, data=b"\x02\x02" + fire[29:-3]),
    ]
    with line(tmp_path) as there:
        assert [each.zone for each in there.events(*odd)] == ["1.1/10-2"]
        assert reasons(there) == ["wrong_checksum", "unknown_unit", "unknown_command", "wrong_direction", "bad_length"]
        assert [each.message.payload for each in reversed(there.spool.quarantined())] == odd
        assert {each.message.gateway for each in there.spool.quarantined()} == {"utd1"}


def test_heartbeats_and_unused_units_are_counted(tmp_path: Path) -> None:
    panel = FirePanel()
    with line(tmp_path) as there:
        there.take(
            panel.heartbeat(AT),
            packet(seq=0, command=2, source=889, destination=1, at=AT, data=b"\x16"),
            packet(seq=5, command=2, source=889, destination=1, at=AT, data=b"\x19\x01\x01\x01"),
            panel.confirmation(panel.heartbeat(AT), AT),
        )
        book = there.spool.books()["utd1"]
        assert dict(book.ignored) == {"heartbeat": 2, "unit_not_used": 1, "confirm": 1}


def test_panel_is_ready_while_it_speaks_and_lost_when_it_is_gone(tmp_path: Path) -> None:
    with line(tmp_path) as there:
        there.take(FirePanel().heartbeat(AT))
        assert [(each.status and each.status.state) for each in there.spool.gateways()] == ["ready"]
        there.intake.lost(889, received_ms=NOW_MS + 5)
        assert [(each.status and each.status.state) for each in there.spool.gateways()] == ["lost"]
        there.take(FirePanel(seq=1).heartbeat(AT), after_s=1)
        assert [(each.status and each.status.state) for each in there.spool.gateways()] == ["ready"]


def test_roll_call_that_nobody_answered_is_an_event(tmp_path: Path) -> None:
    with line(tmp_path) as there:
        there.intake.roll_call(889, "unanswered", key="r1", received_ms=NOW_MS)
        (event,) = there.entries[-1].events
        assert (event.type, event.device, event.zone) == ("roll_call", "panel1", "unanswered")


@pytest.mark.parametrize(("text", "address"), [("889", 889), ("121.3.0.0.0.0", 889), (889, 889)])
def test_address_is_a_number_or_six_bytes_low_first(text: str | int, address: int) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["", "x", "-1", "1.2.3", "256.0.0.0.0.0", str(2**48)])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no address|invalid literal"):
        address_of(text)


PACKETS = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda seq, bits, at: FirePanel(seq=seq).component(later(at), bits),
        st.integers(0, 3),
        st.integers(0, 31),
        st.integers(0, 3),
    ),
    st.builds(lambda seq, bits: FirePanel(seq=seq).system(AT, bits), st.integers(0, 3), st.integers(0, 0x3FFF)),
    st.builds(
        lambda data, command: packet(seq=1, command=command, source=889, destination=1, at=AT, data=data),
        st.binary(max_size=60),
        st.integers(0, 9),
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(packets=st.lists(PACKETS, max_size=8))
def test_books_balance_whatever_comes(tmp_path: Path, packets: list[bytes]) -> None:
    reader = FrameReader()
    with line(tmp_path) as there:
        items = [item for each in packets for item in reader.feed(each)]
        there.take_items([*items, *reader.flush()])


def test_label_is_six_bytes_second_first() -> None:
    assert label_of(AT) == bytes((0, 0, 8, 23, 11, 26))
