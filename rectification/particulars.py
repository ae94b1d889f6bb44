"""What the ledger says of an item beside its state: what people wrote, and what follows where they wrote nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from rectification.model import Item, rule_of
from sensors.catalogue.model import Confidence, Family, RuleSpec, Verification
from sensors.catalogue.model import Source as RuleSource
from sensors.catalogue.standards import STANDARDS
from sensors.subjects import Subject, SubjectKind
from sensors.topology import (
    BuildingId,
    CircuitId,
    DepartmentId,
    DeviceId,
    Name,
    OpeningId,
    Registry,
    Room,
    RoomId,
)


class Source(StrEnum):
    """How an item came to be known (来源)."""

    FINDING = "finding"
    """监测: a rule found it in the readings."""
    INSPECTION = "inspection"
    """排查: somebody went round with a checklist."""
    PEOPLE = "people"
    """群众报告: whoever uses the building told of it."""
    PERSON = "person"
    """人工登记: entered by hand, or from an imported ledger."""
    REALLOCATION = "reallocation"
    """调剂: a proposal to give rooms to others was taken."""


class DeadlineKind(StrEnum):
    """By when in kind (时限): 立行立改, 限期, 长期."""

    AT_ONCE = "at_once"
    BY_DATE = "by_date"
    LONG_TERM = "long_term"


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What people wrote of an item. An empty text, or None, means that nobody wrote it: see the functions below.

    `source_ref` is the id of the finding, inspection or report it came from. `unit` is who answers for it (责任单位),
    `helpers` the units that help; `leader` (牵头领导) is an account's id, or a name as written. `funds_yuan` is what is
    set aside. `contingency` is what is done if it goes wrong meanwhile (预案).
    """

    source: Source = Source.FINDING
    source_ref: str = ""
    title: str = ""
    problem: str = ""
    category: str = ""
    clause: str = ""
    location: str = ""
    goal: str = ""
    unit: DepartmentId | None = None
    leader: str = ""
    helpers: tuple[DepartmentId, ...] = ()
    funds_yuan: float | None = None
    deadline_kind: DeadlineKind = DeadlineKind.BY_DATE
    progress_pct: int | None = None
    result: str = ""
    remark: str = ""
    contingency: str = ""


NOTHING_WRITTEN = Particulars()

CATEGORIES: Mapping[Family, Name] = MappingProxyType(
    {
        Family.SPACE: Name(zh="办公用房使用", en="Use of office space"),
        Family.ENERGY: Name(zh="能源资源节约", en="Energy"),
        Family.WATER: Name(zh="用水与渗漏", en="Water"),
        Family.AIR: Name(zh="室内环境", en="Indoor environment"),
        Family.FIRE: Name(zh="消防安全", en="Fire safety"),
        Family.ELECTRICAL: Name(zh="电气安全", en="Electrical safety"),
        Family.DOORS: Name(zh="门禁与出入口", en="Doors and access"),
        Family.DATA: Name(zh="监测设备", en="Monitoring equipment"),
    }
)
"""What the ledger calls the families of rules (类别): the project's own words."""

CLEANING = Name(zh="环境卫生", en="Cleaning")
BEYOND_RULES = (
    Name(zh="房屋安全", en="Structural safety"),
    CLEANING,
    Name(zh="生活垃圾分类", en="Waste sorting"),
)
"""Categories of checklists that no rule has."""

OTHER_CATEGORY = Name(zh="其他", en="Other")
KNOWN_CATEGORIES = (*CATEGORIES.values(), *BEYOND_RULES, OTHER_CATEGORY)
"""Shown in the reader's language, whatever the language of who wrote one."""

CITABLE = frozenset({Confidence.STANDARD, Confidence.HIGH})
"""What may stand in a ledger: our own choices and what is only half remembered are no clause."""

RESTRICTED = Name(zh="涉密场所", en="restricted room")


def title_of(item: Item, given: Particulars) -> Name:
    """Return what the item is called: as written, else the rule's name, else the beginning of the problem."""
    spec = rule_of(item)
    if given.title or spec is None:
        return _same(given.title or _first_line(given.problem) or _first_line(item.measure))
    return spec.name


def problem_of(item: Item, given: Particulars, registry: Registry) -> Name:
    """Return what is wrong (问题描述): as written, else where it is and what the rule calls it.

    How the rule computes is no description of what is wrong; the catalogue tells it.
    """
    spec = rule_of(item)
    if given.problem or spec is None:
        return _same(given.problem or given.title)
    place = location_of(item, given, registry)
    return Name(zh=f"{place.zh}：{spec.name.zh}", en=f"{place.en}: {spec.name.en}")


def category_of(item: Item, given: Particulars) -> Name:
    """Return the category (类别): as written, in both languages where it is a known one, else the rule's family."""
    if given.category:
        known = (name for name in KNOWN_CATEGORIES if given.category in {name.zh, name.en})
        return next(known, _same(given.category))
    spec = rule_of(item)
    return OTHER_CATEGORY if spec is None else CATEGORIES[spec.family]


def family_of(item: Item, given: Particulars) -> Family | None:
    """Return the family that the category means, whether people wrote it or it follows from the rule; None of others.

    An inspection that finds a burnt outlet finds a hazard as much as a rule does.
    """
    spec = rule_of(item)
    return family_named(given.category) if given.category or spec is None else spec.family


