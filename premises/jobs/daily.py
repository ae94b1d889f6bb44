"""What is made of a day's analysis: the ledger of findings, drafts for the plan, and what the readings verify."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeAlias

from analytics.calendar import DayKind, WorkCalendar
from analytics.ledger import FindingRecord, FindingTransaction, Recorded, link, record_run, stale
from premises.watched import ALL_RULES
from rectification.by_savings import ItemSavings, is_energy, work_began
from rectification.commands import PLANNING, Deadlines, propose
from rectification.model import Item, judged_since
from rectification.ports import ItemTransaction, WindowAnalysis
from rectification.savings_evidence import was_sent_back
from rectification.seasons import await_seasons, await_unjudged, resume_seasons
from rectification.verification import Checked, check_items, devices_behind, devices_gone, items_to_verify, settle
from sensors.clock import Clock
from sensors.readings import epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry
from sensors.verdicts import Finding, Verdict


class DailyTransaction(FindingTransaction, ItemTransaction, Protocol):
    """Findings and items in one transaction."""


class DailyRecords(Protocol):
    """The part of the records that the daily job writes."""

    def transaction(self) -> AbstractContextManager[DailyTransaction]:
        """Return a transaction, committed when it is left without an exception."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """What the job must know of the site. `calendar` says which days are worked, and its zone where a day ends."""

    registry: Registry
    calendar: WorkCalendar


ItemMeter: TypeAlias = Callable[[Building, Item, datetime | None, date], ItemSavings | None]
"""Gives what mending an energy item saved, from when work on it began, as seen on a local day; None where nothing
measures it."""


def unmetered(_building: Building, _item: Item, _began: datetime | None, _today: date) -> ItemSavings | None:
    """Return None: for sites of which no roll-ups are kept."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What the job did: edges of the findings, items proposed or sent back for them, items checked and moved."""

    recorded: Recorded
    proposed: tuple[Item, ...] = ()
    checked: tuple[Checked, ...] = ()
    moved: tuple[Item, ...] = ()


def daily(
    findings: Sequence[Finding],
    *,
    at: datetime,
    records: DailyRecords,
    building: Building,
    analysis: WindowAnalysis,
    clock: Clock,
    meter: ItemMeter = unmetered,
) -> Day:
    """Return what became of a run's verdicts: recorded, proposed, verified. The same day again changes nothing.

    `at` is the instant up to which the run judged; `analysis` is asked for the windows that some faults and items
    need, `meter` what energy items saved, both outside of any transaction.
    """
    recorded = record(findings, at=at, records=records, building=building)
    over = end_quiet_findings(at=at, records=records, building=building, analysis=analysis)
    proposed = propose_items(records=records, building=building, clock=clock)
    checked, moved = verify(records=records, building=building, analysis=analysis, clock=clock, meter=meter)
    return Day(
        recorded=Recorded(new=recorded.new, still=recorded.still, ended=(*recorded.ended, *over)),
        proposed=proposed,
        checked=checked,
        moved=moved,
    )


def record(findings: Iterable[Finding], *, at: datetime, records: DailyRecords, building: Building) -> Recorded:
    """Return the edges of a run after writing them into the ledger; a quick run between two days needs only this."""
    site = building.registry.site.id
    with records.transaction() as tx:
        gone = [
            _over(each, at) for each in tx.open_findings() if each.site == site and _is_gone(each, building.registry)
        ]
        return record_run(tx, [*findings, *gone], site=site, at=at)


def _is_gone(finding: FindingRecord, registry: Registry) -> bool:
    """Say whether a finding is about a room or building that the registry no longer has: no rule will speak of it."""
    if finding.subject.kind is SubjectKind.ROOM:
        return finding.subject.id not in registry.rooms
    return finding.subject.kind is SubjectKind.BUILDING and finding.subject.id not in registry.buildings


def _over(finding: FindingRecord, at: datetime) -> Finding:
    return Finding(rule=finding.rule, subject=finding.subject, verdict=Verdict.NOT_APPLICABLE, start=at, end=at)


