"""Thresholds that a site, building, room or thing has of its own: who chose them, why, and what they hold for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import Parameter
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, DeviceId, OpeningId, Registry, RoomId

OVERRIDDEN = "overridden"
"""The evidence, and the parameter of an alert, that says what was overridden."""

OVERRIDABLE = frozenset(CATALOGUE)

FIXED = frozenset(
    {
        ("S01", "spell_min"),
        ("S03", "vendor_target_low_pct"),
        ("S03", "vendor_target_high_pct"),
        ("A02", "outdoor_days"),
        ("G02", "window_h"),
        ("W01", "night_start_h"),
        ("W01", "night_end_h"),
        ("F04", "detector_days"),
        ("F04", "coverage_pct"),
        ("F08", "wireless_s"),
        ("F11", "coverage_pct"),
        ("G06", "coverage_pct"),
        ("L01", "mean_min"),
        ("L03", "mean_min"),
        ("L03", "detector_low_c"),
        ("L03", "detector_high_c"),
    }
)
"""Parameters that no site can override: stored features rest on them, or no rule reads them."""

SAFETY_RULES = frozenset(
    {"F01", "F02", "F03", "F05", "F06", "F07", "F08", "F09", "F10", "F12", "L01", "L03"}
    | {"D01", "D02", "D03", "D04", "D05", "D06"}
)
"""Rules that alert as things come in, for people's safety."""
_STRICTER_WHEN_HIGHER = frozenset({("F07", "staff")})
"""All other limits of safety rules are laxer the higher they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A parameter of a rule that has another value for a subject and all that is in it.

    It holds for analyses of days from `since` on. `beyond_standard` says why a safety limit may be laxer than its
    standard, and who answers for that.
    """

    rule: str
    parameter: str
    subject: Subject
    value: float
    by: str
    why: str
    since: date
    beyond_standard: str = ""

    @property
    def catalogued(self) -> Parameter:
        """Return what the catalogue says of the parameter."""
        return next(each for each in CATALOGUE[self.rule].parameters if each.name == self.parameter)

    @property
    def told(self) -> str:
        """Return what people are told of it: the value, the catalogue's in brackets, who, since when and why."""
        default = self.catalogued
        value = f"{self.parameter} {self.value:g} ({default.value:g} {default.unit})"
        beyond = f"; {default.source.standard}: {self.beyond_standard}" if self.beyond_standard else ""
        return f"{value}: {self.by}, {self.since}, {self.why}{beyond}"


def is_laxer_than_standard(rule: str, parameter: Parameter, value: float) -> bool:
    """Say whether a value of a safety rule's parameter asks for less than the standard it rests on."""
    if rule not in SAFETY_RULES or parameter.source.standard is None:
        return False
    if (rule, parameter.name) in _STRICTER_WHEN_HIGHER:
        return value < parameter.value
    return value > parameter.value


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a site has overridden; the nearest to a subject counts, over the site's down to the thing's own."""

    entries: tuple[Override, ...] = ()

    def on(self, day: date) -> "Overrides":
        """Return those that hold on a day."""
        return Overrides(tuple(each for each in self.entries if each.since <= day))

    def of_rules(self, rules: frozenset[str]) -> "Overrides":
        """Return those of some rules."""
        return Overrides(tuple(each for each in self.entries if each.rule in rules))

    def holding(self, subject: Subject, registry: Registry) -> tuple[Override, ...]:
        """Return what holds for a subject: of each parameter the nearest."""
        return self.nearest(around(subject, registry))

    def nearest(self, places: Iterable[Subject]) -> tuple[Override, ...]:
        """Return of each parameter what holds for the first of the places that has it, by rule and parameter."""
        near = {each: rank for rank, each in enumerate(places)}
        nearest: dict[tuple[str, str], Override] = {}
        for each in self.entries:
            key = each.rule, each.parameter
            known = nearest.get(key)
            if each.subject in near and (known is None or near[each.subject] < near[known.subject]):
                nearest[key] = each
        return tuple(nearest[key] for key in sorted(nearest))


NO_OVERRIDES = Overrides()


class LimitsOf(Protocol):
    """Gives the thresholds of any subject."""

    def at(self, rule: str, parameter: str, subject: Subject) -> float:
        """Return a rule's threshold for a subject, in its unit."""
        ...

    def told_at(self, rule: str, subject: Subject) -> str:
        """Return what of a rule is overridden for a subject, with who and why; empty where nothing is."""
        ...


