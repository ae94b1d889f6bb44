"""An evaluation put together: what the rules and the alerts say of a store of readings, held against a truth."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from alerts.quality import RULE as ALARM_QUALITY
from alerts.quality import chattering
from analytics.calendar import DayKind, Holidays
from analytics.causes import EXPLAINED_BY
from analytics.ports import AnalysisStore
from analytics.runs import Analysis
from premises.analysis import CsvSource, Progress, Question, store_of_csv
from premises.holidays import holidays_of
from premises.home import Home
from premises.processes.remote import Server
from premises.stores.bookings import HomeBookings, bookings_of_file
from premises.stores.energy import bills_of_home, energy_facts, no_bills
from premises.stores.readings import open_readings
from premises.watched import ALL_RULES, analyse_unlogged
from sensors.bookings import BookingSource, NoBookings
from sensors.catalogue import CATALOGUE
from sensors.energy_terms import EnergyFacts
from sensors.errors import InputFault
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingFlag, from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import DeviceId, Registry, SiteId
from sensors.verdicts import Finding, Verdict
from simulators.faults import FOREVER_MS
from simulators.knowing import SiteDays, known_at
from simulators.places import has_subject
from simulators.scoring import Explained, Found, RuleScore, met_only_by, scored
from simulators.truth import TruthRow, read_truth
from storage.readings.duckdb import DuckDBReadingStore
from storage.registry_file import load_registry

BUILT = frozenset(ALL_RULES) | {ALARM_QUALITY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What came of it, and the clock of the site."""

    scores: Mapping[str, RuleScore]
    zone: ZoneInfo


