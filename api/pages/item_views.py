"""Items of the plan as pages show them, with what each person may do next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from api.messages import Messages
from api.pages.desk import Desk
from api.pages.finding_views import finding_view, item_link
from api.pages.views import Act, BoardColumn, Choice, ItemPage, ItemView, PlanView, Proof, Stage, StepView, ToldView
from api.pages.wording import SYSTEM
from api.people import workers
from api.privacy import reads_registry_alone
from rectification.by_savings import Conclusion
from rectification.commands import hands_on
from rectification.model import (
    ENDED_STATES,
    TRANSITIONS,
    Item,
    ItemAction,
    ItemState,
    ItemStep,
    judged_since,
    verified_by,
    window_days,
)
from rectification.notices import NoticeKind
from rectification.particulars import NOTHING_WRITTEN, Particulars, title_of
from rectification.savings_evidence import MORE_USED
from sensors.actors import Permission
from sensors.catalogue.model import Verification

SHOWN = 500

AT_WORK = frozenset({ItemState.DRAFT, ItemState.ASSIGNED, ItemState.IN_PROGRESS})
"""States in which a deadline can still be missed."""

WAY = (
    ItemState.DRAFT,
    ItemState.ASSIGNED,
    ItemState.IN_PROGRESS,
    ItemState.REPORTED_DONE,
    ItemState.VERIFIED,
    ItemState.SIGNED_OFF,
)
"""The states of an item from first to last."""

BOARD = WAY[:-1]
"""The columns of the board: what is signed off has left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAct:
    """A step that a person may take: who is allowed, where it is posted, what it asks for."""

    action: ItemAction
    path: str
    permission: Permission
    note: str = ""
    note_required: bool = False
    primary: bool = False


ACTS = (
    PersonAct(action=ItemAction.ASSIGN, path="assign", permission=Permission.MANAGE_ITEM),
    PersonAct(action=ItemAction.START, path="start", permission=Permission.WORK_ON_ITEM, primary=True),
    PersonAct(
        action=ItemAction.REPORT_DONE,
        path="report-done",
        permission=Permission.WORK_ON_ITEM,
        note="item.note_done",
        note_required=True,
        primary=True,
    ),
    PersonAct(
        action=ItemAction.VERIFY,
        path="verify",
        permission=Permission.SIGN_OFF_ITEM,
        note="item.note_verify",
        note_required=True,
        primary=True,
    ),
    PersonAct(
        action=ItemAction.SIGN_OFF,
        path="sign-off",
        permission=Permission.SIGN_OFF_ITEM,
        note="item.note_optional",
        primary=True,
    ),
    PersonAct(
        action=ItemAction.REJECT,
        path="reject",
        permission=Permission.SIGN_OFF_ITEM,
        note="item.note_reject",
        note_required=True,
    ),
    PersonAct(
        action=ItemAction.CANCEL,
        path="cancel",
        permission=Permission.MANAGE_ITEM,
        note="item.note_cancel",
        note_required=True,
    ),
)
"""The steps of people, in the order in which a page offers them."""


WAITS_FOR: Mapping[Verification, str] = {Verification.RECORD: "by_hand", Verification.INSPECTION: "by_inspection"}
"""Where no readings decide: what an item that is reported mended waits for."""


def plan(desk: Desk, *, ended: bool) -> PlanView:
    """Return the items that are open, or those signed off and cancelled; and the open ones by state."""
    views = rows(desk, [item for item in desk.tx.items(limit=SHOWN) if (item.state in ENDED_STATES) == ended])
    views.sort(key=lambda view: (not view.overdue, -WAY.index(view.state) if view.state in WAY else 0, view.number))
    columns = [
        BoardColumn(
            state=state,
            title=desk.messages.text(f"item.state.{state}"),
            items=[view for view in views if _column(view.state) is state],
        )
        for state in BOARD
    ]
    return PlanView(items=views, columns=columns, told=list(_told(desk)))


