"""Whether an item is mended: decided by the readings of the days after it was reported done."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TypeAlias

from rectification import commands
from rectification.by_savings import Conclusion, ItemSavings, SavingsOf
from rectification.model import Item, ItemState, judged_since, rule_of, verified_by
from rectification.model import window_days as days_of
from rectification.ports import ItemTransaction, WindowAnalysis
from rectification.savings_evidence import MORE_USED, savings_json
from sensors.catalogue.model import Verification
from sensors.clock import Clock
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, CircuitItem, Placement, Registry, RoomId
from sensors.verdicts import Finding, Verdict

DEVICE_RULES = frozenset({"G01", "G02", "G05"})
"""Silent, frozen and leaky sensors: while one of these holds, a rule that passes proves nothing."""

BRIDGED = timedelta(days=4)
"""A rule may have its last word so long before the window's end: a weekend and a bridge day. Our own choice."""


class Reason(StrEnum):
    """Why it cannot be decided yet."""

    WINDOW_OPEN = "window_open"
    """Too few days have passed since."""
    SETTLING = "settling"
    """The rule still saw the fault in the first days; its window counts from their end."""
    DEVICE_FAULT = "device_fault"
    """A sensor was silent, frozen or leaky; the window counts from its return."""
    INSUFFICIENT_DATA = "insufficient_data"
    NOT_APPLICABLE = "not_applicable"
    NO_VERDICT = "no_verdict"
    MORE_USED = "more_used"
    """The rule passes, but the meter counted more than while the fault stood: it is asked for a second window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The rule passed over the whole window [since, until); of an energy item also what the meter says.

    `devices_gone` are those that measured the fault and were taken away since: what passes now was not measured by the
    same device, which whoever signs has to know.
    """

    since: datetime
    until: datetime
    proof: Finding
    savings: ItemSavings | None = None
    devices_gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """It is too early to say, or the readings say nothing: the window that counts is [since, until)."""

    reason: Reason
    since: datetime
    until: datetime
    savings: ItemSavings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuted:
    """The fault is still there; or, where there are savings, its rule passes and yet more is used than before."""

    proof: Finding
    savings: ItemSavings | None = None