class TruthAbsentError(InputFault):
    """The truth cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the file."""
        super().__init__(f"--truth {path}: cannot be read: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be held against what: the truth's file, rules by comma, local days, `end` itself left out.

    `bookings` is a CSV of bookings, which stands for those that a home has kept.
    """

    truth: Path
    bookings: Path | None = None
    rules: str | None = None
    first: str | None = None
    end: str | None = None

    @property
    def question(self) -> Question:
        """Return the days, for all rules."""
        return Question(first=self.first, end=self.end)


def evaluate_home(home: Home, registry_path: Path | None, wish: Wish, progress: Progress) -> Evaluated:
    """Return the scores of what the home's store holds; of a running server's store, a copy is looked at."""
    path = registry_path or home.registry
    registry = load_registry(path)
    truth = _truth(wish.truth, registry)
    server = Server.find(home)
    if server is None:
        with open_readings(home) as store:
            return _scores(_known(registry, path, wish, home), store, truth, wish, progress)
    with TemporaryDirectory(dir=home.run) as folder:
        copy = Path(folder) / "readings.duckdb"
        server.export_readings(copy)
        store = DuckDBReadingStore(copy)
        try:
            return _scores(_known(registry, path, wish, home), store, truth, wish, progress)
        finally:
            store.close()


def evaluate_csv(source: CsvSource, registry_path: Path, wish: Wish, progress: Progress) -> Evaluated:
    """Return the scores of the readings of a file, without any store."""
    registry = load_registry(registry_path)
    truth = _truth(wish.truth, registry)
    store = store_of_csv(source, registry)
    return _scores(_known(registry, registry_path, wish), store, truth, wish, progress)


def scores_of(
    analysis: Analysis, events: Iterable[Event], truth: Sequence[TruthRow], holidays: Holidays
) -> dict[str, RuleScore]:
    """Return the score of every rule that works or is in the truth, over the days of an analysis of all rules.

    Rows outside these days are not counted, and a finding that meets only such a row is not held against its rule.
    """
    days = _site_days(analysis.registry, holidays)
    start = days.day_after(datetime.combine(analysis.window.first, time(), tzinfo=days.zone), 0)
    end = from_epoch_ms(analysis.window.now_ms)
    within = [row for row in truth if row.start < end and start < row.end]
    beyond = [row for row in truth if row not in within]
    events = list(events)
    told = [
        *_told(analysis.findings, days),
        *_chattered(events, start, end),
    ]
    return scored(
        [each for each in told if not met_only_by(each, beyond, within)],
        within,
        built=BUILT,
        explained=_explained(analysis.findings),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of a site besides readings."""

    registry: Registry
    holidays: Holidays
    bookings: BookingSource
    energy: EnergyFacts


def _known(registry: Registry, path: Path, wish: Wish, home: Home | None = None) -> _Known:
    """Return what stands beside a registry, with the bookings of the file, else of the home. Raises InputFault."""
    kept: BookingSource = NoBookings() if home is None else HomeBookings(home)
    return _Known(
        registry=registry,
        holidays=holidays_of(registry.site, path),
        bookings=kept if wish.bookings is None else bookings_of_file(wish.bookings, registry),
        energy=energy_facts(path, registry.site.id, no_bills if home is None else bills_of_home(home)),
    )


def _scores(
    known: _Known,
    store: AnalysisStore,
    truth: Sequence[TruthRow],
    wish: Wish,
    progress: Progress,
) -> Evaluated:
    rules = _wanted(wish.rules)
    request = wish.question.request()
    analysis = analyse_unlogged(
        registry=known.registry,
        holidays=known.holidays,
        store=store,
        request=request,
        bookings=known.bookings,
        energy=known.energy,
        progress=progress,
    )
    events = stored_events(store, known.registry.site.id)
    scores = scores_of(analysis, events, truth, known.holidays)
    wanted = {rule: score for rule, score in scores.items() if rules is None or rule in rules}
    return Evaluated(scores=wanted, zone=ZoneInfo(known.registry.site.timezone))


def _wanted(rules: str | None) -> frozenset[str] | None:
    """Return the rules asked for; the analysis itself runs all, for one may explain another's silence."""
    if rules is None:
        return None
    wanted = frozenset(name.strip().upper() for name in rules.split(","))
    unknown = sorted(wanted - set(CATALOGUE))
    if unknown:
        msg = f"--rules: no rule {unknown[0]!r} in the catalogue; write them like E03,S02"
        raise InputFault(msg)
    return wanted


def _site_days(registry: Registry, holidays: Holidays) -> SiteDays:
    return SiteDays(ZoneInfo(registry.site.timezone), lambda day: holidays.kind(day) is DayKind.WORKDAY)


def _told(findings: Iterable[Finding], days: SiteDays) -> Iterator[Found]:
    for finding in findings:
        if finding.verdict is Verdict.FAULT:
            yield Found(
                rule=finding.rule,
                subject=finding.subject,
                start=finding.start,
                end=finding.end,
                known=known_at(finding, days),
            )


def _explained(findings: Iterable[Finding]) -> list[Explained]:
    """Return the verdicts that were left to another rule's finding, which they name."""
    return [
        Explained(rule=each.rule, subject=each.subject, start=each.start, end=each.end, by=EXPLAINED_BY[each.rule])
        for each in findings
        if each.verdict is Verdict.NOT_APPLICABLE and each.rule in EXPLAINED_BY
        if any(why.endswith(f"see {EXPLAINED_BY[each.rule]}") for why in each.missing)
    ]


def _chattered(events: Iterable[Event], start: datetime, end: datetime) -> Iterator[Found]:
    """Yield the points that came again and again (G06), whatever they said."""
    onsets = (
        (Subject(SubjectKind.DEVICE, event.device), event.zone, event.time)
        for event in events
        if event.state is EventState.ACTIVE and not event.test and start <= event.time < end
    )
    for chatter in chattering(onsets):
        yield Found(
            rule=ALARM_QUALITY, subject=chatter.subject, start=chatter.start, end=chatter.end, known=chatter.known
        )


def stored_events(store: AnalysisStore, site: SiteId) -> list[Event]:
    """Return all events that a store holds of a site, in order of time."""
    frame = store.events(site, start_ms=0, end_ms=FOREVER_MS)
    return [_event(site, row) for row in frame.iter_rows(named=True)]


def _event(site: SiteId, row: Mapping[str, Any]) -> Event:
    return Event(
        site=site,
        gateway=row["gateway"],
        device=DeviceId(row["device"]),
        type=EventType(row["type"]),
        state=EventState(row["state"]),
        time=from_epoch_ms(row["time_ms"]),
        received=from_epoch_ms(row["received_ms"]),
        id=row["id"],
        zone=row["zone"] or "",
        test=bool(row["test"]),
        flags=ReadingFlag(row["flags"] or 0),
        credential=row["credential"] or "",
    )


def _truth(path: Path, registry: Registry) -> tuple[TruthRow, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise TruthAbsentError(path, exc.strerror or str(exc)) from exc
    except UnicodeDecodeError as exc:
        raise TruthAbsentError(path, "it is not UTF-8") from exc
    return read_truth(
        text,
        name=str(path),
        zone=ZoneInfo(registry.site.timezone),
        is_known=lambda subject: has_subject(registry, subject),
    )
