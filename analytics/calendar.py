"""The working calendar: which local days are worked, and the hours that rules speak of, as UTC intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

import chinese_calendar
import polars as pl

from analytics.intervals import length_h
from sensors.day_changes import NO_CHANGES, DayChanges
from sensors.hours import Hours, parse_hours
from sensors.readings import epoch_ms
from sensors.topology import Room, Site

MINUTES_PER_DAY = 24 * 60
MS_PER_MINUTE = 60_000
NIGHT = (0, 5 * 60)
"""00:00 to 05:00 local: nobody works then. The project's own choice, the hours that W01 uses too."""
_HOURS = range(0, MINUTES_PER_DAY + 1, 60)
SATURDAY = 5


class DayKind(StrEnum):
    """UNKNOWN is a day beyond the end of the calendar: no verdict may rest on it."""

    WORKDAY = "workday"
    RESTDAY = "restday"
    UNKNOWN = "unknown"


class Holidays(Protocol):
    """Says of a local day whether it is worked."""

    def kind(self, day: date) -> DayKind:
        """Return what kind of day it is."""
        ...


@dataclass(frozen=True, slots=True)
class WeekdaysOnly:
    """Monday to Friday, no public holidays: the calendar `none`."""

    def kind(self, day: date) -> DayKind:
        """Return WORKDAY from Monday to Friday."""
        return DayKind.RESTDAY if day.weekday() >= SATURDAY else DayKind.WORKDAY


@dataclass(frozen=True, slots=True)
class ChineseHolidays:
    """The State Council's yearly notices with their make-up workdays: the calendar `cn`.

    Source: the package chinesecalendar, which transcribes the notices. A notice comes out in the
    November before its year; later days are UNKNOWN until the package or the site's own file has them.
    """

    @staticmethod
    def last_year() -> int:
        """Return the last year for which the notice is known."""
        return max(int(day.year) for day in chinese_calendar.holidays)

    def kind(self, day: date) -> DayKind:
        """Return the kind of day by the notice of its year."""
        try:
            worked = chinese_calendar.is_workday(day)
        except NotImplementedError:
            return DayKind.UNKNOWN
        return DayKind.WORKDAY if worked else DayKind.RESTDAY


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedHolidays:
    """A site's own file: years covered, holidays on weekdays, make-up workdays on weekends."""

    years: frozenset[int]
    exceptions: Mapping[date, DayKind]

    def kind(self, day: date) -> DayKind:
        """Return the listed kind, else weekday or weekend; UNKNOWN outside the years covered."""
        if day.year not in self.years:
            return DayKind.UNKNOWN
        return self.exceptions.get(day) or WeekdaysOnly().kind(day)


@dataclass(frozen=True, slots=True)
class ChangedHolidays:
    """A calendar with what a site wrote down of single days: overtime, closures, cleaning, absences."""

    holidays: Holidays
    changes: DayChanges

    def kind(self, day: date) -> DayKind:
        """Return the kind of day by the calendar alone."""
        return self.holidays.kind(day)


BUILT_IN_HOLIDAYS: Mapping[str, Holidays] = MappingProxyType({"cn": ChineseHolidays(), "none": WeekdaysOnly()})


class DayPart(NamedTuple):
    """A stretch of one local day, an hour at most, in which no answer changes; half-open, UTC milliseconds."""

    start_ms: int
    end_ms: int
    day: date
    workday: bool
    working: bool
    lunch: bool
    cleaning: bool
    night: bool


