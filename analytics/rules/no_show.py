"""S04: rooms that are booked and then not used."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from analytics.features import MARGIN_AFTER, MARGIN_BEFORE
from analytics.frame import (
    DayVerdicts,
    RunData,
    above,
    latched,
    not_applicable,
    quotient,
    room_subject,
    verdict,
)
from analytics.intervals import within_spans
from analytics.occupancy import OCCUPANCY_METRICS, room_members, room_occupancy
from sensors.bookings import Booking
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.verdicts import Finding, Severity

RULE = "S04"
BOOKINGS = "bookings"
"""What is missing where nobody has brought any."""
TOO_FEW = "bookings while it was known whether somebody was there"
CHUNK_DAYS = 7
COUNTS = (BOOKINGS, "bookings_counted", "no_shows")

_BOOKED = pl.Schema(
    {"booking": pl.String, "subject": pl.String, "day": pl.Date, "start_ms": pl.Int64, "end_ms": pl.Int64}
)
"""One row per booking: its local day, and the minutes in which somebody ought to come."""


def no_shows(data: RunData) -> list[Finding]:
    """Return the verdict about each meeting room: bookings to whose first minutes nobody came ÷ bookings.

    A booking counts only where it is known whether somebody was there. With a motion detector the meeting before may
    still hold the room occupied: what is said of such a room errs on the side of those who booked.
    """
    rooms = [room for room in data.registry.rooms.values() if room.is_meeting_room and not room.restricted]
    subjects = [room_subject(room.id) for room in rooms]
    sensed = [subject for subject in subjects if data.has_points(subject, OCCUPANCY_METRICS)]
    blind = "|".join(OCCUPANCY_METRICS)
    refused = [not_applicable(data, RULE, subject, blind) for subject in subjects if subject not in sensed]
    bookings = _bookings(data) if sensed else ()
    if not bookings:
        return refused + [not_applicable(data, RULE, subject, BOOKINGS) for subject in sensed]
    booked = _frame(data, bookings).filter(pl.col("subject").is_in([str(subject) for subject in sensed]))
    return refused + _words(data).findings(_states(data, sensed, _kept(data, booked)), data)


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "no_show_pct"),
        unit="%",
        missing=TOO_FEW,
        severity=Severity.BLUE,
        evidence=COUNTS,
        lead_days=_window_days(data) - 1,
    )


def _window_days(data: RunData) -> int:
    return int(data.thresholds.value(RULE, "window_days"))


def _grace_ms(data: RunData) -> int:
    return int(data.thresholds.value(RULE, "grace_min") * 60_000)


def _bookings(data: RunData) -> Sequence[Booking]:
    """Return the bookings of the window and of the days before it that count, whose first minutes are over."""
    first = data.window.first - timedelta(days=_window_days(data) - 1)
    return data.bookings.bookings(
        data.registry.site.id,
        start_ms=data.calendar.midnight_ms(first),
        end_ms=data.window.now_ms - _grace_ms(data) + 1,
    )


def _frame(data: RunData, bookings: Sequence[Booking]) -> pl.DataFrame:
    grace_ms = _grace_ms(data)
    rows = [
        (booking.key, str(room_subject(booking.room)), data.calendar.local_day(start_ms), start_ms, start_ms + grace_ms)
        for booking in bookings
        for start_ms in (epoch_ms(booking.start),)
    ]
    return pl.DataFrame(rows, schema=_BOOKED, orient="row")


def _kept(data: RunData, booked: pl.DataFrame) -> pl.DataFrame:
    """Return the bookings with `came` and `covered`: whether somebody came, and whether that is known."""
    members = room_members(data.analyst.point_rows).join(booked.select("subject").unique(), on="subject", how="semi")
    chunks = [
        _came(data, members, chunk, day)
        for (day,), chunk in _by_chunk(booked).partition_by("chunk", as_dict=True).items()
    ]
    if not chunks:
        return booked.with_columns(came=pl.lit(value=False), covered=pl.lit(value=False))
    return pl.concat(chunks)


def _by_chunk(booked: pl.DataFrame) -> pl.DataFrame:
    return booked.with_columns(chunk=pl.col("day").dt.truncate(f"{CHUNK_DAYS}d"))


def _came(data: RunData, members: pl.DataFrame, booked: pl.DataFrame, first: object) -> pl.DataFrame:
    assert isinstance(first, date)  # noqa: S101 - what the frame's schema says, for the type checker
    readings = data.analyst.source.readings(
        data.registry.site.id,
        start_ms=data.calendar.midnight_ms(first) - _ms(MARGIN_BEFORE),
        end_ms=data.calendar.midnight_ms(first + timedelta(days=CHUNK_DAYS)) + _ms(MARGIN_AFTER),
        metrics=OCCUPANCY_METRICS,
        devices=members["device"].unique().to_list(),
    )
    track = room_occupancy(readings, members)
    seen = within_spans(track, booked.select("booking", "subject", "start_ms", "end_ms"), on="subject")
    told = seen.group_by("booking").agg(came=pl.any("state"), known_ms=(pl.col("end_ms") - pl.col("start_ms")).sum())
    needed_ms = _grace_ms(data) * data.thresholds.value(RULE, "coverage_pct") / 100
    came = pl.col("came").fill_null(value=False)
    covered = came | (pl.col("known_ms").fill_null(0) >= needed_ms)
    joined = booked.drop("chunk").join(told, on="booking", how="left")
    return joined.select(*_BOOKED.names(), came=came, covered=covered)


def _states(data: RunData, sensed: Sequence[Subject], kept: pl.DataFrame) -> pl.DataFrame:
    value = data.thresholds.value
    days = _window_days(data)
    counted = kept.group_by("subject", "day").agg(
        pl.len().alias(BOOKINGS),
        bookings_counted=pl.col("covered").sum(),
        no_shows=(pl.col("covered") & ~pl.col("came")).sum(),
    )
    dense = data.daily(sensed, ("known_h",)).join(counted, on=["subject", "day"], how="left").sort("subject", "day")
    sums = dense.with_columns(
        pl.col(name).fill_null(0).cast(pl.Int64).rolling_sum(window_size=days, min_samples=1).over("subject")
        for name in COUNTS
    ).with_columns(value=100 * quotient("no_shows", "bookings_counted"))
    limit = value(RULE, "no_show_pct")
    enough = pl.col("bookings_counted") >= value(RULE, "least_bookings")
    clear = enough & ~above("value", limit - value(RULE, "clear_margin_points"))
    held = latched(faulty=enough & above("value", limit), clear=clear)
    return sums.with_columns(state=verdict(known=enough, fault=held)).filter(data.in_window())


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
