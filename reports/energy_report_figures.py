"""The figures of an energy report as they are frozen: each with its period, where it comes from, and how much is known.

What has no value is not known: never zero. The JSON is canonical, so that its digest tells whether a letter changed.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache

from pydantic import TypeAdapter

from sensors.topology import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number over local days, both inclusive. `source` is the query, or the formula over other figures' ids.

    `known_days` of `of_days` have data; both are None of what no day makes (an area, a count of people).
    `estimated_pct` is the share that was spread over gaps.
    """

    id: str
    unit: str
    value: float | None
    first: date
    last: date
    source: str
    known_days: int | None = None
    of_days: int | None = None
    estimated_pct: float | None = None

    @property
    def is_whole(self) -> bool:
        """Say whether every day is known."""
        return self.value is not None and self.known_days == self.of_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of the electricity: whose or what for, how it came about, and how much."""

    key: str
    name: Name
    basis: str | None
    figure: Figure


def together(shares: Iterable[Share], named: Callable[[Share], str]) -> list[tuple[str, Figure]]:
    """Return parts of one name as one figure, the largest first: what was measured and what was divided by area."""
    found: dict[str, Figure] = {}
    for share in shares:
        name, figure = named(share), share.figure
        before = found.get(name)
        if before is not None and before.value is not None and figure.value is not None:
            figure = replace(before, value=before.value + figure.value)
        found[name] = figure
    return sorted(found.items(), key=lambda part: -(part[1].value or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """The electricity divided one way: by unit, zone or item."""

    by: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A figure beside that of the same period last year; no change is told where days are missing."""

    now: Figure
    before: Figure
    change_pct: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHeld:
    """A year's target beside what was used of it."""

    measure: str
    year: int
    target: float
    source: str
    figure: Figure
    is_met: bool | None
    """None where it cannot be told yet."""


class QuotaVerdict(StrEnum):
    """How a building stands to its quota."""

    WITHIN_GUIDE = "within_guide"
    WITHIN_CONSTRAINT = "within_constraint"
    ABOVE = "above"
    NO_DATA = "no_data"
    NO_QUOTA = "no_quota"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaHeld:
    """A building's intensity of twelve months beside its quota, kWh/(m²·a)."""

    building: Name
    figure: Figure
    constraint: float | None
    guide: float | None
    source: str
    verdict: QuotaVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A finding on energy or water that stood in the period."""

    rule: str
    name: Name
    place: Name
    since: datetime
    ended: datetime | None
    energy_kwh: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureTaken:
    """An item verified in the period, and what it saved since; no kWh where the data allow none."""

    number: int
    title: Name
    measure: Name
    verified: date
    first: date | None = None
    last: date | None = None
    kwh: float | None = None
    low_kwh: float | None = None
    high_kwh: float | None = None
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedInAll:
    """What the items saved together, with its 90 % interval; `overlapping` are in another's figure already."""

    kwh: float
    low_kwh: float
    high_kwh: float
    counted: tuple[int, ...]
    overlapping: tuple[int, ...]
    without_number: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """An open item that is still to be mended."""

    number: int
    title: Name
    measure: Name
    place: Name
    deadline: date | None
    responsible: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """Everything that a report tells."""

    period: str
    site: Name
    timezone: str
    as_of: datetime
    credit_code: str
    server_rooms: int
    facts: tuple[Figure, ...]
    kinds: tuple[Figure, ...]
    divisions: tuple[Division, ...]
    per: tuple[Figure, ...]
    comparisons: tuple[Comparison, ...]
    targets: tuple[TargetHeld, ...]
    quotas: tuple[QuotaHeld, ...]
    carbon: Figure
    carbon_factor: str
    problems: tuple[Problem, ...]
    measures: tuple[MeasureTaken, ...]
    saved: SavedInAll | None
    intents: tuple[str, ...]
    ahead: tuple[Ahead, ...]
    months: tuple[Figure, ...]

    def every(self) -> Iterator[Figure]:
        """Yield all figures, each id once."""
        seen: set[str] = set()
        for figure in self._all():
            if figure.id not in seen:
                seen.add(figure.id)
                yield figure

    def _all(self) -> Iterator[Figure]:
        yield from (*self.facts, *self.kinds)
        for division in self.divisions:
            yield from (share.figure for share in division.shares)
        yield from self.per
        for comparison in self.comparisons:
            yield from (comparison.now, comparison.before)
        yield from (target.figure for target in self.targets)
        yield from (quota.figure for quota in self.quotas)
        yield self.carbon
        yield from self.months


@cache
def _adapter() -> TypeAdapter[ReportFigures]:
    return TypeAdapter(ReportFigures)


def frozen(figures: ReportFigures) -> str:
    """Return the figures as canonical JSON."""
    document = _adapter().dump_python(figures, mode="json")
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def thawed(text: str) -> ReportFigures:
    """Return the figures of canonical JSON."""
    return _adapter().validate_json(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure that a correction changed; None where one version does not have it."""

    id: str
    unit: str
    before: float | None
    after: float | None


def differences(before: ReportFigures, after: ReportFigures) -> tuple[Difference, ...]:
    """Return the figures whose values differ between two versions, by the later one's order."""
    old = {figure.id: figure for figure in before.every()}
    new = {figure.id: figure for figure in after.every()}
    changed = []
    for key in (*new, *(key for key in old if key not in new)):
        was, is_now = old.get(key), new.get(key)
        values = (None if was is None else was.value, None if is_now is None else is_now.value)
        if values[0] != values[1]:
            known = is_now or was
            unit = "" if known is None else known.unit
            changed.append(Difference(id=key, unit=unit, before=values[0], after=values[1]))
    return tuple(changed)
