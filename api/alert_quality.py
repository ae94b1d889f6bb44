"""How good the alarms of some days were, from the records and the deliveries."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.episodes import AlertHistory, episodes
from alerts.quality import Quality, quality
from api.ports import Services
from api.problems import Problem, ProblemError
from sensors.local_time import EARLIEST

MOST_DAYS = 400
DEFAULT_DAYS = 7


def quality_of(services: Services, history: AlertHistory, first: date, last: date) -> Quality:
    """Return the quality of the alarms of local days, both inclusive. Raises ProblemError."""
    if not first <= last or (last - first).days >= MOST_DAYS:
        advice = f"from {first} to {last}: give two days in order, at most {MOST_DAYS} days apart"
        raise ProblemError(Problem(status=422, code="invalid", detail=advice))
    site = services.registry().site
    zone = ZoneInfo(site.timezone)
    start, over = (datetime.combine(day, time(), tzinfo=zone) for day in (first, last + timedelta(days=1)))
    end = max(start, min(over, services.clock.now()))
    told = services.alerts.told(since=start, until=end)
    return quality(episodes(history, site.id, start=start, end=end), told, start=start, end=end)


def days_asked(services: Services, first: date | None, last: date | None) -> tuple[date, date]:
    """Return the days that are meant: the last week where nothing is said. Raises ProblemError."""
    today = services.clock.now().astimezone(ZoneInfo(services.registry().site.timezone)).date()
    until = last or today
    if not EARLIEST.date() <= until <= today:
        advice = f"last={until}: give a day from {EARLIEST:%Y} to today, {today}"
        raise ProblemError(Problem(status=422, code="invalid", detail=advice))
    return first or until - timedelta(days=DEFAULT_DAYS - 1), until
