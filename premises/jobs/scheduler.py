"""What runs by the clock: the daily analysis at night, a quick run every hour, one at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]  # it has no types
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]  # it has no types

from premises.jobs.daily_jobs import DailyJobs

DAILY_AT = (1, 30)
"""Local time: after midnight's readings, before anyone is there. The project's own choice."""

TIDY_AT = (3, 30)
"""Local time of the nightly works beside the analysis."""

QUICK_MINUTE = 5
HOURLY_MINUTE = 10
"""Of every hour, for the hourly works beside the quick run: the hour before has come in by then."""

CATCH_UP = timedelta(seconds=60)
"""How long after the start a daily run that was missed is made up for: gateways have sent what they held back."""

GRACE_S = 6 * 3600

Work = Callable[[], Mapping[str, object]]


class Schedule:
    """Runs the jobs at their times, in a thread of its own; what fails is logged and comes again at its next time."""

    def __init__(
        self,
        jobs: DailyJobs,
        *,
        nightly: Mapping[str, Work] = MappingProxyType({}),
        hourly: Mapping[str, Work] = MappingProxyType({}),
        ended: Callable[[str, Exception | None], None] = lambda _job, _failure: None,
    ) -> None:
        """Prepare; `start` begins. `nightly` and `hourly` are further works by name, each done once then.

        `ended` hears of each work how it ended.
        """
        self._ended = ended
        self._jobs = jobs
        self._nightly = nightly
        self._hourly = hourly
        self._log = structlog.get_logger(__name__)
        self._scheduler = BackgroundScheduler(
            timezone=jobs.building().calendar.zone,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": GRACE_S},
        )

    def start(self) -> None:
        """Begin, with a daily run soon where the last one is more than a day old."""
        hour, minute = DAILY_AT
        self._scheduler.add_job(self._bounded, "cron", ["daily", self._jobs.daily], hour=hour, minute=minute)
        self._scheduler.add_job(self._bounded, "cron", ["quick", self._jobs.quick], minute=QUICK_MINUTE)
        for name, work in self._nightly.items():
            self._scheduler.add_job(self._bounded, "cron", [name, work], hour=TIDY_AT[0], minute=TIDY_AT[1])
        for name, work in self._hourly.items():
            self._scheduler.add_job(self._bounded, "cron", [name, work], minute=HOURLY_MINUTE)
        if self._jobs.is_stale():
            soon = datetime.now(self._scheduler.timezone) + CATCH_UP
            self._scheduler.add_job(self._bounded, "date", ["daily", self._jobs.daily], run_date=soon)
        self._scheduler.start()

    def planned(self) -> Sequence[tuple[str, datetime]]:
        """Return what runs next and when, the next first; a work made up for is there twice."""
        return [(str(job.args[0]), job.next_run_time) for job in self._scheduler.get_jobs()]

    def stop(self) -> None:
        """Take on nothing more and wait for what runs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _bounded(self, name: str, work: Work) -> None:
        try:
            self._log.info("job_done", job=name, **work())
        except Exception as failure:  # noqa: BLE001 - a task's boundary: the next run is at its time
            self._log.exception("job_failed", job=name)
            self._ended(name, failure)
        else:
            self._ended(name, None)
