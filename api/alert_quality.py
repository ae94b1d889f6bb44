"""How good the alarms of some days were, from the records and the deliveries."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.episodes import AlertHistory, episodes
from alerts.logs.ports import LogReader
from alerts.precision import RulePrecision, by_rule
from alerts.quality import Quality, quality
from analytics.ledger import FindingRecord, Judgement
from api.ports import Services
from api.problems import Problem, ProblemError
from rectification.model import Item, ItemState
from sensors.local_time import EARLIEST
from sensors.logs import AlarmTruth, valid

MOST_DAYS = 400
MOST_FINDINGS = 20_000
PROVEN = frozenset({ItemState.VERIFIED, ItemState.SIGNED_OFF})
"""An item that the readings verified shows that its finding was right."""
DEFAULT_DAYS = 7


class JudgedHistory(LogReader, Protocol):
    """The logs, and what was found and worked off."""

    def findings(self, *, open_only: bool = False, limit: int = 500) -> Sequence[FindingRecord]:
        """Return findings, those that began last first."""
        ...

    def items(self, *, open_only: bool = False, limit: int = 500) -> Sequence[Item]:
        """Return items, the newest first."""
        ...


def quality_of(services: Services, history: AlertHistory, first: date, last: date) -> Quality:
    """Return the quality of the alarms of local days, both inclusive. Raises ProblemError."""
    site = services.registry().site
    start, end = _span(services, first, last)
    told = services.alerts.told(since=start, until=end)
    return quality(episodes(history, site.id, start=start, end=end), told, start=start, end=end, site=site.id)


def precision_of(services: Services, history: JudgedHistory, first: date, last: date) -> list[RulePrecision]:
    """Return how often each rule was right in what began on local days, both inclusive. Raises ProblemError."""
    site, (start, end) = services.registry().site.id, _span(services, first, last)
    checks = valid(history.alarm_checks(site, since=start, until=end))
    truths = {each.alert_id: each.truth for each in checks}
    alerts = [each for each in history.alerts_begun(site, since=start, until=end) if not each.test]
    found = [each for each in history.findings(limit=MOST_FINDINGS) if start <= each.started < end]
    proven = {each.id for each in history.items(limit=MOST_FINDINGS) if each.state in PROVEN}
    return by_rule(
        [
            *((each.rule, _RIGHT.get(truths.get(each.id))) for each in alerts),
            *((each.rule, _is_right(each, is_proven=each.item_id in proven)) for each in found),
        ]
    )


_RIGHT: Mapping[AlarmTruth | None, bool] = {AlarmTruth.REAL: True, AlarmTruth.FALSE: False}


def _is_right(record: FindingRecord, *, is_proven: bool) -> bool | None:
    if record.judged is not None:
        return record.judged is not Judgement.FALSE
    return True if is_proven else None


def _span(services: Services, first: date, last: date) -> tuple[datetime, datetime]:
    """Return [start, end) of local days, both inclusive, until now at most. Raises ProblemError."""
    if not first <= last or (last - first).days >= MOST_DAYS:
        advice = f"from {first} to {last}: give two days in order, at most {MOST_DAYS} days apart"
        raise ProblemError(Problem(status=422, code="invalid", detail=advice))
    zone = ZoneInfo(services.registry().site.timezone)
    start, over = (datetime.combine(day, time(), tzinfo=zone) for day in (first, last + timedelta(days=1)))
    return start, max(start, min(over, services.clock.now()))


def days_asked(services: Services, first: date | None, last: date | None) -> tuple[date, date]:
    """Return the days that are meant: the last week where nothing is said. Raises ProblemError."""
    today = services.clock.now().astimezone(ZoneInfo(services.registry().site.timezone)).date()
    until = last or today
    if not EARLIEST.date() <= until <= today:
        advice = f"last={until}: give a day from {EARLIEST:%Y} to today, {today}"
        raise ProblemError(Problem(status=422, code="invalid", detail=advice))
    return first or until - timedelta(days=DEFAULT_DAYS - 1), until
