"""The router: takes notices in order, asks what becomes of them, and writes down who is told when.

Whatever fails in asking, the notice is planned for everybody; and should the router itself fail, the channels tell what
is red by themselves (`premises.notices.sender`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from alerts.escalation import IsWorkday, monday_to_friday
from alerts.policy import Policy
from alerts.standing import Standing
from premises.notices.judging import Judge
from sensors.clock import Clock
from storage.spool_deliveries import SpoolDeliveries

PLANNED_AT_ONCE = 100
"""Notices of one pass: some milliseconds of judging, and one short transaction."""

CLOCK_STEP = timedelta(seconds=2)
"""The clock on the wall was set when it differs by so much from the one that only counts."""

PolicyNow = Callable[[], Policy]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The clock that tells the time, and the one that nobody sets, in seconds."""

    wall: Clock
    steady: Callable[[], float] = time.monotonic


class ClockSteps:
    """Notices that the clock on the wall was set."""

    def __init__(self, clocks: Clocks) -> None:
        """Compare from now on."""
        self._clocks = clocks
        self._last = (clocks.wall.now(), clocks.steady())

    def step(self) -> tuple[timedelta, datetime] | None:
        """Return by how much the clock was set since the last look and what it showed before; None where it was not."""
        wall, steady = self._clocks.wall.now(), self._clocks.steady()
        before = self._last[0] + timedelta(seconds=steady - self._last[1])
        self._last = (wall, steady)
        step = wall - before
        return (step, before) if abs(step) >= CLOCK_STEP else None


class Router:
    """Plans what is new, what was held and which level is due. `planned` is called when somebody is to be told."""

    def __init__(
        self,
        spool: Path,
        *,
        policy: PolicyNow,
        clocks: Clocks,
        planned: Callable[[], None],
        is_workday: IsWorkday = monday_to_friday,
    ) -> None:
        """Plan in the spool of this path, by the policy as it is at each pass."""
        self._spool = spool
        self._policy = policy
        self._clocks = clocks
        self._planned = planned
        self._is_workday = is_workday
        self._steps = ClockSteps(clocks)
        self._planned_by: Policy | None = None
        self._deliveries: SpoolDeliveries | None = None
        self._log = structlog.get_logger(__name__)

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Plan what waits; say whether there may be more."""
        if stopping():
            return False
        deliveries = self._opened()
        self._follow_clock(deliveries)
        policy, now = self._policy(), self._clocks.wall.now()
        self._follow_policy(deliveries, policy, now)
        judge = Judge(
            deliveries, policy=policy, standing=self._standing(deliveries), now=now, is_workday=self._is_workday
        )
        # First words before further ones.
        return self._plan(deliveries, judge, now) or self._climb(deliveries, judge, now)

    def close(self) -> None:
        """Let go of the spool."""
        if self._deliveries is not None:
            self._deliveries.close()

    def _plan(self, deliveries: SpoolDeliveries, judge: Judge, now: datetime) -> bool:
        waiting = deliveries.to_plan(now=now, limit=PLANNED_AT_ONCE)
        if waiting:
            deliveries.settle([judge.outcome(notice) for notice in waiting])
            self._planned()
        return len(waiting) == PLANNED_AT_ONCE

    def _climb(self, deliveries: SpoolDeliveries, judge: Judge, now: datetime) -> bool:
        due = deliveries.to_climb(now=now, limit=PLANNED_AT_ONCE)
        if due:
            climbed = [judge.climbed(each) for each in due]
            deliveries.climb(climbed)
            if any(each.planned for each in climbed):
                self._planned()
        return len(due) == PLANNED_AT_ONCE

    def _opened(self) -> SpoolDeliveries:
        if self._deliveries is None:
            self._deliveries = SpoolDeliveries(self._spool)
        return self._deliveries

    def _follow_clock(self, deliveries: SpoolDeliveries) -> None:
        step = self._steps.step()
        if step is not None:
            by, before = step
            deliveries.shift(by, clock_before=before)
            self._log.warning("clock_set", by_s=round(by.total_seconds(), 1), followed="what waits was moved along")

    def _follow_policy(self, deliveries: SpoolDeliveries, policy: Policy, now: datetime) -> None:
        """Look at all levels anew where the plan is another, or may have become so while nothing ran."""
        if policy is not self._planned_by and policy != self._planned_by:
            deliveries.look_at_levels(now)
            self._planned_by = policy

    def _standing(self, deliveries: SpoolDeliveries) -> Standing:
        try:
            return deliveries.said_beforehand()
        except Exception:  # noqa: BLE001 - a task's boundary: what was said beforehand may hold nothing back by being unreadable
            self._log.exception("standing_unreadable", instead="nothing is silenced")
            return Standing()