class CatalogueLimits:
    """The catalogue's thresholds for everything."""

    def at(self, rule: str, parameter: str, _subject: Subject) -> float:
        """Return the catalogue's."""
        return CATALOGUE[rule].parameter(parameter)

    def told_at(self, _rule: str, _subject: Subject) -> str:
        """Return nothing."""
        return ""


CATALOGUED: LimitsOf = CatalogueLimits()


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds of every device, for rules that judge as things come in: the catalogue's, less what is overridden.

    What counts is where a device is now, as the registry has it.
    """

    overrides: Overrides
    registry: Registry
    _holding: dict[Subject, dict[tuple[str, str], Override]] = field(default_factory=dict)

    def value(self, rule: str, parameter: str, device: str) -> float:
        """Return a rule's threshold for a device, in its unit; of the site where there is no such device."""
        return self.at(rule, parameter, self._device(device))

    def told(self, rule: str, device: str) -> str:
        """Return what of a rule is overridden for a device, with who and why; empty where nothing is."""
        return self.told_at(rule, self._device(device))

    def at(self, rule: str, parameter: str, subject: Subject) -> float:
        """Return a rule's threshold for a subject, in its unit."""
        if self.overrides.entries:
            found = self._of(subject).get((rule, parameter))
            if found is not None:
                return found.value
        return CATALOGUE[rule].parameter(parameter)

    def told_at(self, rule: str, subject: Subject) -> str:
        """Return what of a rule is overridden for a subject, with who and why; empty where nothing is."""
        if not self.overrides.entries:
            return ""
        return "; ".join(each.told for (of, _), each in self._of(subject).items() if of == rule)

    def _device(self, device: str) -> Subject:
        known = DeviceId(device) in self.registry.devices
        return Subject(SubjectKind.DEVICE, device) if known else Subject(SubjectKind.SITE, self.registry.site.id)

    def _of(self, subject: Subject) -> dict[tuple[str, str], Override]:
        if subject not in self._holding:
            holding = self.overrides.holding(subject, self.registry)
            self._holding[subject] = {(each.rule, each.parameter): each for each in holding}
        return self._holding[subject]


def around(subject: Subject, registry: Registry) -> Iterator[Subject]:
    """Yield a subject and what it is in, the nearest first: its room, its building, the site."""
    yield subject
    if subject.kind is not SubjectKind.SITE:
        yield from _places(subject, registry)
        yield Subject(SubjectKind.SITE, registry.site.id)


def _places(subject: Subject, registry: Registry) -> Iterator[Subject]:
    match subject.kind:
        case SubjectKind.ROOM:
            yield from _building(registry.rooms[RoomId(subject.id)].building if subject.id in registry.rooms else None)
        case SubjectKind.CIRCUIT if subject.id in registry.circuits:
            yield from _building(registry.circuit_building(CircuitId(subject.id)))
        case SubjectKind.OPENING if subject.id in registry.openings:
            room = registry.openings[OpeningId(subject.id)].room
            yield from _room(room, registry)
        case SubjectKind.DEVICE if subject.id in registry.devices:
            yield from _of_device(DeviceId(subject.id), registry)
        case _:
            return


def _of_device(device: DeviceId, registry: Registry) -> Iterator[Subject]:
    placements = registry.devices[device].placements
    if not placements:
        return
    place = placements[-1]
    if place.circuit is not None:
        yield Subject(SubjectKind.CIRCUIT, place.circuit)
    if place.opening is not None:
        yield Subject(SubjectKind.OPENING, place.opening)
        yield from _room(registry.openings[place.opening].room, registry)
    elif place.room is not None:
        yield from _room(place.room, registry)
    else:
        yield from _building(registry.building_of(place))


def _room(room: RoomId | None, registry: Registry) -> Iterator[Subject]:
    if room is not None:
        yield Subject(SubjectKind.ROOM, room)
        yield from _building(registry.rooms[room].building)


def _building(building: str | None) -> Iterator[Subject]:
    if building is not None:
        yield Subject(SubjectKind.BUILDING, building)


def subjects_of(registry: Registry) -> Iterator[Subject]:
    """Yield everything in a registry that a rule may speak of."""
    yield Subject(SubjectKind.SITE, registry.site.id)
    kinds = (
        (SubjectKind.BUILDING, registry.buildings),
        (SubjectKind.ROOM, registry.rooms),
        (SubjectKind.CIRCUIT, registry.circuits),
        (SubjectKind.OPENING, registry.openings),
        (SubjectKind.DEVICE, registry.devices),
        (SubjectKind.GATEWAY, sorted({each.gateway for each in registry.devices.values() if each.gateway})),
    )
    for kind, ids in kinds:
        yield from (Subject(kind, identifier) for identifier in ids)
