"""Whom each rule judges over the past, and where it cannot say that all is well."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from alerts.watch.facts import Facts
from alerts.watch.machine import HOUR_MS, SECOND_MS
from alerts.watch.rules.clock_drift import CLOCK_OFFSET
from alerts.watch.rules.link_lost import OF_PANELS
from alerts.watch.rules.passed_back import area_of, areas
from alerts.watch.site import Site, is_panel
from sensors.events import Event, EventType
from sensors.plausibility import check_unit, looks_fahrenheit, looks_like
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import Limits
from sensors.topology import Device, DeviceId, Direction, Opening, OpeningKind, Registry
from sensors.verdicts import Verdict

HEARTBEAT, REX_WIRED, APPROVALS = "device.heartbeat_s", "opening.rex_wired", "isolation_approvals"
CONFIRMED_FIRE, DUTY_LOG, DIGESTS = "a confirmed fire", "duty_log", "credential digests"
CABLE, RESIDUAL = "cable_temperature_c", "residual_current_ma"
LONG_ENOUGH_MS = 23 * HOUR_MS
"""Nobody takes a day's heat for another unit before the day is over. The project's own choice."""
WAY_OUT = "device.direction"
"""A door lacks it where only its way in has a reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A subject that a rule judges. `lacks` names what keeps it from saying that all is well, `verdict` what it says.

    `hides` where without it no fault can be told either.
    """

    subject: Subject
    lacks: str | None = None
    verdict: Verdict = Verdict.INSUFFICIENT_DATA
    hides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of a site in a window: who speaks, how well, and what of."""

    registry: Registry
    spoken: Mapping[str, frozenset[EventType]]
    covered: Mapping[str, float]
    """The share of the window, or of the expected samples, for which a device was heard."""
    measured: frozenset[tuple[str, str]]
    """Devices and the metrics that were seen of them."""
    facts: Facts
    limits: Limits
    doubted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Devices and metrics whose values look like another unit, with what is said of them."""
    digested: frozenset[str] = frozenset()
    """The devices that tell cards apart."""

    def scopes(self, rule: str) -> Iterator[Scope]:
        """Yield whom a rule judges."""
        return SCOPES[rule](self, rule)

    def lacks(self, device: str, rule: str) -> str | None:
        """Return what is missing to say that a device had nothing to tell: how often it speaks, or its words."""
        known = self.registry.devices.get(DeviceId(device))
        if known is None or not (known.interval_s or known.heartbeat_s):
            return HEARTBEAT
        least = self.limits.value(rule, "coverage_pct", device) / 100
        return None if self.covered.get(device, 0.0) >= least else "|".join(known.metrics) or HEARTBEAT

    def panels(self) -> list[Device]:
        """Return the fire panels: by the registry, and by what they say."""
        devices = self.registry.devices.values()
        return [each for each in devices if is_panel(each) or self.spoken.get(each.id, frozenset()) & OF_PANELS]

    def measuring(self, metric: str) -> list[Device]:
        """Return the devices that show a metric."""
        return [
            each
            for each in self.registry.devices.values()
            if metric in each.metrics or (each.id, metric) in self.measured
        ]

    def at(self, opening: Opening, metric: str | None = None) -> list[Device]:
        """Return the devices at an opening, those that show a metric."""
        devices = self.registry.devices.values() if metric is None else self.measuring(metric)
        return [each for each in devices if each.placements and each.placements[-1].opening == opening.id]


def seen_of(events: Iterable[Event], readings: pl.DataFrame, site: Site, span_ms: tuple[int, int]) -> Seen:
    """Return what was seen in a window."""
    spoken: dict[str, set[EventType]] = {}
    digested = set[str]()
    for event in events:
        spoken.setdefault(event.device, set()).add(event.type)
        digested |= {event.device} if event.credential else set()
    registry = site.registry
    within = readings.filter(pl.col("time_ms").is_between(*span_ms, closed="left"))
    pairs = within.select("device", "metric").unique().iter_rows()
    return Seen(
        registry=registry,
        spoken={device: frozenset(kinds) for device, kinds in spoken.items()},
        covered=_covered(within, registry, span_ms),
        measured=frozenset((device, metric) for device, metric in pairs),
        doubted=dict(_doubted(within)),
        facts=site.facts,
        limits=site.limits,
        digested=frozenset(digested),
    )


def _doubted(within: pl.DataFrame) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what looks like another unit all the time; what was watched for less than a day may be a fault."""
    lay = (
        within.filter(pl.col("metric").is_in([CABLE, RESIDUAL]))
        .drop_nulls("value")
        .group_by("device", "metric")
        .agg(
            least=pl.min("value"),
            median=pl.median("value"),
            mean=pl.mean("value"),
            peak=pl.col("value").abs().max(),
            long=pl.max("time_ms") - pl.min("time_ms") >= LONG_ENOUGH_MS,
        )
        .filter("long")
    )
    for device, metric, least, median, mean, peak in lay.drop("long").iter_rows():
        is_fahrenheit = metric == CABLE and looks_fahrenheit(least, median)
        unit = "°F" if is_fahrenheit else looks_like(metric, mean, peak)
        if unit is not None:
            yield (device, metric), check_unit(metric, device, unit)