def _told(desk: Desk) -> Iterator[ToldView]:
    """Yield what the reader was told of deadlines, the newest of each item."""
    newest = {notice.item_id: notice for notice in reversed(desk.tx.item_notices(desk.actor.id))}
    written = desk.tx.particulars_of(newest)
    for notice in newest.values():
        item = desk.tx.item(notice.item_id)
        if item is None:
            continue
        day = desk.messages.day(notice.deadline)
        yield ToldView(
            item_id=item.id,
            number=item.number,
            title=title_of(item, written.get(item.id, NOTHING_WRITTEN)).in_language(desk.wording.language),
            what=desk.messages.text(f"told.{notice.kind}", day=day),
            late=notice.kind in {NoticeKind.OVERDUE, NoticeKind.OVERDUE_LONG},
        )


def _column(state: ItemState) -> ItemState:
    """Return in which column of the board an item stands: what waits for its season waits to be proven."""
    return ItemState.REPORTED_DONE if state is ItemState.AWAITING_SEASON else state


def rows(desk: Desk, items: Sequence[Item]) -> list[ItemView]:
    """Return items as rows or cards, called as people wrote."""
    written = desk.tx.particulars_of([item.id for item in items])
    return [item_view(desk, item, written.get(item.id, NOTHING_WRITTEN)) for item in items]


def item_view(desk: Desk, item: Item, given: Particulars = NOTHING_WRITTEN) -> ItemView:
    """Return one item as a row or a card."""
    wording, messages = desk.wording, desk.messages
    left = None if item.deadline is None else (item.deadline - wording.today()).days
    is_running = item.state in AT_WORK
    return ItemView(
        id=item.id,
        number=item.number,
        title=title_of(item, given).in_language(wording.language),
        subject=wording.subject(item.subject),
        subject_url=wording.url(item.subject),
        severity=item.severity,
        state=item.state,
        state_text=messages.text(f"item.state.{item.state}"),
        responsible=wording.who(item.responsible),
        deadline="" if item.deadline is None else messages.day(item.deadline),
        deadline_in=_deadline_in(desk, left) if left is not None and is_running else "",
        overdue=left is not None and left < 0 and is_running,
        waits_for=_waits_for(desk, item),
        measure=wording.measure(item.rule, item.measure),
        opened=wording.moment(item.opened),
        is_recurrence=item.recurrence_of is not None,
    )


def _deadline_in(desk: Desk, left: int) -> str:
    if left < 0:
        return desk.messages.count("item.overdue", -left)
    return desk.messages.count("item.due_in", left) if left else desk.messages.text("item.due_today")


def _waits_for(desk: Desk, item: Item) -> str:
    names = {
        "who": desk.wording.who(item.responsible) or desk.messages.text("item.nobody"),
        "reporter": desk.wording.who(item.reported_by),
        "signer": desk.wording.who(item.signed_off_by),
    }
    key = WAITS_FOR.get(verified_by(item), item.state) if item.state is ItemState.REPORTED_DONE else item.state
    return desk.messages.text(f"item.waits.{key}", **names)


def waits_for_me(desk: Desk, item: Item) -> bool:
    """Say whether the next step of an item is one that this person may take."""
    if item.state is ItemState.DRAFT:
        return desk.actor.may(Permission.MANAGE_ITEM)
    if item.state is ItemState.VERIFIED:
        return desk.actor.may(Permission.SIGN_OFF_ITEM) and not is_fixer(desk, item)
    return item.responsible == desk.actor.id and item.state in {ItemState.ASSIGNED, ItemState.IN_PROGRESS}


def is_fixer(desk: Desk, item: Item) -> bool:
    """Say whether this person answers for the item or worked on it: such a person does not accept it."""
    return desk.actor.id in hands_on(desk.tx, item)


