"""Bookings from tables and calendars: rooms, times, recurrences, cancellations, and every fault with its place."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from premises.bookings.keeping import read_bookings
from premises.bookings.refused import BookingsRefusedError
from sensors.bookings import BookingChanges
from sensors.errors import InputFault
from sensors.topology import RoomId
from tests.analytics.sites import A201, A202, office, registry

ZONE = ZoneInfo("Asia/Shanghai")
PLACE = registry(rooms=[office(A201, subtype="meeting"), office(A202, subtype="meeting")])


class Noon:
    """A clock that stands in the middle of March."""

    def now(self) -> datetime:
        return datetime(2026, 3, 15, 4, tzinfo=UTC)


def read(path: Path, room: RoomId | None = None) -> BookingChanges:
    return read_bookings(path, PLACE, room=room, encoding="utf-8", clock=Noon())


def table(folder: Path, *rows: str, header: str = "room,start,end") -> Path:
    path = folder / "B.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def calendar(folder: Path, *events: str) -> Path:
    path = folder / "C.ics"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split(), "END:VEVENT"]
    path.write_bytes("\r\n".join([*lines, "END:VCALENDAR", ""]).encode())
    return path


def starts(changes: BookingChanges) -> list[str]:
    """Return rooms and local starts, as a person writes them."""
    local = sorted((booking.start.astimezone(ZONE), booking.room) for booking in changes.standing)
    return [f"{room} {start:%m-%d %H:%M}" for start, room in local]


WEEKLY = (
    "UID:w DTSTART;TZID=Asia/Shanghai:20260302T090000 DTEND;TZID=Asia/Shanghai:20260302T100000 LOCATION:a-201 "
    "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4"
)


# --- tables


def test_a_table_gives_rooms_and_times_by_the_sites_clock(tmp_path: Path) -> None:
    told = read(
        table(tmp_path, "a-201,2026-03-02 09:00,2026-03-02 10:30", "a-202,2026-03-02T01:00:00Z,2026-03-02T02:00Z")
    )
    assert starts(told) == ["a-201 03-02 09:00", "a-202 03-02 09:00"]


def test_further_columns_are_left_alone_and_a_cancelled_row_is_told(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "a-201,2026-03-02 09:00,2026-03-02 10:00,张三,confirmed",
        "a-201,2026-03-03 09:00,2026-03-03 10:00,李四,取消",
        header="room,start,end,organiser,status",
    )
    told = read(path)
    assert (starts(told), len(told.cancelled)) == (["a-201 03-02 09:00"], 1)
    assert "张三" not in repr(told)


def test_an_id_keeps_a_booking_the_same_when_it_moves(tmp_path: Path) -> None:
    header = "id,room,start,end"
    first = read(table(tmp_path, "7,a-201,2026-03-02 09:00,2026-03-02 10:00", header=header))
    moved = read(table(tmp_path, "7,a-202,2026-03-03 09:00,2026-03-03 10:00", header=header))
    assert first.standing[0].key == moved.standing[0].key


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("a-999,2026-03-02 09:00,2026-03-02 10:00", "row 2, column room: 'a-999'"),
        (",2026-03-02 09:00,2026-03-02 10:00", "row 2, column room: the cell is blank"),
        ("a-201,yesterday,2026-03-02 10:00", "row 2, column start: 'yesterday'"),
        ("a-201,2026-03-02 09:00,", "row 2, column end: the cell is blank"),
        ("a-201,2026-03-02 09:00,2026-03-02 09:00", "row 2, column end: the booking ends before"),
        ("a-201,2026-03-02 09:00,2026-03-05 09:00", "row 2, column end: the booking lasts longer"),
    ],
)
def test_a_fault_in_a_table_names_row_and_column(tmp_path: Path, row: str, place: str) -> None:
    with pytest.raises(InputFault, match=r"B\.csv") as refused:
        read(table(tmp_path, row))
    assert place in str(refused.value)


def test_every_fault_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BookingsRefusedError) as refused:
        read(table(tmp_path, "a-9,2026-03-02 09:00,2026-03-02 10:00", "a-201,x,2026-03-02 10:00"))
    assert [str(fault).partition(":")[2].split(":")[0] for fault in refused.value.faults] == [
        " row 2, column room",
        " row 3, column start",
    ]


def test_a_table_without_a_column_says_which(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=r"row 1, column room: the column is missing"):
        read(table(tmp_path, "2026-03-02 09:00,2026-03-02 10:00", header="start,end"))


# --- calendars


def test_a_series_is_spread_out_without_its_exceptions(tmp_path: Path) -> None:
    told = read(calendar(tmp_path, f"{WEEKLY} EXDATE;TZID=Asia/Shanghai:20260309T090000"))
    assert starts(told) == ["a-201 03-02 09:00", "a-201 03-16 09:00", "a-201 03-23 09:00"]
    assert len(told.cancelled) == 1


def test_an_override_stands_in_the_place_of_its_occurrence(tmp_path: Path) -> None:
    override = (
        "UID:w RECURRENCE-ID;TZID=Asia/Shanghai:20260309T090000 DTSTART;TZID=Asia/Shanghai:20260310T140000 "
        "DURATION:PT1H LOCATION:a-202"
    )
    told = read(calendar(tmp_path, override, WEEKLY))
    assert starts(told) == ["a-201 03-02 09:00", "a-202 03-10 14:00", "a-201 03-16 09:00", "a-201 03-23 09:00"]
    assert not told.cancelled


def test_a_cancelled_occurrence_and_a_cancelled_series_do_not_stand(tmp_path: Path) -> None:
    at = "TZID=Asia/Shanghai:20260309T090000"
    one = f"UID:w RECURRENCE-ID;{at} DTSTART;{at} LOCATION:a-201 STATUS:CANCELLED"
    assert len(read(calendar(tmp_path, WEEKLY, one)).standing) == 3
    all_off = read(calendar(tmp_path, f"{WEEKLY} STATUS:CANCELLED"))
    assert (len(all_off.standing), len(all_off.cancelled)) == (0, 4)


def test_a_later_version_of_an_event_counts(tmp_path: Path) -> None:
    event = "UID:1 SEQUENCE:{} DTSTART:20260302T0{}0000Z DURATION:PT1H LOCATION:a-201"
    newer = event.format(2, 3)
    assert starts(read(calendar(tmp_path, f"{newer} STATUS:CANCELLED", event.format(1, 3)))) == []


@pytest.mark.parametrize("until", ["20260323", "20260323T010000Z", "20260323T090000"])
def test_a_series_ends_as_its_rule_says_however_it_writes_the_end(tmp_path: Path, until: str) -> None:
    told = read(calendar(tmp_path, WEEKLY.replace("COUNT=4", f"UNTIL={until}")))
    assert starts(told)[-1] == "a-201 03-23 09:00"


def test_nine_oclock_stays_nine_oclock_across_a_change_of_the_clock(tmp_path: Path) -> None:
    berlin = "UID:b DTSTART;TZID=Europe/Berlin:20260323T090000 DURATION:PT1H LOCATION:a-201 RRULE:FREQ=WEEKLY;COUNT=2"
    assert starts(read(calendar(tmp_path, berlin))) == ["a-201 03-23 16:00", "a-201 03-30 15:00"]


def test_windows_names_of_zones_and_times_without_a_zone_are_read(tmp_path: Path) -> None:
    windows = "UID:1 DTSTART;TZID=China_Standard_Time:20260302T090000 DURATION:PT1H LOCATION:a-201".replace("_", " ")
    path = calendar(tmp_path, "UID:2 DTSTART:20260303T090000 DURATION:PT1H LOCATION:a-201")
    text = path.read_text(encoding="utf-8").replace("END:VCALENDAR", "")
    lines = windows.replace("China Standard Time", "China~Standard~Time").split()
    event = "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]).replace("~", " ")
    path.write_text(text + event, encoding="utf-8")
    assert starts(read(path)) == ["a-201 03-02 09:00", "a-201 03-03 09:00"]


def test_a_series_without_an_end_stops_at_the_horizon(tmp_path: Path) -> None:
    told = read(calendar(tmp_path, WEEKLY.replace(";COUNT=4", "")))
    assert starts(told)[-1] == "a-201 06-22 09:00"  # 100 days after 15 March


def test_whole_days_and_free_time_are_no_bookings(tmp_path: Path) -> None:
    whole_day = "UID:1 DTSTART;VALUE=DATE:20260302 LOCATION:a-201"
    free = "UID:2 DTSTART:20260302T010000Z DURATION:PT1H LOCATION:a-201 TRANSP:TRANSPARENT"
    assert read(calendar(tmp_path, whole_day, free)).standing == ()


def test_the_room_may_be_said_for_the_whole_file(tmp_path: Path) -> None:
    told = read(calendar(tmp_path, "UID:1 DTSTART:20260302T010000Z DURATION:PT1H"), A202)
    assert starts(told) == ["a-202 03-02 09:00"]


@pytest.mark.parametrize(
    ("event", "place"),
    [
        ("UID:1 DTSTART:2026030Z DURATION:PT1H LOCATION:a-201", "row 6, column DTSTART"),
        ("UID:1 DURATION:PT1H LOCATION:a-201", "row 4, column DTSTART"),
        ("UID:1 DTSTART:20260302T010000Z DURATION:PT1H", "row 4, column LOCATION"),
        ("UID:1 DTSTART:20260302T010000Z DURATION:PT1H LOCATION:a-9", "row 8, column LOCATION"),
        ("UID:1 DTSTART:20260302T010000Z DTEND:20260302T000000Z LOCATION:a-201", "row 7, column DTEND"),
        ("UID:1 DTSTART:20260302T010000Z DURATION:PT1S LOCATION:a-201 RRULE:FREQ=SECONDLY", "row 9, column RRULE"),
        ("UID:1 DTSTART:20260302T010000Z DURATION:PT1S LOCATION:a-201 RRULE:FREQ=NEVER", "column RRULE"),
        (
            "UID:1 RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T010000Z DTSTART:20260302T010000Z LOCATION:a-201",
            "row 6, column RECURRENCE-ID",
        ),
    ],
)
def test_a_fault_in_a_calendar_names_the_line_and_the_property(tmp_path: Path, event: str, place: str) -> None:
    with pytest.raises(BookingsRefusedError) as refused:
        read(calendar(tmp_path, event))
    assert place in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"room,start\n", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", b"\xff\xfe\x00"])
def test_what_is_no_calendar_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "C.ics"
    path.write_bytes(content)
    with pytest.raises(InputFault, match=r"^[^\n]*C\.ics[^\n]*$"):
        read(path)