Outcome: TypeAlias = Verified | NotYet | Refuted


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An item and what the readings say of it."""

    item: Item
    outcome: Outcome


DevicesOf = Callable[[Item], Collection[Subject]]
"""Gives the devices on whose readings the verdict about an item rests."""


def verdict(
    item: Item,
    findings_after: Iterable[Finding],
    *,
    since: datetime,
    now: datetime,
    window_days: int,
    devices: Collection[Subject] = (),
) -> Outcome:
    """Return what the verdicts of the days since an item was reported done come to.

    `findings_after` are those of the item's rule and of DEVICE_RULES over [since, now), `since` being the first
    midnight after the report. A fault that begins inside the window refutes at once. One that stands from the first
    moment may be the rule's memory of the days before (hold times, moving windows): it refutes only by lasting.
    """
    told = sorted(findings_after, key=lambda finding: (finding.end, finding.start))
    own = [finding for finding in told if finding.rule == item.rule and finding.subject == item.subject]
    anew = next((each for each in own if each.verdict is Verdict.FAULT and each.start > since), None)
    if anew is not None:
        return Refuted(proof=anew)
    begins, reason = _window_start(own, told, since, devices)
    until = begins + timedelta(days=window_days)
    if now < until:
        return NotYet(reason=reason, since=begins, until=until)
    return _last_word(own, begins, until)


def _window_start(
    own: Sequence[Finding], told: Sequence[Finding], since: datetime, devices: Collection[Subject]
) -> tuple[datetime, Reason]:
    """Return from when the window counts, and what keeps it open: the latest end of what spoils it."""
    settled = [
        each.end for each in own if each.verdict is Verdict.FAULT and each.start == since and each is not own[-1]
    ]
    deaf = [
        each.end
        for each in told
        if each.rule in DEVICE_RULES and each.subject in devices and each.verdict is Verdict.FAULT and each.end > since
    ]
    starts = [
        (since, Reason.WINDOW_OPEN),
        *((end, Reason.SETTLING) for end in settled),
        *((end, Reason.DEVICE_FAULT) for end in deaf),
    ]
    return max(starts, key=lambda start: start[0])


def _last_word(own: Sequence[Finding], since: datetime, until: datetime) -> Outcome:
    latest = own[-1] if own else None
    if latest is None:
        return NotYet(reason=Reason.NO_VERDICT, since=since, until=until)
    if latest.verdict is Verdict.FAULT:
        return Refuted(proof=latest)
    if latest.verdict is Verdict.NOT_APPLICABLE:
        return NotYet(reason=Reason.NOT_APPLICABLE, since=since, until=until)
    if latest.verdict is Verdict.INSUFFICIENT_DATA or latest.end < until - BRIDGED:
        return NotYet(reason=Reason.INSUFFICIENT_DATA, since=since, until=until)
    return Verified(since=since, until=until, proof=latest)


def weighed(
    passed: Verified, savings: ItemSavings | None, *, now: datetime, window_days: int, was_sent_back: bool = False
) -> Outcome:
    """Return what a rule's pass and the meter come to together: the rule decides, unless the meter says worse.

    More use than with the fault keeps the item open for a second window, and then sends it back once: a person finds
    what else uses. After that the figure only stands beside the proof.
    """
    beside = replace(passed, savings=savings)
    if savings is None or was_sent_back or savings.conclusion is not Conclusion.WORSE:
        return beside
    until = passed.until + timedelta(days=window_days)
    if now < until:
        return NotYet(reason=Reason.MORE_USED, since=passed.since, until=until, savings=savings)
    return Refuted(proof=passed.proof, savings=savings)


def items_to_verify(tx: ItemTransaction) -> tuple[Item, ...]:
    """Return the items that wait for the readings to decide."""
    return tuple(
        item
        for item in tx.items(open_only=True)
        if item.state is ItemState.REPORTED_DONE and verified_by(item) is Verification.READINGS
    )


def check_items(
    items: Iterable[Item],
    analysis: WindowAnalysis,
    *,
    clock: Clock,
    zone: tzinfo,
    devices_of: DevicesOf,
    gone_of: DevicesOf = lambda _item: (),
    savings_of: SavingsOf = lambda _item: None,
    sent_back: Collection[str] = (),
) -> tuple[Checked, ...]:
    """Return what the readings say of items reported done; items reported on one day share an analysis.

    `gone_of` gives the devices taken away since the fault. `sent_back` are the ids of those that the meter has sent
    back before. Takes as long as the analysis does: call it outside of any transaction.
    """
    now = clock.now()
    today = now.astimezone(zone).date()
    checked: list[Checked] = []
    for first, group in _by_first_day(items, zone):
        findings = _analysed(analysis, group, first, today - timedelta(days=1))
        for item in group:
            until = _midnight(today, zone)
            outcome = verdict(
                item,
                findings,
                since=_midnight(first, zone),
                now=until,
                window_days=days_of(item),
                devices=devices_of(item),
            )
            if isinstance(outcome, Verified):
                again = item.id in sent_back
                outcome = replace(outcome, devices_gone=tuple(sorted(device.id for device in gone_of(item))))
                outcome = weighed(outcome, savings_of(item), now=until, window_days=days_of(item), was_sent_back=again)
            checked.append(Checked(item=item, outcome=outcome))
    return tuple(checked)


def settle(tx: ItemTransaction, checked: Iterable[Checked], *, clock: Clock) -> tuple[Item, ...]:
    """Return the items that moved: verified or sent back. One that moved on meanwhile is left alone."""
    moved = []
    for each in checked:
        present = tx.item(each.item.id)
        if present != each.item:
            continue
        if isinstance(each.outcome, Verified):
            moved.append(commands.verify(tx, each.item.id, evidence=evidence(each.outcome), clock=clock))
        elif isinstance(each.outcome, Refuted):
            moved.append(commands.refute(tx, each.item.id, evidence=evidence(each.outcome), clock=clock))
    return tuple(moved)


def verify_items(
    tx: ItemTransaction, analysis: WindowAnalysis, *, clock: Clock, zone: tzinfo, devices_of: DevicesOf
) -> tuple[Checked, ...]:
    """Return all items that wait with what the readings say, after moving those that are decided.

    For short analyses; where they take long, use the three steps it consists of, the middle one by itself.
    """
    checked = check_items(items_to_verify(tx), analysis, clock=clock, zone=zone, devices_of=devices_of)
    settle(tx, checked, clock=clock)
    return checked


def evidence(outcome: Outcome) -> str:
    """Return an outcome as JSON: what was decided, over which window, by which verdict, and what was saved."""
    saved = {} if outcome.savings is None else {"savings": savings_json(outcome.savings)}
    return json.dumps({**_decided(outcome), **saved}, ensure_ascii=False)


def _decided(outcome: Outcome) -> dict[str, object]:
    if isinstance(outcome, Refuted):
        said = "refuted" if outcome.savings is None else MORE_USED
        return {"outcome": said, "finding": _told(outcome.proof)}
    window = {"since": outcome.since.isoformat(), "until": outcome.until.isoformat()}
    if isinstance(outcome, NotYet):
        return {"outcome": "not_yet", "reason": outcome.reason.value, **window}
    gone = {"devices_gone": list(outcome.devices_gone)} if outcome.devices_gone else {}
    return {"outcome": "verified", **window, **gone, "finding": _told(outcome.proof)}


def devices_behind(registry: Registry, item: Item, *, since: date) -> frozenset[Subject]:
    """Return the devices that measure what the item's rule needs at its subject, on any day from `since` on.

    For a room that is its own sensors and the meters of the circuits that serve it; for a circuit its meters and
    the sensors of the rooms it serves; for a building the meters of its mains, of what is always on, and its PV.
    """
    kind, identifier = item.subject.kind, item.subject.id
    if kind is SubjectKind.DEVICE:
        return frozenset({item.subject})
    spec = rule_of(item)
    wanted = set() if spec is None else {metric for group in spec.needs.metrics for metric in group}
    rooms, circuits = _places(registry, kind, identifier)
    return frozenset(
        Subject(SubjectKind.DEVICE, device.id)
        for device in registry.devices.values()
        if (not wanted or not device.metrics or wanted.intersection(device.metrics))
        and any(_holds(place, item.subject, rooms, circuits, since) for place in device.placements)
    )


def devices_gone(registry: Registry, item: Item, *, fault: date, now: date) -> frozenset[Subject]:
    """Return the devices that measured the fault and measure its subject no more; devices that are the subject stay."""
    return devices_behind(registry, item, since=fault) - devices_behind(registry, item, since=now)


def _places(registry: Registry, kind: SubjectKind, identifier: str) -> tuple[frozenset[RoomId], frozenset[CircuitId]]:
    if kind is SubjectKind.ROOM:
        room = RoomId(identifier)
        serving = (circuit.id for circuit in registry.circuits.values() if room in circuit.serves)
        return frozenset({room}), frozenset(serving)
    circuit = registry.circuits.get(CircuitId(identifier)) if kind is SubjectKind.CIRCUIT else None
    if circuit is not None:
        return frozenset(circuit.serves), frozenset({circuit.id})
    if kind in {SubjectKind.BUILDING, SubjectKind.SITE}:
        return frozenset(), frozenset(_mains(registry, kind, identifier))
    return frozenset(), frozenset()


def _mains(registry: Registry, kind: SubjectKind, identifier: str) -> Iterator[CircuitId]:
    for circuit in registry.circuits.values():
        here = kind is SubjectKind.SITE or registry.circuit_building(circuit.id) == identifier
        if here and (circuit.always_on or circuit.item in {CircuitItem.TOTAL, CircuitItem.PV}):
            yield circuit.id


def _holds(
    place: Placement, subject: Subject, rooms: frozenset[RoomId], circuits: frozenset[CircuitId], since: date
) -> bool:
    if place.until is not None and place.until <= since:
        return False
    at_opening = subject.kind is SubjectKind.OPENING and place.opening == subject.id
    return at_opening or place.room in rooms or place.circuit in circuits


def _by_first_day(items: Iterable[Item], zone: tzinfo) -> Iterator[tuple[date, list[Item]]]:
    """Yield the items by the first whole local day after their report."""
    groups: defaultdict[date, list[Item]] = defaultdict(list)
    for item in items:
        since = judged_since(item)
        if since is not None:
            groups[since.astimezone(zone).date() + timedelta(days=1)].append(item)
    yield from sorted(groups.items())


def _analysed(analysis: WindowAnalysis, items: Iterable[Item], first: date, last: date) -> Sequence[Finding]:
    if last < first:
        return ()
    return analysis({item.rule for item in items} | DEVICE_RULES, first, last)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _told(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "subject": str(finding.subject),
        "verdict": finding.verdict.value,
        "start": finding.start.isoformat(),
        "end": finding.end.isoformat(),
        "value": finding.value,
        "threshold": finding.threshold,
        "unit": finding.unit,
    }
