"""The sheet of an item as its page shows it: what is written and what follows, evidence, repairs, the look back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from api.pages.desk import Desk
from api.pages.views import Choice, Moment
from rectification.evidence import MAX_BYTES, EvidenceFile, Shows
from rectification.look_back import LookBack, look_back_of
from rectification.model import BESIDE, Item, ItemAction, measure_of
from rectification.particulars import (
    DeadlineKind,
    Particulars,
    category_of,
    clause_of,
    goal_of,
    location_of,
    problem_of,
    title_of,
    unit_of,
)
from rectification.particulars_checks import Sheet
from rectification.repairs import REPAIR_TRANSITIONS, Repair, RepairAction, RepairState
from rectification.sheets import sheet_of
from sensors.actors import Permission
from sensors.topology import DepartmentId, Name

REPAIR_TONES: Mapping[RepairState, str] = MappingProxyType(
    {
        RepairState.REPORTED: "yellow",
        RepairState.ORDERED: "blue",
        RepairState.DONE: "good",
        RepairState.CANCELLED: "none",
    }
)
LOOK_BACK_TONES: Mapping[LookBack, str] = MappingProxyType(
    {LookBack.RUNNING: "blue", LookBack.DUE: "yellow", LookBack.HELD: "good", LookBack.RECURRED: "orange"}
)

LINES = ("title", "category", "location", "clause")
TEXTS = ("problem", "goal", "measure", "contingency", "result", "remark")
"""The fields of the form, in one line and in several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFact:
    """One line of the sheet; `is_written` where a person wrote it and it does not follow from rule and place."""

    label: str
    text: str
    is_written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetField:
    """One text of the form: what is written now, and what holds where it is left empty."""

    name: str
    label: str
    value: str
    stands_in: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file of evidence; `gone` says who took it away and why."""

    id: str
    name: str
    url: str
    thumbnail: str
    size: str
    shows: str
    who: str
    when: Moment
    gone: str
    can_remove: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRow:
    """One repair with what can be done to it next."""

    id: str
    number: int
    what: str
    state: RepairState
    state_text: str
    tone: str
    contractor: str
    cost: str
    result: str
    reported: Moment
    can_order: bool
    can_finish: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLink:
    """The plan that an item is in."""

    url: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBackView:
    """What became of a signed item since."""

    text: str
    tone: str
    can_look: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPage:
    """All of the sheet, and which of its forms this person is offered."""

    revision: int
    facts: Sequence[SheetFact]
    lines: Sequence[SheetField]
    texts: Sequence[SheetField]
    units: Sequence[Choice]
    helpers: Sequence[Choice]
    kinds: Sequence[Choice]
    shows: Sequence[Choice]
    given: Particulars
    deadline: str
    files: Sequence[FileView]
    most_bytes: int
    repairs: Sequence[RepairRow]
    plan: PlanLink | None
    look_back: LookBackView | None
    told: bool
    can_edit: bool
    can_report: bool
    can_attach: bool
    can_repair: bool


def sheet_page(desk: Desk, item: Item) -> SheetPage:
    """Return the sheet of an item."""
    sheet = sheet_of(desk.tx, item)
    is_own = item.responsible == desk.actor.id and desk.actor.may(Permission.WORK_ON_ITEM)
    manages = desk.actor.may(Permission.MANAGE_ITEM)
    works = desk.actor.may(Permission.WORK_ON_ITEM)
    return SheetPage(
        revision=item.revision,
        facts=list(_facts(desk, item, sheet)),
        lines=[_field(desk, item, sheet, name) for name in LINES],
        texts=[_field(desk, item, sheet, name) for name in TEXTS],
        units=_units(desk, (sheet.given.unit,)),
        helpers=_units(desk, sheet.given.helpers),
        kinds=_choices(desk, "sheet.kind", DeadlineKind, sheet.given.deadline_kind),
        shows=_choices(desk, "evidence.shows", Shows, Shows.AFTER),
        given=sheet.given,
        deadline=item.deadline.isoformat() if item.deadline else "",
        files=[_file(desk, item, file) for file in desk.tx.evidence_files(item.id)],
        most_bytes=MAX_BYTES,
        repairs=[_repair(desk, repair) for repair in desk.tx.repairs_of_item(item.id)],
        plan=_plan(desk, item),
        look_back=_look_back(desk, item),
        told=any(notice.item_id == item.id for notice in desk.tx.item_notices(desk.actor.id)),
        can_edit=manages and _may_now(item, ItemAction.EDIT),
        can_report=(is_own or manages) and _may_now(item, ItemAction.NOTE),
        can_attach=works and _may_now(item, ItemAction.ATTACH),
        can_repair=works and _may_now(item, ItemAction.REPAIR),
    )


def who_or_name(desk: Desk, written: str) -> str:
    """Return a leader: the name of the account, or the name as somebody wrote it."""
    return desk.wording.who(written) if written else ""


def yuan(desk: Desk, amount: float | None) -> str:
    """Return an amount of money; empty where there is none."""
    return "" if amount is None else desk.messages.text("sheet.yuan", amount=desk.messages.number(amount, 2))


def department(desk: Desk, identifier: DepartmentId | None) -> str:
    """Return the name of a department; its id where the registry does not know it any more."""
    if identifier is None:
        return ""
    known = desk.wording.registry.departments.get(identifier)
    return str(identifier) if known is None else known.name.in_language(desk.wording.language)


def _facts(desk: Desk, item: Item, sheet: Sheet) -> Iterator[SheetFact]:
    given = sheet.given
    unit = department(desk, unit_of(item, given, desk.wording.registry))
    yield _fact(desk, "source", desk.messages.text(f"sheet.source.{given.source}"), is_written=True)
    for name in ("category", "location", "problem", "clause", "goal"):
        text = _holds(desk, item, given, name)
        yield _fact(desk, name, text, is_written=bool(getattr(given, name)))
    yield _fact(desk, "unit", unit, is_written=given.unit is not None)
    written = {
        "leader": who_or_name(desk, given.leader),
        "helpers": desk.messages.joined([department(desk, each) for each in given.helpers]) if given.helpers else "",
        "funds_yuan": yuan(desk, given.funds_yuan),
        "deadline_kind": desk.messages.text(f"sheet.kind.{given.deadline_kind}"),
        "progress_pct": "" if given.progress_pct is None else f"{given.progress_pct}%",
        "contingency": given.contingency,
        "result": given.result,
        "remark": given.remark,
    }
    for name, text in written.items():
        if text:
            yield _fact(desk, name, text, is_written=True)


def _fact(desk: Desk, name: str, text: str, *, is_written: bool) -> SheetFact:
    shown = text or desk.messages.text("sheet.nothing")
    return SheetFact(label=desk.messages.text(f"sheet.{name}"), text=shown, is_written=is_written or not text)


def _field(desk: Desk, item: Item, sheet: Sheet, name: str) -> SheetField:
    value = sheet.measure if name == "measure" else getattr(sheet.given, name)
    bare = Particulars(source=sheet.given.source)
    return SheetField(
        name=name,
        label=desk.messages.text(f"sheet.{name}"),
        value=value,
        stands_in=_holds(desk, item, bare, name),
    )


def _holds(desk: Desk, item: Item, given: Particulars, name: str) -> str:
    """Return what holds of one field: as written, else as it follows; empty where nothing follows."""
    registry = desk.wording.registry
    told: Mapping[str, Name] = {
        "title": title_of(item, given),
        "category": category_of(item, given),
        "location": location_of(item, given, registry),
        "problem": problem_of(item, given, registry),
        "clause": clause_of(item, given),
        "goal": goal_of(item, given),
        "measure": measure_of(item),
    }
    return told[name].in_language(desk.wording.language) if name in told else ""


def _units(desk: Desk, chosen: Sequence[DepartmentId | None]) -> list[Choice]:
    return [
        Choice(id=identifier, name=department(desk, identifier), chosen=identifier in chosen)
        for identifier in desk.wording.registry.departments
    ]


def _choices(desk: Desk, key: str, kinds: type[DeadlineKind] | type[Shows], chosen: str) -> list[Choice]:
    return [Choice(id=each, name=desk.messages.text(f"{key}.{each}"), chosen=each == chosen) for each in kinds]


def _file(desk: Desk, item: Item, file: EvidenceFile) -> FileView:
    place = f"/api/v1/items/{item.id}/evidence/{file.id}"
    is_gone = file.removed is not None
    may_remove = file.added_by == desk.actor.id or desk.actor.may(Permission.MANAGE_ITEM)
    gone = desk.messages.text("evidence.gone", who=desk.wording.who(file.removed_by), why=file.removed_why)
    return FileView(
        id=file.id,
        name=file.name,
        url="" if is_gone else place,
        thumbnail=f"{place}/thumbnail" if file.media_type.is_picture and not is_gone else "",
        size=_size(desk, file.size_bytes),
        shows=desk.messages.text(f"evidence.shows.{file.shows}"),
        who=desk.wording.who(file.added_by),
        when=desk.wording.moment(file.added),
        gone=gone if is_gone else "",
        can_remove=may_remove and not is_gone and _may_now(item, ItemAction.DETACH),
    )


def _size(desk: Desk, size_bytes: int) -> str:
    mebibyte = 1024 * 1024
    if size_bytes < mebibyte:
        return f"{desk.messages.number(max(1, round(size_bytes / 1024)), 0)} KB"
    return f"{desk.messages.number(size_bytes / mebibyte, 1)} MB"


def _repair(desk: Desk, repair: Repair) -> RepairRow:
    works = desk.actor.may(Permission.WORK_ON_ITEM)
    return RepairRow(
        id=repair.id,
        number=repair.number,
        what=repair.what,
        state=repair.state,
        state_text=desk.messages.text(f"repair.state.{repair.state}"),
        tone=REPAIR_TONES[repair.state],
        contractor=repair.contractor,
        cost=yuan(desk, repair.cost_yuan),
        result=repair.result,
        reported=desk.wording.moment(repair.reported),
        can_order=works and (repair.state, RepairAction.ORDER) in REPAIR_TRANSITIONS,
        can_finish=works and (repair.state, RepairAction.FINISH) in REPAIR_TRANSITIONS,
    )


def _plan(desk: Desk, item: Item) -> PlanLink | None:
    plan = None if item.plan_id is None else desk.tx.plan(item.plan_id)
    return None if plan is None else PlanLink(url=f"/plans/{plan.id}", text=f"{plan.number}. {plan.title}")


def _look_back(desk: Desk, item: Item) -> LookBackView | None:
    recurred = any(each.recurrence_of == item.id for each in desk.tx.items_about(item.rule, item.subject))
    state = look_back_of(item, today=desk.wording.today(), has_recurred=recurred)
    if state is None:
        return None
    day = "" if item.look_back is None else desk.messages.day(item.look_back)
    text = desk.messages.text(f"look_back.{state}", day=day, who=desk.wording.who(item.looked_back_by))
    may = desk.actor.may(Permission.SIGN_OFF_ITEM) and state in {LookBack.RUNNING, LookBack.DUE}
    return LookBackView(text=text, tone=LOOK_BACK_TONES[state], can_look=may)


def _may_now(item: Item, action: ItemAction) -> bool:
    return item.state in BESIDE[action]
