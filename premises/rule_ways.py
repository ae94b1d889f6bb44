"""How each rule of the catalogue is judged here, taken from where it runs."""

from collections.abc import Iterator
from enum import StrEnum

from alerts.alarms import ALARMS
from alerts.event_rules import ALARM_OF
from alerts.logs.rules import LOG_RULES
from alerts.quality import RULE as ALARM_QUALITY
from alerts.watch.machines import LIVE, WATCHED_RULES
from analytics.rules import RECORD_RULES, WEEKLY_RULES, WINDOWED_RULES

WRITTEN_TOO = frozenset({"F05", "F07"})
"""Rules over events that what people wrote down decides as well: approvals, the duty log."""


class Way(StrEnum):
    """How a rule is judged."""

    DAYS = "days"
    """By features of whole days, over a window."""
    READINGS = "readings"
    """By the readings of each week."""
    REGISTRY = "registry"
    """By the registry alone."""
    LIVE = "live"
    """As things come in; it alerts."""
    PAST = "past"
    """Over what is stored, by the same machine that alerts."""
    LOGS = "logs"
    """By what people wrote down."""
    ALERTS = "alerts"
    """By the alerts there were."""


def ways(rule: str) -> tuple[Way, ...]:
    """Return how a rule is judged; nothing where no code judges it yet."""
    return tuple(_ways(rule))


def _ways(rule: str) -> Iterator[Way]:
    on_arrival = {ALARMS[alarm].rule for alarm in ALARM_OF.values()}
    live = {name.partition(".")[0] for name in LIVE} | on_arrival
    places = {
        Way.LIVE: live,
        Way.PAST: frozenset(WATCHED_RULES),
        Way.DAYS: WINDOWED_RULES,
        Way.READINGS: WEEKLY_RULES,
        Way.REGISTRY: RECORD_RULES,
        Way.LOGS: LOG_RULES | WRITTEN_TOO,
        Way.ALERTS: {ALARM_QUALITY},
    }
    return (way for way, rules in places.items() if rule in rules)