def _covered(within: pl.DataFrame, registry: Registry, span_ms: tuple[int, int]) -> dict[str, float]:
    start_ms, end_ms = span_ms
    every = {
        device.id: round((device.heartbeat_s or device.interval_s or 0.0) * SECOND_MS)
        for device in registry.devices.values()
    }
    lengths = pl.DataFrame({"device": list(every), "may_ms": list(every.values())})
    times = within.select("device", "time_ms").unique().sort("device", "time_ms")
    until = pl.col("time_ms").shift(-1).over("device").fill_null(end_ms)
    held = (until - pl.col("time_ms")).clip(upper_bound=pl.col("may_ms"))
    shares = (
        times.join(lengths, on="device", how="inner")
        .with_columns(held_ms=held)
        .group_by("device")
        .agg(pl.sum("held_ms"))
    )
    return {device: held_ms / max(end_ms - start_ms, 1) for device, held_ms in shares.iter_rows()}


# Whom each rule judges.


def _device(device: Device) -> Subject:
    return Subject(SubjectKind.DEVICE, device.id)


def _panels(seen: Seen, rule: str) -> Iterator[Scope]:
    for panel in seen.panels():
        yield Scope(subject=_device(panel), lacks=seen.lacks(panel.id, rule))


def _fires(seen: Seen, rule: str) -> Iterator[Scope]:
    yield from _panels(seen, rule)
    panels = {panel.id for panel in seen.panels()}
    yield from (each for each in _saying(EventType.SMOKE)(seen, rule) if each.subject.id not in panels)


def _relays(seen: Seen, rule: str) -> Iterator[Scope]:
    for panel in seen.panels():
        known = (panel.id, CLOCK_OFFSET) in seen.measured
        lacks = seen.lacks(panel.id, rule) if known else CLOCK_OFFSET
        yield Scope(subject=_device(panel), lacks=lacks)


def _isolations(seen: Seen, rule: str) -> Iterator[Scope]:
    for panel in seen.panels():
        if seen.facts.known or EventType.ISOLATION not in seen.spoken.get(panel.id, frozenset()):
            yield Scope(subject=_device(panel), lacks=seen.lacks(panel.id, rule))
        else:
            yield Scope(subject=_device(panel), lacks=APPROVALS, hides=True)


def _saying(kind: EventType) -> Callable[[Seen, str], Iterator[Scope]]:
    def scopes(seen: Seen, rule: str) -> Iterator[Scope]:
        for device in seen.registry.devices.values():
            if kind in seen.spoken.get(device.id, frozenset()):
                yield Scope(subject=_device(device), lacks=seen.lacks(device.id, rule))

    return scopes


def _tampered(seen: Seen, rule: str) -> Iterator[Scope]:
    """Yield the devices that have a tamper input, as they showed, and those that tell of their clock."""
    clocks = {device.id for device in seen.measuring(CLOCK_OFFSET)}
    for device in seen.registry.devices.values():
        if device.id in clocks or EventType.TAMPER in seen.spoken.get(device.id, frozenset()):
            is_told = device.id not in clocks or (device.id, CLOCK_OFFSET) in seen.measured
            yield Scope(subject=_device(device), lacks=seen.lacks(device.id, rule) if is_told else CLOCK_OFFSET)


def _site(seen: Seen, _rule: str) -> Iterator[Scope]:
    if any(EventType.ROLL_CALL in kinds for kinds in seen.spoken.values()):
        known = seen.facts.known
        yield Scope(
            subject=Subject(SubjectKind.SITE, seen.registry.site.id),
            lacks=None if known else DUTY_LOG,
            hides=not known,
        )


def _doors(kind: OpeningKind, metric: str | None) -> Callable[[Seen, str], Iterator[Scope]]:
    def scopes(seen: Seen, rule: str) -> Iterator[Scope]:
        for opening in seen.registry.openings.values():
            if opening.kind is kind:
                yield _door(seen, rule, opening, metric)

    return scopes


