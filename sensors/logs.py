"""What people write down about fire safety: the duty log, isolations, tests and checks, alarms verified on site.

Nothing of it is ever edited. Who was wrong writes a new entry that names the old one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, TypeVar

from sensors.subjects import Subject
from sensors.topology import SiteId

LATE = timedelta(minutes=30)
"""What is written down so much later than it was seen is marked as written afterwards (补记) and shows nobody present.
The project's own choice."""


class LogEntry(Protocol):
    """What every entry has."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...

    @property
    def corrects(self) -> str:
        """Return the id of the entry in whose place it stands, empty for none."""
        ...

    @property
    def void(self) -> bool:
        """Say whether it only strikes out the entry that it names."""
        ...


Entry = TypeVar("Entry", bound=LogEntry)


def valid(entries: Iterable[Entry]) -> Sequence[Entry]:
    """Return the entries that hold, in their order: neither corrected by another nor only striking one out."""
    told = list(entries)
    corrected = {each.corrects for each in told if each.corrects}
    return [each for each in told if each.id not in corrected and not each.void]


class DutyKind(StrEnum):
    """A look every two hours, or the change of shifts (交接班)."""

    ROUND = "round"
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyEntry:
    """One entry of the duty log (值班记录) at an instant.

    `present` are the names of those who are in the room, at a hand-over of those who leave it; `relief` of those who
    take over then. `panel_normal` is None where nobody said. `note` is what was seen, at a hand-over what stands.
    """

    id: str
    site: SiteId
    kind: DutyKind
    at: datetime
    present: tuple[str, ...]
    entered: datetime
    entered_by: str
    relief: tuple[str, ...] = ()
    panel_normal: bool | None = None
    note: str = ""
    corrects: str = ""
    void: bool = False

    @property
    def staff(self) -> tuple[str, ...]:
        """Return who is on duty from then on."""
        return self.relief if self.kind is DutyKind.HAND_OVER else self.present

    @property
    def is_late(self) -> bool:
        """Say whether it was written down so long afterwards that it shows nobody present."""
        return self.entered - self.at > LATE


class IsolationState(StrEnum):
    """Where an isolation (屏蔽) stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class IsolationAction(StrEnum):
    """What happens to an isolation. FILE is told to the fire authority (备案); WITHDRAW takes a mistaken one back."""

    REQUEST = "request"
    APPROVE = "approve"
    REFUSE = "refuse"
    EXTEND = "extend"
    FILE = "file"
    END = "end"
    WITHDRAW = "withdraw"


ISOLATION_STEPS: Mapping[tuple[IsolationState, IsolationAction], IsolationState] = MappingProxyType(
    {
        (IsolationState.REQUESTED, IsolationAction.APPROVE): IsolationState.APPROVED,
        (IsolationState.REQUESTED, IsolationAction.REFUSE): IsolationState.REFUSED,
        (IsolationState.REQUESTED, IsolationAction.WITHDRAW): IsolationState.WITHDRAWN,
        (IsolationState.APPROVED, IsolationAction.EXTEND): IsolationState.APPROVED,
        (IsolationState.APPROVED, IsolationAction.FILE): IsolationState.APPROVED,
        (IsolationState.APPROVED, IsolationAction.END): IsolationState.ENDED,
        (IsolationState.APPROVED, IsolationAction.WITHDRAW): IsolationState.WITHDRAWN,
    }
)
"""Every legal step; REQUEST makes a new isolation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationStep:
    """One step of one isolation: who, when, why; `planned_end` is the new one of an extension."""

    isolation_id: str
    action: IsolationAction
    actor_id: str
    at: datetime
    note: str = ""
    planned_end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """A device or zone that is to be isolated from `starts` to `planned_end`, as `applicant` asked for it.

    What came of it is in the steps. An empty `zone` means the whole of the subject.
    """

    id: str
    site: SiteId
    subject: Subject
    reason: str
    starts: datetime
    planned_end: datetime
    applicant: str
    entered: datetime
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptIsolation:
    """An isolation with its steps, in order."""

    isolation: Isolation
    steps: tuple[IsolationStep, ...] = ()

    @property
    def state(self) -> IsolationState:
        """Return where it stands."""
        state = IsolationState.REQUESTED
        for step in self.steps:
            state = ISOLATION_STEPS.get((state, step.action), state)
        return state

    @property
    def planned_end(self) -> datetime:
        """Return when it is to end, the last extension counted."""
        extended = [step.planned_end for step in self.steps if step.planned_end is not None]
        return extended[-1] if extended else self.isolation.planned_end

    def step(self, action: IsolationAction) -> IsolationStep | None:
        """Return the last step of a kind."""
        return next((step for step in reversed(self.steps) if step.action is action), None)

    def is_overdue(self, now: datetime) -> bool:
        """Say whether it was approved, has not ended, and should have."""
        return self.state is IsolationState.APPROVED and now > self.planned_end


class FireTestKind(StrEnum):
    """What was done: the yearly test (年度检测), the quarterly and monthly check (检查), a daily patrol (巡查)."""

    ANNUAL_TEST = "annual_test"
    QUARTERLY_CHECK = "quarterly_check"
    MONTHLY_CHECK = "monthly_check"
    PATROL = "patrol"


class FireSystem(StrEnum):
    """Which of the fire safety systems (消防设施); ALL is every one that is there."""

    ALL = "all"
    ALARM = "alarm"
    SPRINKLER = "sprinkler"
    HYDRANT = "hydrant"
    GAS = "gas"
    SMOKE_CONTROL = "smoke_control"
    FIRE_DOORS = "fire_doors"
    EXIT_LIGHTING = "exit_lighting"
    BROADCAST = "broadcast"
    EXTINGUISHERS = "extinguishers"
    ELECTRICAL = "electrical"


class FireTestResult(StrEnum):
    """How it went; what has not passed has not been shown to work."""

    PASSED = "passed"
    DEFECTS = "defects"
    """Passed, with defects to be mended."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTest:
    """A test or check of a system on a local day, done `by` a person or firm; `next_due` is what they wrote into it."""

    id: str
    site: SiteId
    kind: FireTestKind
    subject: Subject
    system: FireSystem
    day: date
    by: str
    result: FireTestResult
    entered: datetime
    entered_by: str
    next_due: date | None = None
    note: str = ""
    corrects: str = ""
    void: bool = False


class AlarmTruth(StrEnum):
    """What somebody found who went there (现场核实)."""

    REAL = "real"
    FALSE = "false"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCheck:
    """What somebody found on site at an alarm (核实): `by` is who was there, in words.

    Subject, zone and onset are the alert's.
    """

    id: str
    site: SiteId
    alert_id: str
    subject: Subject
    zone: str
    onset: datetime
    truth: AlarmTruth
    at: datetime
    by: str
    entered: datetime
    entered_by: str
    note: str = ""
    corrects: str = ""
    void: bool = False
