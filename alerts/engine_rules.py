"""What the engine goes by: frozen, with defaults of our own, filled from the site's policy where there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from alerts.alarms import ALARMS
from alerts.matching import Matcher
from sensors.alarms import Alarm
from sensors.hours import Hours
from sensors.verdicts import Severity

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NO_TIME = timedelta(0)

# All figures here are our own choice [P], but for those with a source beside them.

SETTLE: Mapping[Alarm, timedelta] = MappingProxyType(
    {
        Alarm.GATEWAY_DOWN: 30 * SECOND,
        # Longer than the gateway's, so that its being down is known before the doors and lines behind it are judged.
        Alarm.DOOR_OFFLINE: MINUTE,
        Alarm.LINK_LOST: MINUTE,
    }
)
"""How long an alarm must last before people are told; what is not here is told at once."""

ANSWER: Mapping[Severity, timedelta] = MappingProxyType(
    {Severity.RED: MINUTE, Severity.ORANGE: 15 * MINUTE, Severity.YELLOW: DAY, Severity.BLUE: 3 * DAY}
)
"""By when a person is to acknowledge; until then the same thing is not told a second time."""

WAIT: Mapping[Severity, timedelta] = MappingProxyType({Severity.YELLOW: 30 * SECOND, Severity.BLUE: 5 * MINUTE})
"""How long the first of a group waits for others."""

INTERVAL: Mapping[Severity, timedelta] = MappingProxyType(
    {Severity.ORANGE: 30 * SECOND, Severity.YELLOW: 10 * MINUTE, Severity.BLUE: HOUR}
)
"""How long after a group was told the next of it are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """`raises` within a span are told once as coming and going; then nobody is told until `quiet` has passed."""

    raises: int = 3
    within: timedelta = 10 * MINUTE
    quiet: timedelta = 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While an alert matches `cause`, those that match `effect` are suppressed, if they have the same parameters."""

    name: str
    cause: Matcher
    effect: Matcher
    same: tuple[str, ...] = ("gateway",)

    @property
    def causes(self) -> frozenset[Alarm]:
        """Return the alarms that may be a cause, so that not everything open has to be looked at."""
        wanted = self.cause
        return frozenset(
            alarm
            for alarm, facts in ALARMS.items()
            if (not wanted.rules or facts.rule in wanted.rules) and (not wanted.kinds or facts.kind in wanted.kinds)
        )


BEHIND_A_GATEWAY = Inhibition(
    name="gateway_down",
    cause=Matcher(rules=frozenset({ALARMS[Alarm.GATEWAY_DOWN].rule})),
    # What no longer comes through it: doors and lines offline, slow relay, sensors silent, data missing.
    effect=Matcher(rules=frozenset({"D04", "F08", "F02", "G01", "G05"})),
)
"""A gateway that is down explains that nothing comes from behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Notices that have these in common are told together; `repeat` is when an open alert is told once more.

    `by` names `kind`, `rule`, `severity`, `event`, or parameters such as `building` and `gateway`.
    """

    by: tuple[str, ...] = ("kind", "severity", "building")
    wait: Mapping[Severity, timedelta] = field(default_factory=lambda: WAIT)
    interval: Mapping[Severity, timedelta] = field(default_factory=lambda: INTERVAL)
    repeat: timedelta = 4 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When alerts of these severities wait for the morning; red never does, whatever stands here."""

    hours: Hours
    weekdays: frozenset[int] = frozenset()
    severities: frozenset[Severity] = frozenset({Severity.YELLOW, Severity.BLUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRules:
    """All of it. `zone` is the site's, whose clocks tell hours and weekdays.

    `clear_after` is how long an alert must stay over before people are told so, for those that `clear_after_of` does
    not name. `look_every` is when what another alert explains is looked at anew.
    """

    zone: ZoneInfo
    settle: Mapping[Alarm, timedelta] = field(default_factory=lambda: SETTLE)
    clear_after: timedelta = MINUTE
    clear_after_of: Mapping[Alarm, timedelta] = field(default_factory=lambda: MappingProxyType({}))
    answer: Mapping[Severity, timedelta] = field(default_factory=lambda: ANSWER)
    flapping: Flapping = field(default_factory=Flapping)
    inhibitions: tuple[Inhibition, ...] = (BEHIND_A_GATEWAY,)
    grouping: Grouping = field(default_factory=Grouping)
    quiet: QuietHours | None = None
    look_every: timedelta = MINUTE

    def __post_init__(self) -> None:
        """Close the mappings against change."""
        for name in ("settle", "clear_after_of", "answer"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
