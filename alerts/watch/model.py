"""What the machines of the watch take in and give out."""

from dataclasses import dataclass

from sensors.alarms import Alarm
from sensors.subjects import Subject
from sensors.verdicts import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One reading as a machine sees it; `at_ms` is when it held, by a clock that can be trusted."""

    at_ms: int
    device: str
    metric: str
    value: float
    phase: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Something that lasts: what a machine remembers under a key, durable between runs.

    `due_ms` is when its machine wants to look at it again, `told` how grave people were told it is (None: not at all).
    `last_ms`, `count` and `value` mean what the machine says they do.
    """

    key: str
    device: str
    since_ms: int
    zone: str = ""
    told: Severity | None = None
    due_ms: int | None = None
    last_ms: int | None = None
    count: int = 0
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A rule begins to object, objects more gravely, or no longer does (`severity` None); `key` tells its spells apart.

    `spoken` says that a device said so itself: the event alerts on arrival, whatever the watch makes of it.
    """

    rule: str
    alarm: Alarm
    key: str
    subject: Subject
    device: str
    zone: str
    severity: Severity | None
    since_ms: int
    at_ms: int
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    doubts: tuple[str, ...] = ()
    overridden: str = ""
    """What of the rule's thresholds is the site's own, with who and why."""
    spoken: bool = False


GRAVITY = {Severity.BLUE: 0, Severity.YELLOW: 1, Severity.ORANGE: 2, Severity.RED: 3}


def is_graver(one: Severity, other: Severity | None) -> bool:
    """Say whether one colour is graver than another; than none every one is."""
    return other is None or GRAVITY[one] > GRAVITY[other]
