"""What the templates show: frozen values whose texts are already in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.model import AlertState
from rectification.model import ItemState
from sensors.verdicts import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a list to choose from."""

    id: str
    name: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks at the page; the demo's visitor has no account to look after."""

    id: str
    name: str
    roles: Sequence[str]
    is_demo: bool = False
    reads: bool = True
    manages_people: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time as a reader says it, and as a machine reads it."""

    text: str
    ago: str
    iso: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One transition of an alert or an item: what, who, when, why; `behalf` says for whom, where it was for another."""

    what: str
    who: str
    when: Moment
    note: str = ""
    behalf: str = ""
    evidence: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """One clock that people answer against. `counts` says that it runs, and shows `left`; `due` is by when."""

    name: str
    text: str
    due: Moment
    left: str
    is_late: bool
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One call of somebody over one channel."""

    channel: str
    state: str
    state_text: str
    when: Moment
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelView:
    """The calls of one level. `left` counts down to one that lies ahead; empty where it was made."""

    title: str
    why: str
    when: Moment
    calls: Sequence[CallView]
    left: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """What somebody found on site."""

    text: str
    who: str
    when: Moment
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredView:
    """One call that was given up."""

    number: int
    alert_id: str
    title: str
    call: CallView


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert. `held` says why nobody is told of it, empty where people are; `held_by` what holds it."""

    id: str
    title: str
    place: str
    severity: Severity
    state: AlertState
    state_text: str
    onset: Moment
    icon: str
    device: str = ""
    doubts: Sequence[str] = ()
    measured: str = ""
    overridden: str = ""
    test: bool = False
    guidance: str = ""
    can_acknowledge: bool = False
    can_verify: bool = False
    can_shelve: bool = False
    can_take_out: bool = False
    can_end: bool = False
    subject: str = ""
    subject_text: str = ""
    aside_until: str = ""
    is_drill: bool = False
    is_flapping: bool = False
    held: str = ""
    held_by: str = ""
    held_url: str = ""
    clocks: Sequence[ClockView] = ()
    levels: Sequence[LevelView] = ()
    checks: Sequence[CheckView] = ()
    steps: Sequence[StepView] = ()

    @property
    def is_ringing(self) -> bool:
        """Say whether it asks for a person by sound: seen by nobody, and held back by nothing; a test never does."""
        unseen = self.state in {AlertState.RAISED, AlertState.CLEARED_UNACKNOWLEDGED}
        return unseen and not self.test and not self.held and self.severity in {Severity.RED, Severity.ORANGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """What stands above every page while an alert waits for a person."""

    alerts: Sequence[AlertView]

    @property
    def ringing(self) -> Severity | None:
        """The gravest severity that asks for a person by sound."""
        waiting = {alert.severity for alert in self.alerts if alert.is_ringing}
        return next((severity for severity in Severity if severity in waiting), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and its value, both in words."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One fault period."""

    id: str
    rule: str
    title: str
    formula: str
    subject: str
    subject_url: str | None
    severity: Severity
    is_personal: bool
    since: Moment
    ended: Moment | None
    value: str
    threshold: str
    sources: Sequence[str]
    evidence: Sequence[Fact]
    energy: str
    energy_number: str
    energy_kwh: float | None
    measure: str
    judged: str = ""
    item: "ItemLink | None" = None
    can_propose: bool = False
    can_judge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLink:
    """A short mention of an item."""

    id: str
    number: int
    state: ItemState
    state_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A step a person may take with an item; `refusal` says why this person may not."""

    name: str
    path: str
    text: str
    refusal: str = ""
    primary: bool = False
    note_label: str = ""
    note_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One state on an item's way, and whether it has come so far."""

    state: ItemState
    text: str
    done: bool
    now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the readings say of an item reported done."""

    text: str
    tone: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One item of the plan, as a row or a card."""

    id: str
    number: int
    title: str
    subject: str
    subject_url: str | None
    severity: Severity
    state: ItemState
    state_text: str
    responsible: str
    deadline: str
    deadline_in: str
    overdue: bool
    waits_for: str
    measure: str
    opened: Moment
    is_recurrence: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One item with its history and what this person can do next."""

    item: ItemView
    stages: Sequence[Stage]
    acts: Sequence[Act]
    people: Sequence[Choice]
    deadline: str
    earliest_deadline: str
    has_deadline_given: bool
    proof: Proof | None
    recurrence_of: ItemLink | None
    recurred_as: Sequence[ItemLink]
    finding: FindingView | None
    steps: Sequence[StepView]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardColumn:
    """The items of one state."""

    state: ItemState
    title: str
    items: Sequence[ItemView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldView:
    """One deadline that the reader was told of and has not put aside."""

    item_id: str
    number: int
    title: str
    what: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """Items as a list, and by state; what the reader was told of."""

    items: Sequence[ItemView]
    columns: Sequence[BoardColumn]
    told: Sequence[ToldView]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomView:
    """One room as it is now; a personal room shows its class and nothing else."""

    id: str
    name: str
    place: str
    floor: str
    category: str
    personal: bool
    use_class: str
    use_class_text: str
    utilisation: str = ""
    presence: str = ""
    presence_text: str = ""
    co2: str = ""
    co2_level: str = ""
    co2_level_text: str = ""
    power: str = ""
    heard: Moment | None = None
    is_silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFloor:
    """The rooms of one floor."""

    title: str
    rooms: Sequence[RoomView]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One day of a room in figures."""

    day: str
    occupied: str
    co2: str
    energy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPage:
    """One room: now, its week, and what was found there."""

    room: RoomView
    zone: str
    weekdays: Sequence[str]
    days: Sequence[DayRow]
    findings: Sequence[FindingView]
    items: Sequence[ItemView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One check of the health of what comes in."""

    name: str
    text: str
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """How well readings come in."""

    text: str
    good: bool
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayView:
    """What needs me now."""

    date: str
    headline: str
    alerts: Sequence[AlertView]
    overdue: Sequence[ItemView]
    waiting: Sequence[ItemView]
    waste: FindingView | None
    other_waste: Sequence[FindingView]
    underused: Sequence[RoomView]
    rooms_occupied: str
    rooms_known: str
    open_findings: int
    open_items: int
    health: HealthView


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a page says of the step that led to it."""

    text: str
    tone: str
