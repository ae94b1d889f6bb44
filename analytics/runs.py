"""How an analysis is asked for: the rules wanted, the days, and what it answers."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

import polars as pl

from analytics.asking import Asking, Keep
from analytics.calendar import Holidays, WorkCalendar
from analytics.causes import one_per_cause, without_explanation
from analytics.costs import priced
from analytics.features import FEATURES_VERSION, Analyst
from analytics.frame import Progress, RunData, Window
from analytics.intervals import MS_PER_HOUR
from analytics.isolation import RuleFailure
from analytics.layers import Layers
from analytics.occupancy_told import told_as_inferred
from analytics.passes import pass_over_readings
from analytics.ports import FEATURES_SCHEMA, AnalysisStore
from analytics.room_days import by_calendar, without_closed
from analytics.rules import RECORD_RULES, RULES, SEASON_RULES
from analytics.rules.after_hours import season_of_last_year
from analytics.summary import RoomUse, summarise
from analytics.unit_doubts import levels, needs_levels, without_wrong_units
from analytics.utilisation import use_of, utilisation
from sensors.bookings import BookingSource, NoBookings
from sensors.day_changes import with_absences
from sensors.energy_terms import NO_FACTS, EnergyFacts
from sensors.errors import InputFault
from sensors.thresholds import NO_OVERRIDES, Override, Overrides
from sensors.topology import Registry
from sensors.utilisation import GroupUse
from sensors.verdicts import Finding, Verdict

Extent = tuple[int, int]
"""The times of the first and the last reading, UTC ms."""

LEVELS, UTILISATION = "levels", "utilisation"
"""The names under which the levels of metrics and the use of rooms are kept; no rule is called so."""

LOOK_BACK = timedelta(days=84)
"""How far before the window features are needed: 40 workdays (S01) with the longest holidays among them."""
LIVE_MS = 7 * 24 * MS_PER_HOUR
"""A store whose last reading is no older counts as live: its devices are silent since then, by the clock. Older
readings were brought in to be looked at, not to raise an alarm. The project's own choice."""
NEARLY_MIDNIGHT_MS = MS_PER_HOUR
"""The longest interval at which devices usually report: the last sample of a day may be so long before its end."""
LOOK_AHEAD = timedelta(days=1)
"""The night that follows the last workday of the window (E03)."""


class UnknownRuleError(InputFault):
    """A rule id that is not in the list of rules that work."""

    def __init__(self, rule: str) -> None:
        """Name the rules that there are."""
        super().__init__(f"--rules: no rule {rule!r}; there are {', '.join(RULES)}")


class NoReadingsError(InputFault):
    """There is nothing to analyse: in the store, or in the window that was asked for (`when`)."""

    def __init__(self, site: str, when: str = "") -> None:
        """Say what to do."""
        what_to_do = when or "bring some in with `premises import` or `premises ingest`"
        super().__init__(f"no readings of site {site!r}{' ' if when else '; '}{what_to_do}")
        self.site = site
        self.when = when


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a run found: verdicts of the rules asked for, and the use of the rooms over the window."""

    registry: Registry
    window: Window
    rules: tuple[str, ...]
    findings: tuple[Finding, ...]
    summary: tuple[RoomUse, ...]
    daily: pl.DataFrame = field(repr=False)
    """FEATURES_SCHEMA of the window, from which the summary's numbers were added up."""
    use: tuple[GroupUse, ...] = field(default=(), repr=False)
    """How rooms and their groups were used by hour and weekday, where it was asked for."""
    failures: tuple[RuleFailure, ...] = ()
    """The rules that raised: they gave no verdict, which is no pass."""
    overrides: tuple[Override, ...] = ()
    """The thresholds of these rules that were not the catalogue's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked: `first` and `last` are local days, both inclusive; None means all there is."""

    rules: Collection[str] = RULES
    first: date | None = None
    last: date | None = None
    now_ms: int | None = None
    """The clock, for readings that still come in: devices are judged by it while it is not far past the last reading.
    Without it the last reading is the last instant that anything is known of."""
    utilisation: bool = False
    """Whether the use of rooms by hour and weekday is wanted too."""