def item_page(desk: Desk, item: Item) -> ItemPage:
    """Return one item with its history, its proof, and what this person can do."""
    steps = desk.tx.item_steps(item.id)
    around = {each.id: each for each in desk.tx.items_about(item.rule, item.subject)}
    finding = next((each for each in desk.tx.findings_about(item.rule, item.subject) if each.item_id == item.id), None)
    before = desk.tx.item(item.recurrence_of or "")
    return ItemPage(
        item=item_view(desk, item, desk.tx.particulars(item.id) or NOTHING_WRITTEN),
        stages=_stages(desk, item),
        acts=list(acts(desk, item)),
        people=people(desk, item),
        deadline=item.deadline.isoformat() if item.deadline else "",
        earliest_deadline=desk.wording.today().isoformat(),
        has_deadline_given=item.state is not ItemState.DRAFT,
        proof=proof(desk, item, steps),
        recurrence_of=None if before is None else item_link(desk, before),
        recurred_as=[item_link(desk, each) for each in around.values() if each.recurrence_of == item.id],
        finding=None if finding is None else finding_view(desk, finding, around),
        steps=[_step(desk, item, step) for step in steps],
    )


def _stages(desk: Desk, item: Item) -> list[Stage]:
    now = _column(item.state)
    reached = WAY.index(now) if now in WAY else -1
    return [
        Stage(state=state, text=desk.messages.text(f"item.state.{state}"), done=rank <= reached, now=state is now)
        for rank, state in enumerate(WAY)
    ]


def acts(desk: Desk, item: Item) -> Iterator[Act]:
    """Yield the steps this person may take; one that is only refused to the fixer comes with the reason."""
    for act in ACTS:
        if (item.state, act.action) not in TRANSITIONS or not _is_offered(desk, item, act):
            continue
        refused = act.permission is Permission.SIGN_OFF_ITEM and is_fixer(desk, item)
        if refused and act.action is ItemAction.REJECT:
            continue
        yield Act(
            name=act.action.value,
            path=act.path,
            text=desk.messages.text(f"item.do.{act.action}"),
            refusal=desk.messages.text("item.fixer_signs_not") if refused else "",
            primary=act.primary or (item.state is ItemState.DRAFT and act.action is ItemAction.ASSIGN),
            note_label=desk.messages.text(act.note) if act.note else "",
            note_required=act.note_required,
        )


def _is_offered(desk: Desk, item: Item, act: PersonAct) -> bool:
    """Say whether it is this person's step: their own work, and by a note only what a record proves."""
    if act.permission is Permission.WORK_ON_ITEM:
        is_own = item.responsible == desk.actor.id or desk.actor.may(Permission.MANAGE_ITEM)
        return is_own and desk.actor.may(act.permission)
    if act.action is ItemAction.VERIFY and verified_by(item) is not Verification.RECORD:
        return False
    return desk.actor.may(act.permission)


def is_proven_by_readings(item: Item) -> bool:
    """Say whether the readings decide that an item is mended, and not a record or somebody's look."""
    return verified_by(item) is Verification.READINGS


def people(desk: Desk, item: Item) -> Sequence[Choice]:
    """Return to whom an item can be given."""
    return [Choice(id=each.id, name=each.name, chosen=each.id == item.responsible) for each in workers(desk.tx)]


def proof(desk: Desk, item: Item, steps: Sequence[ItemStep]) -> Proof | None:
    """Return what the readings say of a mended item: not yet, mended, or still there; None before it is reported."""
    told = next((step for step in reversed(steps) if step.action in _TELLING), None)
    if told is None or not is_proven_by_readings(item):
        return None
    if told.action is ItemAction.REPORT_DONE:
        return _proof_awaited(desk, item, told)
    key, tone = ("proof.verified", "good") if told.action is ItemAction.VERIFY else ("proof.refuted", "orange")
    key = "proof.more_used" if evidence_of(told).get("outcome") == MORE_USED else key
    text = desk.messages.text(key, when=desk.messages.moment(told.at))
    return Proof(text=text, tone=tone, detail=basis(desk, item, told))


_TELLING = frozenset({ItemAction.REPORT_DONE, ItemAction.VERIFY, ItemAction.REFUTE})


