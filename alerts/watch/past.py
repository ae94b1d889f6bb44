"""The rules over events and readings that are stored: the machines that run live, over the past, with their verdicts.

Not imported where things come in: it needs polars.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import merge

import polars as pl

from alerts.watch.facts import NO_FACTS, Facts
from alerts.watch.judged import Scope, Seen, seen_of
from alerts.watch.machine import HOUR_MS, MINUTE_MS, SECOND_MS
from alerts.watch.machines import PAST, WATCHED_RULES
from alerts.watch.model import Edge, Sample, is_graver
from alerts.watch.reduced import heard, samples
from alerts.watch.site import Site
from alerts.watch.watcher import Watcher
from sensors.events import LASTING_EVENTS, Event, EventState, EventType
from sensors.readings import ReadingFlag, epoch_ms, from_epoch_ms
from sensors.subjects import Subject
from sensors.thresholds import NO_OVERRIDES, OVERRIDDEN, Overrides
from sensors.topology import DeviceId, Registry
from sensors.verdicts import Finding, Verdict

LOOK_BACK_MS = 400 * 24 * HOUR_MS
"""How far before the window something that still lasts may have begun. Our own choice."""
BRIEF_LOOK_BACK_MS = 24 * HOUR_MS
"""How far before the window passings, refusals and readings matter."""
UNITS_MS = {"s": SECOND_MS, "min": MINUTE_MS, "h": HOUR_MS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time to be judged, [start_ms, end_ms), UTC."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """An unbroken time in which a rule objected; `end_ms` None where it still does."""

    edge: Edge
    end_ms: int | None = None


def wanted_readings(registry: Registry, events: pl.DataFrame) -> tuple[frozenset[str], frozenset[str]]:
    """Return which metrics are needed of all devices, and of which devices every reading: their signs of life count."""
    watcher = Watcher(PAST, Site(registry, live=False))
    spoken = set(events["device"].unique().to_list())
    at_doors = {each.id for each in registry.devices.values() if any(place.opening for place in each.placements)}
    speaking = {each for each in registry.devices if each in spoken or each in at_doors or watcher.heeds(each)}
    return watcher.metrics, frozenset(speaking)


def findings_of(
    events: pl.DataFrame,
    readings: pl.DataFrame,
    registry: Registry,
    *,
    window: Window,
    facts: Facts = NO_FACTS,
    overrides: Overrides = NO_OVERRIDES,
    rules: Collection[str] = WATCHED_RULES,
) -> list[Finding]:
    """Return the verdicts of the rules over a window: a fault for each unbroken period, and each subject's last word.

    `events` and `readings` are frames as stores give them, the events from LOOK_BACK_MS before the window on; the
    readings are those of `wanted_readings`. `overrides` are those that hold on the window's last day.
    """
    machines = {name: make for name, make in PAST.items() if name.partition(".")[0] in rules or name == "fires"}
    site = Site(registry, live=False, facts=facts, overrides=overrides)
    watcher = Watcher(machines, site)
    told = [event for event in _events(events, registry, watcher.events, window) if not event.test]
    edges = _edges(watcher, told, readings, window)
    periods = [each for each in _periods(edges) if _meets(each, window)]
    seen = seen_of(told, readings, site, (window.start_ms, window.end_ms))
    return [finding for rule in sorted(rules) for finding in _verdicts(rule, periods, seen, window)]


def _events(frame: pl.DataFrame, registry: Registry, kinds: Collection[EventType], window: Window) -> list[Event]:
    lasting = pl.col("type").is_in([kind.value for kind in (*LASTING_EVENTS, EventType.RESET, EventType.SILENCED)])
    wanted = frame.filter(
        pl.col("type").is_in([kind.value for kind in kinds]),
        pl.col("time_ms") < window.end_ms,
        lasting | (pl.col("time_ms") >= window.start_ms - BRIEF_LOOK_BACK_MS),
    )
    return [_event(row, registry) for row in wanted.iter_rows(named=True)]


def _event(row: dict[str, object], registry: Registry) -> Event:
    time_ms, received_ms = int(str(row["time_ms"])), int(str(row["received_ms"]))
    return Event(
        site=registry.site.id,
        gateway=str(row["gateway"]),
        device=DeviceId(str(row["device"])),
        type=EventType(str(row["type"])),
        state=EventState(str(row["state"])),
        time=from_epoch_ms(time_ms),
        received=from_epoch_ms(received_ms),
        zone=str(row["zone"] or ""),
        test=bool(row["test"]),
        flags=ReadingFlag(int(str(row["flags"] or 0))),
        credential=str(row["credential"] or ""),
    )


Input = tuple[int, int, Event | Sample | tuple[str, int]]
"""When, in which order of what comes at once, and what: an event, a reading, or a device heard until an instant."""


def _edges(watcher: Watcher, events: Iterable[Event], readings: pl.DataFrame, window: Window) -> Iterator[Edge]:
    within = readings.filter(pl.col("time_ms") < window.end_ms)
    heeded = [device for device in watcher.site.registry.devices if watcher.heeds(device)]
    heeded += [event.device for event in events if event.type is not EventType.OFFLINE]
    inputs: list[list[Input]] = [
        sorted(((_at_ms(event), 1, event) for event in events), key=lambda each: each[0]),
        sorted(((first, 0, (device, last)) for first, device, last in heard(within, set(heeded))), key=lambda e: e[0]),
        [(sample.at_ms, 2, sample) for sample in samples(within, watcher.metrics, watcher.site)],
    ]
    for at_ms, _, given in merge(*inputs, key=lambda each: each[:2]):
        match given:
            case Event():
                yield from watcher.event(given, at_ms)
            case Sample():
                yield from watcher.sample(given)
            case (device, until_ms):
                yield from watcher.heard(device, at_ms, until_ms)
    yield from watcher.tick(window.end_ms)


def _at_ms(event: Event) -> int:
    """Return when it happened; what a clock that is ahead says happened when it came."""
    if event.flags & ReadingFlag.BACKFILL:
        return epoch_ms(event.time)
    return min(epoch_ms(event.time), epoch_ms(event.received))


def _periods(edges: Iterable[Edge]) -> list[Period]:
    """Return the periods that edges begin and end; one that gets graver goes on."""
    open_now: dict[tuple[str, str, str], Period] = {}
    over: list[Period] = []
    for edge in edges:
        place = (edge.rule, edge.alarm, edge.key)
        before = open_now.get(place)
        if edge.severity is None:
            if before is not None:
                over.append(replace(open_now.pop(place), end_ms=max(edge.at_ms, before.edge.since_ms)))
        elif before is None:
            open_now[place] = Period(edge=edge)
        elif is_graver(edge.severity, before.edge.severity):
            open_now[place] = Period(edge=replace(edge, since_ms=before.edge.since_ms))
    return sorted([*over, *open_now.values()], key=lambda period: period.edge.since_ms)


def _meets(period: Period, window: Window) -> bool:
    return period.edge.since_ms < window.end_ms and (period.end_ms is None or period.end_ms > window.start_ms)


def _verdicts(rule: str, periods: Iterable[Period], seen: Seen, window: Window) -> Iterator[Finding]:
    own = defaultdict[Subject, list[Period]](list)
    for period in periods:
        if period.edge.rule == rule:
            own[period.edge.subject].append(period)
    scopes = {scope.subject: scope for scope in seen.scopes(rule)}
    for subject in sorted({*own, *scopes}):
        scope = scopes.get(subject) or Scope(subject=subject)
        if scope.hides or scope.verdict is Verdict.NOT_APPLICABLE:
            yield _without(rule, scope, window.start_ms, window)
            continue
        faults = own.get(subject, [])
        yield from (_fault(period, window) for period in faults)
        if all(period.end_ms is not None and period.end_ms < window.end_ms for period in faults):
            since_ms = max((period.end_ms or 0 for period in faults), default=window.start_ms)
            yield _without(rule, scope, max(since_ms, window.start_ms), window)


def _fault(period: Period, window: Window) -> Finding:
    edge = period.edge
    start_ms, end_ms = max(edge.since_ms, window.start_ms), min(period.end_ms or window.end_ms, window.end_ms)
    unit_ms = UNITS_MS.get(edge.unit)
    lasted = None if unit_ms is None or edge.value is None else round((end_ms - edge.since_ms) / unit_ms, 2)
    evidence: dict[str, float | int | str | None] = {"device": edge.device} if edge.device else {}
    evidence["hours"] = round((end_ms - start_ms) / HOUR_MS, 3)
    return Finding(
        rule=edge.rule,
        subject=edge.subject,
        verdict=Verdict.FAULT,
        start=from_epoch_ms(start_ms),
        end=from_epoch_ms(max(start_ms, end_ms)),
        value=max(edge.value, lasted) if edge.value is not None and lasted is not None else edge.value,
        threshold=edge.threshold,
        unit=edge.unit,
        severity=edge.severity,
        evidence=evidence
        | ({"zone": edge.zone} if edge.zone else {})
        | ({"doubts": ",".join(edge.doubts)} if edge.doubts else {})
        | ({OVERRIDDEN: edge.overridden} if edge.overridden else {}),
    )


def _without(rule: str, scope: Scope, start_ms: int, window: Window) -> Finding:
    """Return what is said of a subject where there is no fault: that all is well, or why nobody can say."""
    return Finding(
        rule=rule,
        subject=scope.subject,
        verdict=Verdict.PASS if scope.lacks is None else scope.verdict,
        start=from_epoch_ms(start_ms),
        end=from_epoch_ms(window.end_ms),
        missing=() if scope.lacks is None else (scope.lacks,),
    )