def family_named(category: str) -> Family | None:
    """Return the family that a category names in either language; None where it names none."""
    return next((family for family, name in CATEGORIES.items() if category in {name.zh, name.en}), None)


def clause_of(item: Item, given: Particulars) -> Name:
    """Return what it rests on (依据条款): as written, else the standards that the rule cites, unsure ones left out."""
    spec = rule_of(item)
    if given.clause or spec is None:
        return _same(given.clause)
    cited = dict.fromkeys(source for source in _sources(spec) if source.confidence in CITABLE)
    named = [(STANDARDS[source.standard].title, source.text) for source in cited if source.standard is not None]
    return Name(
        zh="; ".join(f"《{title.zh}》({text})" for title, text in named),
        en="; ".join(f"{title.en} ({text})" for title, text in named),
    )


def goal_of(item: Item, given: Particulars) -> Name:
    """Return what is to be reached (整改目标): as written, else that the rule finds no fault any more, and how long."""
    spec = rule_of(item)
    if given.goal or spec is None:
        return _same(given.goal) if given.goal else Name(zh="问题消除,经现场核查", en="mended, as an inspection shows")
    proof = _PROOFS[spec.verified_by]
    days = spec.verification_window_days
    return Name(
        zh=f"消除“{spec.name.zh}”,{proof.zh.format(days=days)}",
        en=f"no more “{spec.name.en}”, {proof.en.format(days=days)}",
    )


_PROOFS: Mapping[Verification, Name] = MappingProxyType(
    {
        Verification.READINGS: Name(zh="监测数据连续{days}天正常", en="readings normal for {days} days"),
        Verification.RECORD: Name(zh="有记录证明", en="shown by a record"),
        Verification.INSPECTION: Name(zh="经现场核查", en="shown by an inspection"),
    }
)


def location_of(item: Item, given: Particulars, registry: Registry) -> Name:
    """Return where it is (位置): as written, else building, floor and room of the subject; restricted rooms unnamed."""
    place = place_of(item.subject, registry)
    return _same(given.location) if given.location not in {"", place.zh, place.en} else place


def place_of(subject: Subject, registry: Registry) -> Name:
    """Return where a subject of the registry is; its id where the registry does not know it."""
    room = room_of(subject, registry)
    if room is not None:
        return _within(room, registry)
    building = building_of(subject, registry)
    if subject.kind is SubjectKind.SITE or building is None:
        return registry.site.name if subject.kind is SubjectKind.SITE else _same(subject.id)
    name = registry.buildings[building].name
    own = "" if subject.kind is SubjectKind.BUILDING else f" {subject.id}"
    return Name(zh=f"{name.zh}{own}", en=f"{name.en}{own}")


def room_of(subject: Subject, registry: Registry) -> Room | None:
    """Return the room that a subject is, or is in; None where it is in none."""
    ids: Mapping[SubjectKind, RoomId | None] = {
        SubjectKind.ROOM: RoomId(subject.id),
        SubjectKind.OPENING: _room_of_opening(subject, registry),
        SubjectKind.DEVICE: _room_of_device(subject, registry),
    }
    room = ids.get(subject.kind)
    return None if room is None else registry.rooms.get(room)


def building_of(subject: Subject, registry: Registry) -> BuildingId | None:
    """Return the building that a subject is, or belongs to; None where that is not known."""
    room = room_of(subject, registry)
    if room is not None:
        return room.building
    if subject.kind is SubjectKind.BUILDING:
        return BuildingId(subject.id) if subject.id in registry.buildings else None
    if subject.kind is SubjectKind.CIRCUIT and subject.id in registry.circuits:
        return registry.circuit_building(CircuitId(subject.id))
    device = registry.devices.get(DeviceId(subject.id)) if subject.kind is SubjectKind.DEVICE else None
    return None if device is None or not device.placements else registry.building_of(device.placements[-1])


def unit_of(item: Item, given: Particulars, registry: Registry) -> DepartmentId | None:
    """Return who answers for it (责任单位): as written, else the department of the room or circuit."""
    if given.unit is not None:
        return given.unit
    room = room_of(item.subject, registry)
    if room is not None:
        return room.department
    circuit = registry.circuits.get(CircuitId(item.subject.id)) if item.subject.kind is SubjectKind.CIRCUIT else None
    return None if circuit is None else circuit.department


def _within(room: Room, registry: Registry) -> Name:
    building = registry.buildings[room.building].name
    name = RESTRICTED if room.restricted else room.name
    return Name(zh=f"{building.zh}{room.floor}层{name.zh}", en=f"{building.en}, floor {room.floor}, {name.en}")


def _room_of_opening(subject: Subject, registry: Registry) -> RoomId | None:
    opening = registry.openings.get(OpeningId(subject.id))
    return None if opening is None else opening.room


def _room_of_device(subject: Subject, registry: Registry) -> RoomId | None:
    device = registry.devices.get(DeviceId(subject.id))
    if device is None or not device.placements:
        return None
    place = device.placements[-1]
    opening = None if place.opening is None else registry.openings.get(place.opening)
    return place.room or (None if opening is None else opening.room)


def _sources(spec: RuleSpec) -> tuple[RuleSource, ...]:
    return (*spec.basis, *(parameter.source for parameter in spec.parameters))


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:60]


def _same(text: str) -> Name:
    return Name(zh=text, en=text)
