"""Which rules a site can feed, what the others lack, and what one more sensor or entry would buy.

The rules say it themselves: they are asked about a site of which nothing was read yet, in winter and in summer. What is
not applicable then lacks what it names; everything else waits for readings alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from analytics.calendar import Holidays, WorkCalendar
from analytics.occupancy import OCCUPANCY_METRICS
from analytics.occupancy_rooms import PEOPLE_METRICS, inferable
from analytics.occupancy_told import rests_on_inferred
from analytics.points import points
from analytics.ports import READINGS_SCHEMA
from analytics.runs import Request
from premises.doctor.brought_in import BroughtIn
from premises.rule_ways import Way, ways
from premises.watched import ALL_RULES, analyse
from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import Needs
from sensors.subjects import Subject
from sensors.topology import Registry, SiteId
from sensors.verdicts import Finding, Verdict
from storage.readings.memory import MemoryReadingStore

MONTHS = (1, 7)
"""Seasonal rules are asked about the time that they are about."""
SECOND_WEEK = 8
WEDNESDAY = 2
SEASONAL = "a day of the heated or cooled season"
AT_A_DEVICE = frozenset({"device.heartbeat_s", "clock_offset_s"})
"""What the watch's rules name as missing data though the registry or a metric lacks it."""
EVENT = "event "
OF_DEVICE = "device."
OCCUPANCY = "|".join(OCCUPANCY_METRICS)
"""What rules name where nothing tells whether a room is occupied."""


class State(StrEnum):
    """What a site can do for a rule."""

    FED = "fed"
    LACKING = "lacking"
    NOTHING = "nothing"
    """Nothing in the registry is of the kind that it judges."""
    LOGS = "logs"
    """People feed it, by what they write down."""
    NO_CODE = "no_code"


@dataclass(frozen=True, slots=True)
class Lack:
    """What the same things are missing, all of it, for some subjects."""

    what: tuple[str, ...]
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNeeds:
    """What one rule can judge here, and what it lacks for the rest."""

    rule: str
    state: State
    fed: int = 0
    inferred: int = 0
    """How many of those fed rest on occupancy that is inferred: nothing sees the people themselves."""
    lacks: tuple[Lack, ...] = ()

    @property
    def subjects(self) -> int:
        """Return how many subjects the rule is about."""
        return self.fed + sum(len(lack.subjects) for lack in self.lacks)


@dataclass(frozen=True, slots=True)
class Gain:
    """One thing that would be enough by itself, and for how many subjects of each rule; 0 where there are none yet."""

    what: str
    rules: tuple[tuple[str, int], ...]

    @property
    def worth(self) -> tuple[int, int]:
        """Return how many rules and subjects it would buy."""
        return len(self.rules), sum(count for _, count in self.rules)


class _Unread(MemoryReadingStore):
    """A store of one day on which nothing was read."""

    def __init__(self, start_ms: int, end_ms: int) -> None:
        super().__init__()
        self._span = start_ms, end_ms

    def extent(self, site: SiteId) -> tuple[int, int] | None:
        """Return the day."""
        del site
        return self._span


def rule_needs(
    registry: Registry, holidays: Holidays, *, now: datetime, brought: BroughtIn | None = None
) -> tuple[RuleNeeds, ...]:
    """Return what every rule of the catalogue can judge of a site, in the catalogue's order."""
    calendar = WorkCalendar(registry.site, holidays)
    today, seen = now.astimezone(calendar.zone).date(), (brought or BroughtIn()).seen_any_time(now)
    told: dict[str, dict[Subject, tuple[str, ...]]] = defaultdict(dict)
    for month in MONTHS:
        for finding in _asked(registry, calendar, seen, _wednesday(today.year - 1, month)):
            lacks, of_rule = _lacking(finding), told[finding.rule]
            before = of_rule.get(finding.subject)
            if before is None or SEASONAL in before or not lacks:
                of_rule[finding.subject] = lacks
    inferred = inferable(points(registry, calendar, READINGS_SCHEMA.to_frame()))
    known = {rule: _needs_of(rule, of, inferred, registry) for rule, of in told.items()}
    return tuple(known.get(rule) or _unmet(rule, registry) for rule in CATALOGUE)


