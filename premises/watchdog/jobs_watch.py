"""A rule failed: an analysis, or another job by the clock, ended without an answer, until the next that has one."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from premises.watchdog.faults import Fault
from sensors.alarms import Alarm

_LONGEST_REASON = 200


@dataclass(slots=True)
class JobsWatch:
    """Hears of every job how it ended, from any thread."""

    _failed: dict[str, str] = field(default_factory=dict)
    _rules: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def alarms(self) -> frozenset[Alarm]:
        """Return its alarm."""
        return frozenset({Alarm.RULE_FAILED})

    def ended(self, job: str, failure: Exception | None) -> None:
        """Note how a job ended; None is well."""
        with self._lock:
            if failure is None:
                self._failed.pop(job, None)
            else:
                self._failed[job] = type(failure).__name__[:_LONGEST_REASON]

    def judged(self, job: str, failed: Mapping[str, str]) -> None:
        """Note which rules failed in a job that itself went on, with their errors."""
        with self._lock:
            self._rules[job] = dict(failed)

    def look(self, now: datetime) -> Collection[Fault]:
        """Return the jobs, and the rules in jobs, that failed the last time."""
        del now
        with self._lock:
            rules = {rule: error for failed in self._rules.values() for rule, error in failed.items()}
            failed = {**self._failed, **{rule: error[:_LONGEST_REASON] for rule, error in rules.items()}}
        return [
            Fault(alarm=Alarm.RULE_FAILED, about=job, parameters={"job": job, "reason": reason})
            for job, reason in failed.items()
        ]