@dataclass(frozen=True)
class WorkCalendar:
    """A site's clock and hours. W, the working hours, are those of workdays only."""

    site: Site
    holidays: Holidays
    applied: DayChanges | None = None
    """What holds of single days: of the whole site, unless it is the calendar of a room."""
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _patterns: dict[str, tuple["_PatternPart", ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    _midnights: dict[date, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Open the time zone once."""
        object.__setattr__(self, "_zone", ZoneInfo(self.site.timezone))
        if self.applied is None:
            object.__setattr__(self, "applied", self.changes.of_site())

    @property
    def changes(self) -> DayChanges:
        """Return everything that was written down of single days, of whatever room."""
        return self.holidays.changes if isinstance(self.holidays, ChangedHolidays) else NO_CHANGES

    def of_room(self, room: Room) -> "WorkCalendar":
        """Return the calendar that a room goes by; itself where nothing differs."""
        if not self.changes:
            return self
        own = self.changes.of(room)
        return self if own == self.applied else WorkCalendar(self.site, self.holidays, own)

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return self._zone

    def working_hours(self, day: date) -> str:
        """Return W of a workday as the registry writes it: those of its season, else the usual ones."""
        seasons = (season.working_hours for season in self.site.season_hours if season.holds(day))
        return next(seasons, self.site.working_hours)

    @cached_property
    def cleaning_minutes(self) -> tuple[tuple[int, int], ...]:
        """Return the cleaning hours as minutes since local midnight."""
        return parse_hours(self.site.cleaning_hours) if self.site.cleaning_hours else ()

    def kind(self, day: date) -> DayKind:
        """Return what kind of day a local day is; a closed one is no workday."""
        kind = self.holidays.kind(day)
        closed = self.applied is not None and any(closure.holds(day) for closure in self.applied.closures)
        return DayKind.RESTDAY if closed and kind is DayKind.WORKDAY else kind

    def local_day(self, time_ms: int) -> date:
        """Return the local day that holds an instant."""
        return datetime.fromtimestamp(time_ms / 1000, self._zone).date()

    def midnight_ms(self, day: date) -> int:
        """Return the start of a local day, UTC ms."""
        found = self._midnights.get(day)
        if found is None:
            found = self._midnights[day] = self._minute_ms(day, 0)
        return found

    def minute_ms(self, day: date, minute: int) -> int:
        """Return the instant at which a clock on the wall shows so many minutes since midnight, UTC ms."""
        return self._minute_ms(day, minute)

    def days(self, first: date, last: date) -> Iterator[date]:
        """Yield the local days first to last, both inclusive."""
        for offset in range((last - first).days + 1):
            yield first + timedelta(days=offset)

    def parts(self, first: date, last: date) -> Iterator[DayPart]:
        """Yield the parts of the days first to last, in order and without a gap."""
        for day in self.days(first, last):
            yield from self._parts_of(day)

    def day_frame(self, first: date, last: date) -> pl.DataFrame:
        """Return one row per day: `day`, `kind`, `start_ms`, `end_ms`, `day_h` and `work_h`, the hours of W."""
        kinds = [(day, self.kind(day)) for day in self.days(first, last)]
        hours = length_h()
        per_day = (
            self.frame(first, last)
            .group_by("day")
            .agg(
                pl.min("start_ms"),
                pl.max("end_ms"),
                day_h=hours.sum(),
                work_h=hours.filter(pl.col("working")).sum(),
            )
        )
        schema = {"day": pl.Date, "kind": pl.String}
        return pl.DataFrame(kinds, schema=schema, orient="row").join(per_day, on="day", how="left").sort("day")

    def frame(self, first: date, last: date) -> pl.DataFrame:
        """Return the parts as a frame with the columns of DayPart."""
        return pl.DataFrame(list(self.parts(first, last)), schema=_PARTS_SCHEMA, orient="row")

    def _parts_of(self, day: date) -> Iterator[DayPart]:
        workday = self.kind(day) is DayKind.WORKDAY
        today = (self.applied or NO_CHANGES).on(day)
        if today:
            pattern, working = self._changed_pattern(day, today, workday=workday), True
        else:
            pattern, working = self._pattern(self.working_hours(day)), workday
        at_ms = self._minutes_ms(day, pattern)
        for part in pattern:
            start_ms, end_ms = at_ms[part.begin], at_ms[part.end]
            if start_ms < end_ms:  # a part can vanish where the clock is put forward
                yield DayPart(
                    start_ms=start_ms,
                    end_ms=end_ms,
                    day=day,
                    workday=workday,
                    working=working and part.working,
                    lunch=workday and part.lunch,
                    cleaning=part.cleaning,
                    night=part.night,
                )

    def _pattern(self, working_hours: str) -> tuple["_PatternPart", ...]:
        """Return the parts of a workday of these hours by the clock."""
        if working_hours not in self._patterns:
            self._patterns[working_hours] = _pattern(parse_hours(working_hours), self.cleaning_minutes)
        return self._patterns[working_hours]

    def _changed_pattern(self, day: date, today: DayChanges, *, workday: bool) -> tuple["_PatternPart", ...]:
        """Return the parts of a day on which something differs; overtime is worked on a day of rest too."""
        usual = parse_hours(self.working_hours(day)) if workday else ()
        overtime = () if today.closures else tuple(span for change in today.overtime for span in change.hours)
        cleaning = (*self.cleaning_minutes, *(span for change in today.cleaning for span in change.hours))
        return _pattern(usual, cleaning, overtime)

    def _minutes_ms(self, day: date, pattern: Sequence["_PatternPart"]) -> Mapping[int, int]:
        """Return the instant of each mark of the pattern; the zone is asked for each only where a clock was changed."""
        marks = (0, *(part.end for part in pattern))
        midnight, next_midnight = self._minute_ms(day, 0), self._minute_ms(day, MINUTES_PER_DAY)
        if next_midnight - midnight == MINUTES_PER_DAY * MS_PER_MINUTE:
            return {minute: midnight + minute * MS_PER_MINUTE for minute in marks}
        return {minute: self._minute_ms(day, minute) for minute in marks}

    def _minute_ms(self, day: date, minute: int) -> int:
        local = datetime(day.year, day.month, day.day, tzinfo=self._zone) + timedelta(minutes=minute)
        return epoch_ms(local.astimezone(UTC))


class _PatternPart(NamedTuple):
    """A stretch of a workday, in minutes since local midnight."""

    begin: int
    end: int
    working: bool
    lunch: bool
    cleaning: bool
    night: bool


_PARTS_SCHEMA = pl.Schema(
    {
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "day": pl.Date,
        "workday": pl.Boolean,
        "working": pl.Boolean,
        "lunch": pl.Boolean,
        "cleaning": pl.Boolean,
        "night": pl.Boolean,
    }
)


def _pattern(working: Hours, cleaning: Hours, overtime: Hours = ()) -> tuple[_PatternPart, ...]:
    """Return the parts of a workday; lunch is what lies between its usual working hours."""
    lunch = tuple((before[1], after[0]) for before, after in pairwise(working))
    marks = sorted({*_HOURS} | {minute for span in (*working, *cleaning, *overtime) for minute in span})
    return tuple(
        _PatternPart(
            begin=begin,
            end=end,
            working=_within(begin, (*working, *overtime)),
            lunch=_within(begin, lunch) and not _within(begin, overtime),
            cleaning=_within(begin, cleaning),
            night=_within(begin, (NIGHT,)),
        )
        for begin, end in pairwise(marks)
    )


def _within(minute: int, spans: tuple[tuple[int, int], ...]) -> bool:
    return any(begin <= minute < end for begin, end in spans)