def gains(needs: Iterable[RuleNeeds]) -> list[Gain]:
    """Return what a single thing more would buy, what buys most first."""
    bought: dict[str, Counter[str]] = defaultdict(Counter)
    for each in needs:
        for lack in each.lacks if each.state is not State.LOGS else ():
            for what in _enough(lack.what):
                bought[what][each.rule] += len(lack.subjects)
    found = [Gain(what, tuple(sorted(rules.items()))) for what, rules in bought.items()]
    return sorted(found, key=lambda gain: (*(-part for part in gain.worth), gain.what))


def _enough(missing: tuple[str, ...]) -> Iterator[str]:
    """Yield what alone would do for all that is missing: from CO2, noise or phones it is inferred who is there."""
    ways = [frozenset({each, *PEOPLE_METRICS} if _is_occupancy(each) else {each}) for each in missing]
    enough = frozenset.intersection(*ways) if ways else frozenset[str]()
    yield from sorted(enough - {SEASONAL})


def _is_occupancy(missing: str) -> bool:
    return missing == OCCUPANCY or missing.startswith(f"{OCCUPANCY} in room ")


def _asked(registry: Registry, calendar: WorkCalendar, brought: BroughtIn, day: date) -> Iterator[Finding]:
    store = _Unread(calendar.midnight_ms(day), calendar.midnight_ms(day + timedelta(days=1)))
    analysis = analyse(
        registry=registry,
        holidays=calendar.holidays,
        store=store,
        request=Request(rules=ALL_RULES),
        bookings=brought.bookings,
        energy=brought.energy,
    )
    return iter(analysis.findings)


def _wednesday(year: int, month: int) -> date:
    first = date(year, month, SECOND_WEEK)
    return first + timedelta(days=(WEDNESDAY - first.weekday()) % 7)


def _lacking(finding: Finding) -> tuple[str, ...]:
    if finding.verdict is Verdict.NOT_APPLICABLE:
        return finding.missing
    unknown = finding.verdict is Verdict.INSUFFICIENT_DATA
    return tuple(each for each in finding.missing if unknown and each in AT_A_DEVICE)


def _needs_of(
    rule: str, told: dict[Subject, tuple[str, ...]], inferred: frozenset[str], registry: Registry
) -> RuleNeeds:
    by_lack: dict[tuple[str, ...], list[Subject]] = defaultdict(list)
    for subject, missing in told.items():
        by_lack[missing].append(subject)
    judged = by_lack.pop((), [])
    guessed = sum(rests_on_inferred(rule, subject, inferred, registry) for subject in judged)
    lacks = tuple(Lack(what, tuple(sorted(subjects))) for what, subjects in sorted(by_lack.items()))
    state = State.FED if judged else State.LACKING
    return RuleNeeds(rule=rule, state=state, fed=len(judged), inferred=guessed, lacks=lacks)


def _unmet(rule: str, registry: Registry) -> RuleNeeds:
    """Return what a rule that spoke of nothing can judge, or asks for, by the catalogue."""
    needs, judged = CATALOGUE[rule].needs, ways(rule)
    if not judged:
        return RuleNeeds(rule=rule, state=State.NO_CODE)
    if set(judged) <= {Way.LOGS, Way.ALERTS}:
        return RuleNeeds(rule=rule, state=State.LOGS, lacks=(Lack(needs.records, ()),))
    fed = _devices_with(needs.fields, registry)
    if fed:
        return RuleNeeds(rule=rule, state=State.FED, fed=fed)
    return RuleNeeds(rule=rule, state=State.NOTHING, lacks=(Lack(tuple(_of_catalogue(needs)), ()),))


def _devices_with(fields: tuple[str, ...], registry: Registry) -> int:
    """Return how many devices have all the fields, 0 where any is not a device's own: such rules judge days alone."""
    if not fields or not all(each.startswith(OF_DEVICE) for each in fields):
        return 0
    names = [each.removeprefix(OF_DEVICE) for each in fields]
    return sum(all(getattr(device, name, None) is not None for name in names) for device in registry.devices.values())


def _of_catalogue(needs: Needs) -> Iterator[str]:
    yield from ("|".join(group) for group in needs.metrics)
    yield from (f"{EVENT}{event}" for event in needs.events)
    if not needs.metrics and not needs.events:
        yield from needs.fields or needs.records
