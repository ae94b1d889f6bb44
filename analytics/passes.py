"""One pass over the readings, a week and a share of the site at a time: daily features are made, rules keep theirs."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import polars as pl

from analytics.asking import Keep
from analytics.features import MARGIN_AFTER, MARGIN_BEFORE, People
from analytics.frame import Progress, RunData
from analytics.ports import FeatureStore
from analytics.shares import Share, shares
from analytics.week import Week

DAY = timedelta(days=1)
AT_ONCE = 2
"""So many shares are judged at once: steps that one core takes by itself leave the other to the next share."""
MARGIN_DAYS = (MARGIN_BEFORE + MARGIN_AFTER) / DAY

Span = tuple[date, date]
"""The first and the last of some days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """What is to be done of one calendar week: features of the `missing` days, a look at the `judged` ones."""

    missing: Sequence[date]
    judged: Sequence[date]

    @property
    def count(self) -> int:
        """Return how many days lie from the first to the last of which readings are needed."""
        return 0 if self.span is None else (self.span[1] - self.span[0]).days + 1

    @property
    def span(self) -> Span | None:
        """Return the first and the last day of which readings are needed, None where nothing is to be done."""
        days = [*self.missing, *self.judged]
        return (min(days), max(days)) if days else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What was made of one week and share: features and numbers of people where those were missing."""

    kept: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    features: tuple[pl.DataFrame, ...] = ()
    people: tuple[People, ...] = ()


def pass_over_readings(
    data: RunData,
    store: FeatureStore,
    days: Iterable[date],
    mark: str,
    keepers: Mapping[str, Keep],
    progress: Progress,
) -> dict[str, pl.DataFrame]:
    """Read each week of the days once: store the features that are missing, return what the keepers keep.

    `mark` is the fingerprint under which features are stored.
    """
    site = data.registry.site.id
    done = store.feature_days(site, fingerprint=mark)
    weeks = [
        _Days(missing=[day for day in week if day not in done], judged=_judged(data, week) if keepers else ())
        for week in _weeks(days)
    ]
    shared: dict[int, list[Share]] = {}
    kept: dict[str, list[pl.DataFrame]] = {name: [] for name in keepers}
    for index, week in enumerate(weeks):
        if week.span is None:
            continue
        looks: list[_Look] = []
        if week.count not in shared:
            shared[week.count] = shares(data, week.count + MARGIN_DAYS)
        parts = shared[week.count]
        for look in _looks(data, parts, week, keepers):
            looks.append(look)
            progress("readings", (index + len(looks) / len(parts)) / len(weeks))
        for name, frames in kept.items():
            frames += [look.kept[name] for look in looks if name in look.kept]
        if week.missing:
            features = _features(data, week.missing, looks)
            store.put_features(site, days=week.missing, fingerprint=mark, features=features)
    progress("readings", 1.0)
    return {name: _joined(frames) for name, frames in kept.items()}


def _looks(data: RunData, parts: Sequence[Share], days: _Days, keepers: Mapping[str, Keep]) -> Iterator[_Look]:
    if days.span is None:
        return
    outdoor = [device.id for device in data.registry.devices.values() if device.outdoor]
    lent = data.analyst.readings(*days.span, outdoor) if outdoor and len(parts) > 1 else None
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting: deque[Future[_Look]] = deque()
        for share in parts:
            # read here, where the store may be asked, while others are judged; no more is read than is judged at once
            readings = share.data.analyst.readings(*days.span, share.devices)
            if len(waiting) == AT_ONCE:
                yield waiting.popleft().result()
            waiting.append(pool.submit(_look, share, readings, days, keepers, lent))
            del readings
        while waiting:
            yield waiting.popleft().result()


def _look(
    share: Share, readings: pl.DataFrame, days: _Days, keepers: Mapping[str, Keep], lent: pl.DataFrame | None
) -> _Look:
    """Return what one share of the site tells of a week; `lent` are the readings of sensors outdoors."""
    assert days.span is not None  # noqa: S101 - nobody looks at no days
    span, analyst = days.span, share.data.analyst
    spans = {(each[0], each[-1]) for each in (days.missing, days.judged) if each}
    weeks = {each: _week(share.data, _cut(readings, share, each, span), lent, each) for each in spans}
    look = _Look()
    if days.missing:
        week = weeks[days.missing[0], days.missing[-1]]
        people = analyst.people(week.readings, week.tracks.occupancy)
        features = analyst.features(week.readings, week.tracks, people.rooms, week.parts)
        look = replace(look, features=(_alone(features),), people=(people,))
    if days.judged:
        week = weeks[days.judged[0], days.judged[-1]]
        look = replace(look, kept={name: _alone(keep(share.data, week)) for name, keep in keepers.items()})
    return look


def _alone(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with texts of its own: else the few that are kept hold on to those of all that was read."""
    return pl.DataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest())).cast(frame.schema)


def _cut(readings: pl.DataFrame, share: Share, days: Span, of: Span) -> pl.DataFrame:
    """Return those of the readings `of` several days that some of these days need."""
    if days == of:
        return readings
    return _within(readings, *share.data.analyst.reach_ms(*days))


def _week(data: RunData, readings: pl.DataFrame, lent: pl.DataFrame | None, days: Span) -> Week:
    first, last = days
    return Week(
        first=first,
        last=last,
        tracks=data.analyst.tracks(readings),
        readings=readings,
        outdoors=readings if lent is None else _within(lent, *data.analyst.reach_ms(first, last)),
        parts=data.calendar.frame(first, last),
        parts_around=data.calendar.frame(first - DAY, last + DAY),
    )


def _features(data: RunData, days: Sequence[date], looks: Sequence[_Look]) -> pl.DataFrame:
    """Return the features of some days, those of the buildings from all shares together."""
    people = [each for look in looks for each in look.people]
    buildings = data.analyst.building_features(people, data.calendar.frame(days[0], days[-1]))
    found = pl.concat([*(each for look in looks for each in look.features), buildings])
    return found.filter(pl.col("day").is_in(days))


def _within(readings: pl.DataFrame, start_ms: int, end_ms: int) -> pl.DataFrame:
    return readings.filter(pl.col("time_ms").is_between(start_ms, end_ms, closed="left"))


def _judged(data: RunData, days: Sequence[date]) -> list[date]:
    return [day for day in days if data.window.first <= day <= data.window.last]


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="diagonal") if frames else pl.DataFrame(schema={"subject": pl.String})


def _weeks(days: Iterable[date]) -> Iterator[list[date]]:
    """Yield the days in runs of one calendar week, Monday to Sunday."""
    week: list[date] = []
    for day in days:
        if week and day.weekday() == 0:
            yield week
            week = []
        week.append(day)
    if week:
        yield week