def _proof_awaited(desk: Desk, item: Item, reported: ItemStep) -> Proof:
    """Return from when to when the readings are looked at: whole local days, from the one after the report."""
    window = window_days(item)
    first = (judged_since(item) or reported.at).astimezone(desk.messages.zone).date() + timedelta(days=1)
    last = first + timedelta(days=window - 1)
    text = desk.messages.count("proof.waiting", window, first=desk.messages.day(first), last=desk.messages.day(last))
    return Proof(text=text, tone="blue", detail=desk.messages.text("proof.waiting_why"))


def basis(desk: Desk, item: Item, step: ItemStep) -> str:
    """Return the window and the figures behind a verdict, as far as its evidence holds any; none of personal rooms."""
    told = evidence_of(step)
    parts = [_window(desk, told)]
    finding = told.get("finding")
    if isinstance(finding, dict) and (reads_registry_alone(item.rule) or not desk.wording.is_personal(item.subject)):
        parts += [_figures(desk, finding), saved_text(desk, told.get("savings"))]
    return desk.messages.text("list.semicolon").join(filter(None, parts))


def _window(desk: Desk, told: Mapping[str, object]) -> str:
    since, until = told.get("since"), told.get("until")
    if not isinstance(since, str) or not isinstance(until, str):
        return ""
    zone = desk.messages.zone
    first = datetime.fromisoformat(since).astimezone(zone).date()
    last = (datetime.fromisoformat(until) - timedelta(microseconds=1)).astimezone(zone).date()
    return desk.messages.text("proof.window", first=desk.messages.day(first), last=desk.messages.day(last))


def _figures(desk: Desk, finding: Mapping[str, object]) -> str:
    value, threshold, unit = finding.get("value"), finding.get("threshold"), str(finding.get("unit") or "")
    if not isinstance(value, int | float):
        return ""
    shown = desk.wording.value(value, unit)
    if not isinstance(threshold, int | float):
        return desk.messages.text("proof.measured", value=shown)
    return desk.messages.text("proof.measured_of", value=shown, threshold=desk.wording.value(threshold, unit))


def saved_text(desk: Desk, told: object) -> str:
    """Return what the meter says beside a proof, or why it says nothing; nothing where it was not asked."""
    if not isinstance(told, dict):
        return ""
    conclusion, bounds = told.get("conclusion"), told.get("ci90_kwh")
    if conclusion not in _SAVED_TEXTS or not isinstance(bounds, list):
        lacks = desk.messages.joined([lack_text(desk.messages, str(code)) for code in told.get("sufficiency") or ()])
        return desk.messages.text("proof.saved_no_number", lacks=lacks)
    sign = -1 if conclusion == Conclusion.WORSE else 1
    kwh, low, high = (desk.wording.value(sign * each, "kWh") for each in (told["savings_kwh"], *bounds[::sign]))
    pct = desk.wording.value(sign * told["savings_pct"], "%")
    return desk.messages.text(_SAVED_TEXTS[conclusion], kwh=kwh, pct=pct, low=low, high=high)


def lack_text(messages: Messages, code: str) -> str:
    """Return what the data of a meter lack, in words; a code of an older release as it is."""
    key = f"proof.lack.{code}"
    return messages.text(key) if messages.has(key) else code


_SAVED_TEXTS = {
    Conclusion.SAVED.value: "proof.saved",
    Conclusion.CANNOT_TELL.value: "proof.saved_cannot_tell",
    Conclusion.WORSE.value: "proof.saved_worse",
}


def evidence_of(step: ItemStep) -> Mapping[str, object]:
    """Return the evidence of a step; nothing where it has none."""
    try:
        told = orjson.loads(step.evidence or "{}")
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _step(desk: Desk, item: Item, step: ItemStep) -> StepView:
    return StepView(
        what=desk.messages.text(f"item.did.{step.action}"),
        who=desk.wording.who(step.actor_id),
        when=desk.wording.moment(step.at),
        note=step.note,
        evidence=basis(desk, item, step),
        kind="system" if step.actor_id.startswith(SYSTEM) else "person",
    )
