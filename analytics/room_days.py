"""Rooms whose days differ from the site's: overtime, closures and cleaning that are only theirs."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl

from analytics.calendar import WorkCalendar
from sensors.day_changes import DayChange
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, Room, RoomId
from sensors.verdicts import Finding, Verdict

CLOSED_RULES = frozenset({"S01", "S02", "S03", "S04", "S05", "E06", "E07", *(f"A0{number}" for number in range(1, 9))})
"""The rules of use and comfort: nobody is meant to be in a closed room."""


def calendars(registry: Registry, calendar: WorkCalendar) -> list[tuple[WorkCalendar, list[str]]]:
    """Return the calendars that differ from the site's, each with the rooms, as subjects, that go by it."""
    found: dict[object, tuple[WorkCalendar, list[str]]] = {}
    for room in registry.rooms.values() if calendar.changes else ():
        own = calendar.of_room(room)
        if own is not calendar:
            found.setdefault(own.applied, (own, []))[1].append(_subject(room))
    return list(found.values())


def by_calendar(
    registry: Registry,
    calendar: WorkCalendar,
    track: pl.DataFrame,
    parts: pl.DataFrame,
    compute: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame],
) -> pl.DataFrame:
    """Return what `compute` makes of a track of rooms and the parts of the day, each room by its own calendar."""
    differing = calendars(registry, calendar)
    if not differing or parts.is_empty():
        return compute(track, parts)
    first, last = parts["day"].min(), parts["day"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        return compute(track, parts)
    named = [room for _, rooms in differing for room in rooms]
    made = [compute(track.filter(~pl.col("subject").is_in(named)), parts)]
    for own, rooms in differing:
        days = own.frame(first, last).join(parts.select("day").unique(), on="day", how="semi")
        made.append(compute(track.filter(pl.col("subject").is_in(rooms)), days))
    return pl.concat(made)


def subject_days(
    registry: Registry, calendar: WorkCalendar, subjects: pl.DataFrame, days: pl.DataFrame
) -> pl.DataFrame:
    """Return a row per subject and day of `days`, with the kind and hours of the subject's own calendar.

    Both are sorted, and so is what comes of them: by subject, then day.
    """
    dense = subjects.join(days, how="cross")
    differing = calendars(registry, calendar)
    if not differing or days.is_empty():
        return dense
    listed: list[date] = days["day"].to_list()
    own = [
        pl.DataFrame({"subject": rooms})
        .join(subjects, on="subject", how="semi")
        .join(each.day_frame(min(listed), max(listed)), how="cross")
        for each, rooms in differing
    ]
    theirs = pl.concat(own).join(days, on="day", how="semi").select(dense.columns)
    return pl.concat([dense.join(theirs, on="subject", how="anti"), theirs]).sort("subject", "day")


def without_closed(findings: Iterable[Finding], registry: Registry, calendar: WorkCalendar) -> Iterator[Finding]:
    """Yield the findings; of the time in which a room was closed it is said that the rule does not apply.

    A fault or a pass that reaches into the closure ends where the room was closed, or begins where it was opened.
    """
    closures = {_subject(room): own for room in registry.rooms.values() if (own := _closures(calendar, room))}
    closed: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        own = closures.get(str(finding.subject), ()) if closures and finding.rule in CLOSED_RULES else ()
        if not own or finding.verdict is Verdict.NOT_APPLICABLE:
            yield finding
            continue
        spans = [_span(calendar, closure) for closure in own]
        rest = _open(finding, spans)
        if rest is not None:
            yield rest
        if rest is not finding:
            closed[finding.rule, str(finding.subject)] += _told(finding, own, spans)
    for each in closed.values():
        yield from {(found.start, found.end): found for found in each}.values()


def _closures(calendar: WorkCalendar, room: Room) -> tuple[DayChange, ...]:
    return calendar.changes.of(room).closures if calendar.changes else ()


def _open(finding: Finding, spans: list[tuple[datetime, datetime]]) -> Finding | None:
    """Return the part of a finding outside all closures, None where nothing is left; a closure amid it stays in it."""
    start, end = finding.start, finding.end
    for closed_from, closed_to in sorted(spans):
        if closed_from <= start < closed_to:
            start = min(closed_to, end)
    for closed_from, closed_to in sorted(spans, reverse=True):
        if closed_from < end <= closed_to:
            end = max(closed_from, start)
    if start >= end and finding.start < finding.end:
        return None
    return finding if (start, end) == (finding.start, finding.end) else replace(finding, start=start, end=end)


def _told(
    finding: Finding, closures: tuple[DayChange, ...], spans: list[tuple[datetime, datetime]]
) -> Iterator[Finding]:
    for closure, (closed_from, closed_to) in zip(closures, spans, strict=True):
        start, end = max(closed_from, finding.start), min(closed_to, finding.end)
        if start < end:
            yield Finding(
                rule=finding.rule,
                subject=finding.subject,
                verdict=Verdict.NOT_APPLICABLE,
                start=start,
                end=end,
                missing=(f"closed: {closure.reason}",),
                evidence={"closed_from": str(closure.first), "closed_to": str(closure.last), "source": closure.source},
            )


def _span(calendar: WorkCalendar, closure: DayChange) -> tuple[datetime, datetime]:
    end = calendar.midnight_ms(closure.last + timedelta(days=1))
    return from_epoch_ms(calendar.midnight_ms(closure.first)), from_epoch_ms(end)


def _subject(room: Room) -> str:
    return str(Subject(SubjectKind.ROOM, RoomId(room.id)))