def analyse(
    *,
    registry: Registry,
    holidays: Holidays,
    store: AnalysisStore,
    request: Request,
    overrides: Overrides = NO_OVERRIDES,
    bookings: BookingSource | None = None,
    energy: EnergyFacts = NO_FACTS,
    progress: Progress = lambda _what, _done: None,
) -> Analysis:
    """Return the verdicts of the rules over the days asked for.

    Where there are no readings the rules that read the registry alone are asked; the others say nothing.
    Raises UnknownRuleError, NoReadingsError.
    """
    for rule in request.rules:
        if rule not in RULES:
            raise UnknownRuleError(rule)
    calendar = WorkCalendar(registry.site, holidays)
    place = _Place(
        registry=with_absences(registry, calendar.changes.absences),
        calendar=calendar,
        store=store,
        overrides=overrides,
        bookings=bookings or NoBookings(),
        energy=energy,
    )
    try:
        return _of_readings(place, request, progress)
    except NoReadingsError:
        from_registry = _of_registry(place, request)
        if from_registry is None:
            raise
        return from_registry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What is known of a site, whatever is asked."""

    registry: Registry
    calendar: WorkCalendar
    store: AnalysisStore
    overrides: Overrides
    bookings: BookingSource
    energy: EnergyFacts

    def run_data(self, window: Window) -> RunData:
        return RunData(
            registry=self.registry,
            calendar=self.calendar,
            analyst=Analyst.of(self.registry, self.calendar, self.store, self.overrides.on(window.last)),
            window=window,
            features=pl.DataFrame(schema=FEATURES_SCHEMA),
            days=self.calendar.day_frame(window.first - LOOK_BACK, window.last + LOOK_AHEAD),
            bookings=self.bookings,
            energy=self.energy,
        )

    def asking(self, request: Request, window: Window) -> Asking:
        """Return the rules with the thresholds that hold on the last day of the window."""
        return Asking(tuple(request.rules), Layers(self.registry, self.overrides.on(window.last)))


def _of_readings(place: _Place, request: Request, progress: Progress) -> Analysis:
    registry, calendar, store = place.registry, place.calendar, place.store
    extent = store.extent(registry.site.id)
    if extent is None or not _reads_readings(request, calendar):
        raise NoReadingsError(registry.site.id)
    data = place.run_data(_window(registry, calendar, extent, request))
    held = _days_held(calendar, extent)
    asking = place.asking(request, data.window)
    keepers = asking.keepers(frozenset(metric for _, metric in data.analyst.measured))
    if request.utilisation:
        keepers[UTILISATION] = lambda data, week: by_calendar(
            data.registry,
            data.calendar,
            week.tracks.occupancy,
            week.parts,
            lambda track, parts: use_of(data.registry, track, parts),
        )
    if needs_levels(request.rules):
        keepers[LEVELS] = levels
    kept = _pass_over_readings(data, store, held, keepers, progress)
    data = replace(data, features=_stored(data, store))
    if SEASON_RULES.intersection(request.rules):
        data = replace(data, last_year=_last_year(data, store, held, progress))
    findings = asking.of_readings(data, kept)
    if LEVELS in kept:
        findings = without_wrong_units(findings, data, kept[LEVELS])
    answer = _answer(data, asking, [*findings, *asking.of_registry(data)])
    return replace(answer, use=utilisation(registry, kept[UTILISATION])) if request.utilisation else answer


def _of_registry(place: _Place, request: Request) -> Analysis | None:
    """Return what the registry alone tells where there are no readings; None where that is nothing."""
    window = _window_asked(place.calendar, request)
    if window is None:
        return None
    data = place.run_data(window)
    asking = place.asking(request, window)
    findings = asking.of_registry(data)
    says = any(finding.verdict is not Verdict.NOT_APPLICABLE for finding in findings)
    return _answer(data, asking, findings) if says or not _reads_readings(request, place.calendar) else None


def _reads_readings(request: Request, calendar: WorkCalendar) -> bool:
    """Say whether readings matter: for a rule that is asked, for the use of rooms, or to know which days are meant."""
    registry_alone = bool(request.rules) and RECORD_RULES.keys() >= set(request.rules)
    return not registry_alone or request.utilisation or _window_asked(calendar, request) is None


def _answer(data: RunData, asking: Asking, findings: Iterable[Finding]) -> Analysis:
    known = without_explanation(findings, [each.rule for each in asking.isolation.failures])
    applying = list(without_closed(known, data.registry, data.calendar))
    sourced = told_as_inferred(one_per_cause(applying, data.registry), data.analyst)
    told = [priced(each, data) for each in sourced]
    return Analysis(
        registry=data.registry,
        window=data.window,
        rules=tuple(sorted(asking.rules)),
        findings=tuple(sorted(told, key=_place_in_answer)),
        summary=tuple(summarise(data)),
        daily=data.features.filter(data.in_window()),
        failures=asking.isolation.failures,
        overrides=asking.layers.overrides.of_rules(frozenset(asking.rules)).entries,
    )


def _place_in_answer(finding: Finding) -> tuple[str, str, str, datetime]:
    """Return what findings are sorted by: rule, subject, start; texts compare several times as fast as subjects."""
    return finding.rule, finding.subject.kind, finding.subject.id, finding.start


def _window_asked(calendar: WorkCalendar, request: Request) -> Window | None:
    """Return the days that the request itself names, by the clock where it names none; None where it has no clock."""
    if request.last is None and request.now_ms is None:
        return None
    now_ms = request.now_ms
    last = request.last if request.last is not None else calendar.local_day(now_ms or 0)
    first = request.first or last
    _must_not_end_early(first, last)
    end_ms = calendar.midnight_ms(last + timedelta(days=1))
    return Window(first=first, last=last, now_ms=end_ms if now_ms is None else min(now_ms, end_ms))


def _must_not_end_early(first: date, last: date) -> None:
    if last < first:
        msg = f"the window ends on {last} before it begins on {first}; check --from and --to"
        raise InputFault(msg)


def _window(registry: Registry, calendar: WorkCalendar, extent: Extent, request: Request) -> Window:
    known_until_ms = _known_until_ms(calendar, extent, request.now_ms)
    first_held, last_held = _days_held(calendar, (extent[0], known_until_ms))
    first = request.first or first_held
    last = request.last or max(first, last_held)
    _must_not_end_early(first, last)
    if first > last_held or last < first_held:
        when = f"from {first} to {last}; there are some from {first_held} to {last_held}"
        raise NoReadingsError(registry.site.id, when)
    return Window(first=first, last=last, now_ms=min(known_until_ms, calendar.midnight_ms(last + timedelta(days=1))))


def _known_until_ms(calendar: WorkCalendar, extent: Extent, clock_ms: int | None) -> int:
    """Return the instant up to which silence means something: the clock's while readings come in, else the last one's.

    A last reading close to midnight completes its day.
    """
    last_ms = extent[1]
    if clock_ms is not None and 0 <= clock_ms - last_ms <= LIVE_MS:
        return clock_ms
    if clock_ms is not None and clock_ms < last_ms:
        return max(clock_ms, extent[0] + 1)
    midnight_ms = calendar.midnight_ms(calendar.local_day(last_ms) + timedelta(days=1))
    return midnight_ms if midnight_ms - last_ms <= NEARLY_MIDNIGHT_MS else last_ms


def _days_held(calendar: WorkCalendar, extent: Extent) -> tuple[date, date]:
    """Return the first and the last local day with readings.

    A register read at midnight closes the day before and does not make a day of its own.
    """
    first_ms, last_ms = extent
    return calendar.local_day(first_ms), calendar.local_day(max(first_ms, last_ms - 1))


def fingerprint(registry: Registry, holidays: Holidays, sure: Mapping[str, float] = MappingProxyType({})) -> str:
    """Return what stored features depend on besides readings: the registry, the calendar, the code's version.

    And how `sure` inferences have to be, in the rooms that have a threshold of their own.
    """
    text = f"{FEATURES_VERSION}\n{holidays!r}\n{registry!r}"
    if sure:
        text += f"\n{sorted(sure.items())!r}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _pass_over_readings(
    data: RunData, store: AnalysisStore, held: tuple[date, date], keepers: Mapping[str, Keep], progress: Progress
) -> dict[str, pl.DataFrame]:
    mark = fingerprint(data.registry, data.calendar.holidays, data.analyst.sure)
    return pass_over_readings(data, store, _days_with_readings(data, held), mark, keepers, progress)


def _last_year(data: RunData, store: AnalysisStore, held: tuple[date, date], progress: Progress) -> RunData | None:
    """Return the same season of last year, None where there were no readings then."""
    first, last = season_of_last_year(data.window)
    past = replace(data, days=data.calendar.day_frame(first, last))
    if next(_days_with_readings(past, held), None) is None:
        return None
    _pass_over_readings(past, store, held, {}, progress)
    return replace(past, features=_stored(past, store))


def _days_with_readings(data: RunData, held: tuple[date, date]) -> Iterator[date]:
    """Yield the days, as far as any rule looks, that lie between the first and the last reading."""
    days = data.days["day"].to_list()
    yield from data.calendar.days(max(days[0], held[0]), min(days[-1], held[1]))


def _stored(data: RunData, store: AnalysisStore) -> pl.DataFrame:
    days = data.days["day"].to_list()
    return store.features(data.registry.site.id, first=days[0], last=days[-1])