def _door(seen: Seen, rule: str, opening: Opening, metric: str | None) -> Scope:
    subject, devices = Subject(SubjectKind.OPENING, opening.id), seen.at(opening, metric)
    if not devices:
        return Scope(subject=subject, lacks=metric or "device.metrics", verdict=Verdict.NOT_APPLICABLE)
    lacking = [lack for each in devices if (lack := seen.lacks(each.id, rule)) is not None]
    return Scope(subject=subject, lacks=lacking[0] if lacking else None)


def _wired_doors(seen: Seen, rule: str) -> Iterator[Scope]:
    for opening in seen.registry.openings.values():
        if opening.kind is OpeningKind.ACCESS:
            if opening.rex_wired:
                yield _door(seen, rule, opening, "open")
            else:
                subject = Subject(SubjectKind.OPENING, opening.id)
                yield Scope(subject=subject, lacks=REX_WIRED, verdict=Verdict.NOT_APPLICABLE)


def _released(seen: Seen, _rule: str) -> Iterator[Scope]:
    """Yield doors that a fire releases; that there was none shows nothing of them."""
    for opening in seen.registry.openings.values():
        if opening.release_on_fire:
            has_lock = bool(seen.at(opening, "locked"))
            lacks = CONFIRMED_FIRE if has_lock else "locked"
            verdict = Verdict.INSUFFICIENT_DATA if has_lock else Verdict.NOT_APPLICABLE
            yield Scope(subject=Subject(SubjectKind.OPENING, opening.id), lacks=lacks, verdict=verdict)


def _controllers(seen: Seen, rule: str) -> Iterator[Scope]:
    for opening in seen.registry.openings.values():
        if opening.kind is OpeningKind.ACCESS:
            for device in seen.at(opening):
                yield Scope(subject=_device(device), lacks=seen.lacks(device.id, rule))


def _readers(seen: Seen, rule: str) -> Iterator[Scope]:
    """Yield the doors whose readers' direction is known, which nobody has to say: the rule is off by default."""
    sides = areas(seen.registry)
    for reader in seen.registry.devices.values():
        if reader.direction is not Direction.IN or (area := area_of(reader, seen.registry)) is None:
            continue
        subject = Subject(SubjectKind.OPENING, area.door)
        readers = sides[area.key]
        if not readers[Direction.OUT]:
            yield Scope(subject=subject, lacks=WAY_OUT, verdict=Verdict.NOT_APPLICABLE)
        elif _passes(seen, readers) and seen.digested.isdisjoint(_every(readers)):
            yield Scope(subject=subject, lacks=DIGESTS, verdict=Verdict.NOT_APPLICABLE)
        else:
            yield Scope(subject=subject, lacks=seen.lacks(reader.id, rule))


def _passes(seen: Seen, readers: Mapping[Direction, frozenset[str]]) -> bool:
    """Say whether cards were read at all on either side."""
    return any(EventType.GRANTED in seen.spoken.get(each, frozenset()) for each in _every(readers))


def _every(readers: Mapping[Direction, frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*readers.values())


def _measured(metric: str) -> Callable[[Seen, str], Iterator[Scope]]:
    def scopes(seen: Seen, rule: str) -> Iterator[Scope]:
        for device in seen.measuring(metric):
            place = device.placements[-1] if device.placements else None
            circuit = None if place is None else place.circuit
            subject = _device(device) if circuit is None else Subject(SubjectKind.CIRCUIT, circuit)
            doubt = seen.doubted.get((device.id, metric))
            if doubt is not None:
                yield Scope(subject=subject, lacks=doubt, hides=True)
                continue
            shows = (device.id, metric) in seen.measured
            yield Scope(subject=subject, lacks=seen.lacks(device.id, rule) if shows else metric)

    return scopes


SCOPES: Mapping[str, Callable[[Seen, str], Iterator[Scope]]] = MappingProxyType(
    {
        "F01": _fires,
        "F02": _relays,
        "F03": _panels,
        "F05": _isolations,
        "F06": _panels,
        "F07": _site,
        "F08": _panels,
        "F09": _doors(OpeningKind.FIRE_CLOSED, "open"),
        "F10": _released,
        "F12": _saying(EventType.LEAK),
        "D01": _doors(OpeningKind.ACCESS, "open"),
        "D02": _wired_doors,
        "D03": _doors(OpeningKind.ACCESS, None),
        "D04": _controllers,
        "D05": _readers,
        "D06": _tampered,
        "L01": _measured(RESIDUAL),
        "L03": _measured(CABLE),
    }
)
"""By rule."""
