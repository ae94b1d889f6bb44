"""The logs as their page shows them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from alerts.watch.site import is_panel
from api.pages.desk import Desk
from api.pages.views import Choice, Moment, StepView
from api.pages.wording import SYSTEM
from sensors.actors import Permission
from sensors.catalogue import CATALOGUE
from sensors.logs import (
    ISOLATION_STEPS,
    DutyEntry,
    FireSystem,
    FireTest,
    FireTestKind,
    FireTestResult,
    IsolationAction,
    IsolationState,
    KeptIsolation,
    LogEntry,
    valid,
)
from sensors.subjects import Subject, SubjectKind

SHOWN = timedelta(days=3)

TONES: Mapping[IsolationState | FireTestResult, str] = {
    IsolationState.REQUESTED: "yellow",
    IsolationState.APPROVED: "blue",
    IsolationState.REFUSED: "none",
    IsolationState.ENDED: "good",
    IsolationState.WITHDRAWN: "none",
    FireTestResult.PASSED: "good",
    FireTestResult.DEFECTS: "yellow",
    FireTestResult.FAILED: "red",
}

APPROVING = frozenset({IsolationAction.APPROVE, IsolationAction.REFUSE, IsolationAction.EXTEND})
"""The steps that the applicant may not take."""

NEEDS_NOTE = frozenset({IsolationAction.REFUSE, IsolationAction.EXTEND, IsolationAction.WITHDRAW})


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRow:
    """One entry of the duty log in words; `gone` where another strikes it out or corrects it."""

    id: str
    when: Moment
    kind: str
    people: str
    panel: str
    panel_tone: str
    note: str
    writer: str
    remark: str
    gone: bool
    can_strike: bool
    written: Mapping[str, str]
    """What the form that corrects it begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyBoard:
    """Who is on duty, when the next entry is due, and the entries of the last days, the newest first."""

    staff: str
    too_few: bool
    due: Moment | None
    overdue: bool
    rows: Sequence[DutyRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationAct:
    """A step that the reader may take."""

    name: IsolationAction
    text: str
    note_required: bool
    asks_end: bool
    primary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationCard:
    """One isolation with its steps."""

    id: str
    title: str
    zone: str
    reason: str
    starts: Moment
    until: Moment
    state_text: str
    tone: str
    overdue: bool
    waits: str
    steps: Sequence[StepView]
    acts: Sequence[IsolationAct]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRow:
    """One test or check in words."""

    id: str
    day: str
    kind: str
    subject: str
    system: str
    by: str
    result: str
    tone: str
    next_due: str
    note: str
    remark: str
    gone: bool
    can_strike: bool
    written: Mapping[str, str]
    """What the form that corrects it begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsView:
    """The page: one of the three logs, and what its forms offer."""

    duty: DutyBoard | None = None
    isolations: Sequence[IsolationCard] = ()
    tests: Sequence[TestRow] = ()
    can_write: bool = False
    places: Sequence[Choice] = ()
    kinds: Sequence[Choice] = ()
    systems: Sequence[Choice] = ()
    results: Sequence[Choice] = ()
    today: str = ""


def duty_page(desk: Desk) -> LogsView:
    """Return the duty log."""
    return LogsView(duty=_duty(desk), can_write=_can_write(desk), today=desk.wording.today().isoformat())


def isolations_page(desk: Desk) -> LogsView:
    """Return the isolations: those that wait and stand first."""
    found = desk.tx.isolations(desk.wording.registry.site.id, limit=100)
    open_states = (IsolationState.REQUESTED, IsolationState.APPROVED)
    ordered = sorted(found, key=lambda kept: kept.state not in open_states)
    cards = [_isolation(desk, kept) for kept in ordered]
    return LogsView(isolations=cards, can_write=_can_write(desk), places=_places(desk, devices=True))


def tests_page(desk: Desk) -> LogsView:
    """Return the tests and checks, the newest first."""
    tests = desk.tx.fire_tests(desk.wording.registry.site.id, limit=200)
    marks = _marks(desk, tests)
    return LogsView(
        tests=[_test(desk, each, marks(each)) for each in tests],
        can_write=_can_write(desk),
        places=_places(desk, devices=False),
        kinds=[Choice(id=each, name=desk.messages.text(f"log.test.{each}")) for each in FireTestKind],
        systems=[Choice(id=each, name=desk.messages.text(f"log.system.{each}")) for each in FireSystem],
        results=[Choice(id=each, name=desk.messages.text(f"log.result.{each}")) for each in FireTestResult],
        today=desk.wording.today().isoformat(),
    )


def _can_write(desk: Desk) -> bool:
    return desk.actor.may(Permission.KEEP_LOG)


def _duty(desk: Desk) -> DutyBoard:
    now = desk.now
    site = desk.wording.registry.site.id
    entries = desk.tx.duty_entries(site, since=now - SHOWN, until=now + timedelta(minutes=1))
    holding = valid(entries)
    last = holding[-1] if holding else None
    every = timedelta(hours=CATALOGUE["F07"].parameter("gap_h"))
    due = None if last is None else last.at + every
    staff = () if last is None else last.staff
    marks = _marks(desk, entries)
    return DutyBoard(
        staff=desk.messages.joined(list(staff)),
        too_few=last is not None and len(staff) < CATALOGUE["F07"].parameter("staff"),
        due=None if due is None else desk.wording.moment(due),
        overdue=due is not None and due < now,
        rows=[_row(desk, each, marks(each)) for each in reversed(entries)],
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    gone: bool
    can_strike: bool


def _marks(desk: Desk, entries: Sequence[LogEntry]) -> Callable[[LogEntry], _Mark]:
    """Return what tells of an entry whether another has taken its place, and whether the reader may strike it out."""
    corrected = {each.corrects for each in entries}
    may = _can_write(desk)
    return lambda entry: _Mark(entry.id in corrected, may and entry.id not in corrected and not entry.void)


def _row(desk: Desk, entry: DutyEntry, mark: _Mark) -> DutyRow:
    messages = desk.messages
    people = messages.joined(list(entry.present)) or messages.text("log.nobody")
    if entry.relief or entry.kind == "hand_over":
        relief = messages.joined(list(entry.relief)) or messages.text("log.nobody")
        people = messages.text("log.handed_over", leaving=people, coming=relief)
    panel = {True: "log.panel_normal", False: "log.panel_abnormal", None: ""}[entry.panel_normal]
    return DutyRow(
        id=entry.id,
        when=desk.wording.moment(entry.at),
        kind=messages.text(f"log.duty.{entry.kind}"),
        people=people,
        panel=messages.text(panel) if panel else "",
        panel_tone={True: "good", False: "orange", None: "none"}[entry.panel_normal],
        note=entry.note,
        writer=desk.wording.who(entry.entered_by),
        remark=_remark(desk, entry, late=entry.is_late),
        gone=mark.gone,
        can_strike=mark.can_strike,
        written={
            "kind": entry.kind.value,
            "present": messages.joined(list(entry.present)),
            "relief": messages.joined(list(entry.relief)),
            "panel": {True: "normal", False: "abnormal", None: ""}[entry.panel_normal],
            "note": entry.note,
            "at": f"{entry.at.astimezone(messages.zone):%Y-%m-%dT%H:%M}",
        },
    )


def _remark(desk: Desk, entry: LogEntry, *, late: bool = False) -> str:
    if entry.void:
        return desk.messages.text("log.strikes")
    if entry.corrects:
        return desk.messages.text("log.corrects")
    return desk.messages.text("log.late") if late else ""


def _isolation(desk: Desk, kept: KeptIsolation) -> IsolationCard:
    about, messages = kept.isolation, desk.messages
    overdue = kept.is_overdue(desk.now)
    steps = [
        StepView(
            what=messages.text(f"log.isolation.did.{step.action}"),
            who=desk.wording.who(step.actor_id),
            when=desk.wording.moment(step.at),
            note=step.note,
            kind="system" if step.actor_id.startswith(SYSTEM) else "person",
        )
        for step in kept.steps
    ]
    waits = kept.state is IsolationState.REQUESTED and about.applicant == desk.actor.id
    return IsolationCard(
        id=about.id,
        title=desk.wording.subject(about.subject),
        zone=about.zone,
        reason=about.reason,
        starts=desk.wording.moment(about.starts),
        until=desk.wording.moment(kept.planned_end),
        state_text=messages.text("log.isolation.overdue" if overdue else f"log.isolation.state.{kept.state}"),
        tone="orange" if overdue else TONES[kept.state],
        overdue=overdue,
        waits=messages.text("log.isolation.other_must") if waits else "",
        steps=steps,
        acts=_acts(desk, kept),
    )


def _acts(desk: Desk, kept: KeptIsolation) -> list[IsolationAct]:
    """Return the steps that the table has and that this reader may take."""
    is_applicant = kept.isolation.applicant == desk.actor.id
    may_approve = desk.actor.may(Permission.APPROVE_ISOLATION) and not is_applicant
    return [
        IsolationAct(
            name=action,
            text=desk.messages.text(f"log.isolation.do.{action}"),
            note_required=action in NEEDS_NOTE,
            asks_end=action is IsolationAction.EXTEND,
            primary=action in {IsolationAction.APPROVE, IsolationAction.END},
        )
        for state, action in ISOLATION_STEPS
        if state is kept.state and (may_approve if action in APPROVING else _can_write(desk))
    ]


def _test(desk: Desk, test: FireTest, mark: _Mark) -> TestRow:
    messages = desk.messages
    return TestRow(
        id=test.id,
        day=messages.day(test.day) if test.day.year == desk.now.year else test.day.isoformat(),
        kind=messages.text(f"log.test.{test.kind}"),
        subject=desk.wording.subject(test.subject),
        system=messages.text(f"log.system.{test.system}"),
        by=test.by,
        result=messages.text(f"log.result.{test.result}"),
        tone=TONES[test.result],
        next_due="" if test.next_due is None else test.next_due.isoformat(),
        note=test.note,
        remark=_remark(desk, test),
        gone=mark.gone,
        can_strike=mark.can_strike,
        written={
            "kind": test.kind.value,
            "system": test.system.value,
            "subject": str(test.subject),
            "result": test.result.value,
            "day": test.day.isoformat(),
            "by": test.by,
            "next_due": "" if test.next_due is None else test.next_due.isoformat(),
            "note": test.note,
        },
    )


def _places(desk: Desk, *, devices: bool) -> list[Choice]:
    """Return what a test or an isolation can be about: buildings, and devices that report events first of all."""
    registry = desk.wording.registry
    found = [Subject(SubjectKind.SITE, registry.site.id)]
    found += [Subject(SubjectKind.BUILDING, each) for each in registry.buildings]
    if devices:
        # What measures something is most often no fire panel; a panel reports events first of all.
        panels = [each for each in registry.devices.values() if not each.metrics or is_panel(each)]
        found = [*(Subject(SubjectKind.DEVICE, each.id) for each in panels), *found]
    return [Choice(id=str(each), name=desk.wording.subject(each)) for each in found]