def end_quiet_findings(
    *, at: datetime, records: DailyRecords, building: Building, analysis: WindowAnalysis
) -> tuple[FindingRecord, ...]:
    """Return the findings ended because their rule, asked about the days since it last found fault, passes."""
    with records.transaction() as tx:
        quiet = stale(tx.open_findings(), at=at)
    by_first: defaultdict[date, list[FindingRecord]] = defaultdict(list)
    for finding in quiet:
        by_first[building.calendar.local_day(epoch_ms(finding.last_seen)) + timedelta(days=1)].append(finding)
    last = building.calendar.local_day(epoch_ms(at) - 1)
    ended: list[FindingRecord] = []
    for first, group in sorted(by_first.items()):
        if first > last:
            continue
        keys = {finding.key for finding in group}
        told = _known(analysis, {rule for rule, _ in keys}, first, last)
        with records.transaction() as tx:
            wanted = [finding for finding in told if (finding.rule, finding.subject) in keys]
            ended += record_run(tx, wanted, site=building.registry.site.id, at=at).ended
    return tuple(ended)


def propose_items(*, records: DailyRecords, building: Building, clock: Clock) -> tuple[Item, ...]:
    """Return the items of the open findings that had none and that nobody has put aside."""
    deadline = workday_deadlines(building.calendar)
    items = []
    with records.transaction() as tx:
        for finding in tx.open_findings():
            here = finding.site == building.registry.site.id
            if here and finding.item_id is None and not finding.is_put_aside(clock.now()):
                item = propose(tx, finding, clock=clock, deadline=deadline)
                link(tx, finding.id, item.id, actor=PLANNING)
                items.append(item)
    return tuple(items)


def verify(
    *,
    records: DailyRecords,
    building: Building,
    analysis: WindowAnalysis,
    clock: Clock,
    meter: ItemMeter = unmetered,
) -> tuple[tuple[Checked, ...], tuple[Item, ...]]:
    """Return the items that wait for the readings with what those say, and the items that moved by it."""
    zone = building.calendar.zone

    def devices_of(item: Item) -> Collection[Subject]:
        since = (judged_since(item) or item.opened).astimezone(zone).date()
        return devices_behind(building.registry, item, since=since)

    def gone_of(item: Item) -> Collection[Subject]:
        today = clock.now().astimezone(zone).date()
        return devices_gone(building.registry, item, fault=item.fault_from.astimezone(zone).date(), now=today)

    def known(rules: Collection[str], first: date, last: date) -> Sequence[Finding]:
        return _known(analysis, rules, first, last)

    site = building.registry.site
    with records.transaction() as tx:
        turned = resume_seasons(tx, site=site, zone=zone, clock=clock)
        turned += await_seasons(tx, site=site, zone=zone, clock=clock)
        waiting = items_to_verify(tx)
        steps = {item.id: tx.item_steps(item.id) for item in waiting if is_energy(item)}

    def savings_of(item: Item) -> ItemSavings | None:
        today = building.calendar.local_day(epoch_ms(clock.now()))
        return meter(building, item, work_began(steps[item.id]), today) if item.id in steps else None

    checked = check_items(
        waiting,
        known,
        clock=clock,
        zone=zone,
        devices_of=devices_of,
        gone_of=gone_of,
        savings_of=savings_of,
        sent_back={name for name, past in steps.items() if was_sent_back(past)},
    )
    with records.transaction() as tx:
        moved = settle(tx, checked, clock=clock)
        unjudged = await_unjudged(tx, checked, site=site, zone=zone, clock=clock)
    return checked, (*turned, *moved, *unjudged)


def workday_deadlines(calendar: WorkCalendar) -> Deadlines:
    """Return what proposes deadlines: so much later, and on the next day that is not a day of rest."""

    def deadline(opened: datetime, fix: timedelta) -> date:
        day = calendar.local_day(epoch_ms(opened + fix))
        while calendar.kind(day) is DayKind.RESTDAY:
            day += timedelta(days=1)
        return day

    return deadline


def _known(analysis: WindowAnalysis, rules: Collection[str], first: date, last: date) -> Sequence[Finding]:
    wanted = frozenset(rules).intersection(ALL_RULES)
    return analysis(wanted, first, last) if wanted else ()
