"""What the records hold of alerts, as the judging of their quality wants it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from alerts.model import Alert, AlertAction, AlertStep
from alerts.quality import Episode
from sensors.topology import SiteId

LOOK_BACK = timedelta(days=30)
"""How long before a span an alert may have begun that ended within it. The project's own choice."""
MOST_OPEN = 10_000


class AlertHistory(Protocol):
    """The alerts of the records and what was done to them."""

    def alerts(self, *, open_only: bool = False, limit: int = 200) -> Sequence[Alert]:
        """Return alerts, the newest first."""
        ...

    def alerts_begun(self, site: SiteId, *, since: datetime, until: datetime) -> Sequence[Alert]:
        """Return the alerts that began in [since, until), in order."""
        ...

    def steps_of_alerts_begun(self, site: SiteId, *, since: datetime, until: datetime) -> Sequence[AlertStep]:
        """Return the steps of the alerts that began in [since, until), in order."""
        ...


def episodes(history: AlertHistory, site: SiteId, *, start: datetime, end: datetime) -> list[Episode]:
    """Return the alerts that matter to [start, end), tests left out, in order of their beginning."""
    since = start - LOOK_BACK
    begun = history.alerts_begun(site, since=since, until=end)
    standing = history.alerts(open_only=True, limit=MOST_OPEN)
    older = [each for each in standing if each.site == site and each.onset < since]
    steps: defaultdict[str, list[AlertStep]] = defaultdict(list)
    for step in history.steps_of_alerts_begun(site, since=since, until=end):
        steps[step.alert_id].append(step)
    told = [*sorted(older, key=lambda each: each.onset), *begun]
    return [_episode(alert, steps[alert.id]) for alert in told if not alert.test]


def _episode(alert: Alert, steps: Iterable[AlertStep]) -> Episode:
    first: dict[AlertAction, datetime] = {}
    for step in steps:
        first.setdefault(step.action, step.at)
    return Episode(
        subject=alert.subject,
        severity=alert.severity,
        raised=alert.onset,
        zone=alert.zone,
        acknowledged=first.get(AlertAction.ACKNOWLEDGE),
        ended=first.get(AlertAction.CLEAR),
    )
