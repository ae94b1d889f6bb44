"""Which items belong together: those of one cause, proposed by a rule that one can state. A person decides.

The cause of an item is, first of these that holds:

1. of a device's own trouble (the family `data`), the gateway that it hangs on: one box or its supply;
2. of a circuit, the branch of the meter tree that it hangs under, below the building's mains: one plant, one board;
3. else the building that it is in: one property company, one heating plant;

each with the rule's family, for the measures of a family are of one trade. Items that no rule found have the family
that their category names, or none. The rule of grouping is the project's own choice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rectification.model import Item, ItemState, rule_of
from rectification.particulars import NOTHING_WRITTEN, Particulars, building_of, family_named
from sensors.catalogue.model import Family
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, CircuitItem, DeviceId, Registry
from sensors.verdicts import Severity

GROUPED_STATES = frozenset({ItemState.DRAFT, ItemState.ASSIGNED, ItemState.IN_PROGRESS})
"""Items that a plan can still do something for."""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Cause:
    """What items may have in common: a family of rules, and where; `family` is empty where no rule names one."""

    family: str
    place: Subject

    def __str__(self) -> str:
        """Return the written form, `energy@building:a`."""
        return f"{self.family}@{self.place}"

    @classmethod
    def parse(cls, text: str) -> "Cause":
        """Return the cause of its written form; ValueError says what is wrong with it."""
        family, separator, place = text.partition("@")
        if not separator or (family and family not in Family.__members__.values()):
            msg = f"{text!r} is not a cause; write FAMILY@KIND:ID"
            raise ValueError(msg)
        return cls(family=family, place=Subject.parse(place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items of one cause, the gravest and then the oldest first."""

    cause: Cause
    items: tuple[Item, ...]

    @property
    def severity(self) -> Severity:
        """Return the gravest of its items' severities."""
        return self.items[0].severity


def groups(items: Iterable[Item], particulars: Mapping[str, Particulars], registry: Registry) -> tuple[Group, ...]:
    """Return the groups in which to propose items: those in no plan that nobody set apart; large groups first."""
    by_cause: defaultdict[Cause, list[Item]] = defaultdict(list)
    for item in items:
        if item.state in GROUPED_STATES and item.plan_id is None and not item.is_apart:
            by_cause[cause_of(item, particulars.get(item.id, NOTHING_WRITTEN), registry)].append(item)
    made = [Group(cause=cause, items=tuple(sorted(found, key=_gravest))) for cause, found in by_cause.items()]
    return tuple(sorted(made, key=lambda group: (-len(group.items), _rank(group.severity), group.cause)))


def cause_of(item: Item, given: Particulars, registry: Registry) -> Cause:
    """Return the cause of an item, as the head of this module states it."""
    spec = rule_of(item)
    named = family_named(given.category) if spec is None else spec.family
    family = "" if named is None else named.value
    return Cause(family=family, place=_place(item.subject, family, registry))


def _place(subject: Subject, family: str, registry: Registry) -> Subject:
    if subject.kind is SubjectKind.GATEWAY:
        return subject
    if subject.kind is SubjectKind.DEVICE and family == Family.DATA:
        device = registry.devices.get(DeviceId(subject.id))
        if device is not None and device.gateway is not None:
            return Subject(SubjectKind.GATEWAY, device.gateway)
    if subject.kind is SubjectKind.CIRCUIT and subject.id in registry.circuits:
        return Subject(SubjectKind.CIRCUIT, _branch(CircuitId(subject.id), registry))
    building = building_of(subject, registry)
    return Subject(SubjectKind.SITE, registry.site.id) if building is None else Subject(SubjectKind.BUILDING, building)


def _branch(circuit: CircuitId, registry: Registry) -> CircuitId:
    """Return the highest circuit above one, itself included, that is not the mains of a building or site."""
    line = [registry.circuits[circuit], *registry.above(circuit)]
    below = [each.id for each in line if each.item is not CircuitItem.TOTAL]
    return below[-1] if below else circuit


def _gravest(item: Item) -> tuple[int, int]:
    return _rank(item.severity), item.number


def _rank(severity: Severity) -> int:
    return list(Severity).index(severity)
