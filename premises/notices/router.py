"""The router: takes notices in order, asks what becomes of them, and writes down who is told when.

Whatever fails in asking, the notice is planned for everybody; and should the router itself fail, the channels tell what
is red by themselves (`premises.notices.sender`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from alerts.decisions import Decision
from alerts.dispatch import Notice, NoticeKind
from alerts.engine import decide
from alerts.escalation import IsWorkday, monday_to_friday
from alerts.model import is_real_fire
from alerts.policy import Policy, tell_everybody
from alerts.routing import Planned, plan, plan_end
from alerts.standing import Standing
from sensors.clock import Clock
from storage.spool_deliveries import Held, SpoolDeliveries, Told
from storage.spool_notices import UnreadableNotice

PLANNED_AT_ONCE = 50
"""Notices of one transaction: it keeps the spool's other writers waiting for some milliseconds at most."""

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
    """Plans what is new and what was held until now. `planned` is called when somebody is to be told."""

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
        self._deliveries: SpoolDeliveries | None = None
        self._log = structlog.get_logger(__name__)

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Plan what waits; say whether there may be more."""
        if stopping():
            return False
        deliveries = self._opened()
        self._follow_clock(deliveries)
        now = self._clocks.wall.now()
        waiting = deliveries.to_plan(now=now, limit=PLANNED_AT_ONCE)
        if not waiting:
            return False
        policy, standing = self._policy(), self._standing(deliveries)
        # Each is written before the next is judged, for what was told before bears on it.
        deliveries.settle(self._outcome(deliveries, notice, policy, standing, now) for notice in waiting)
        self._planned()
        return len(waiting) == PLANNED_AT_ONCE

    def close(self) -> None:
        """Let go of the spool."""
        if self._deliveries is not None:
            self._deliveries.close()

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

    def _standing(self, deliveries: SpoolDeliveries) -> Standing:
        try:
            return deliveries.standing()
        except Exception:  # noqa: BLE001 - a task's boundary: what was said beforehand may hold nothing back by being unreadable
            self._log.exception("standing_unreadable", instead="nothing is silenced")
            return Standing()

    def _outcome(
        self,
        deliveries: SpoolDeliveries,
        notice: Notice | UnreadableNotice,
        policy: Policy,
        standing: Standing,
        now: datetime,
    ) -> Told | Held:
        if isinstance(notice, UnreadableNotice):
            self._log.error("notice_unreadable", number=notice.number, detail=notice.detail)
            return Told(notice=notice, at=now)
        decision = self._decision(deliveries, notice, policy, standing, now)
        if decision.held is not None:
            self._log.info("notice_held", notice=notice.key, why=decision.held.value, by=decision.by)
            return Held(notice=notice, decision=decision)
        return self._told(deliveries, notice, policy, decision, now)

    def _decision(
        self, deliveries: SpoolDeliveries, notice: Notice, policy: Policy, standing: Standing, now: datetime
    ) -> Decision:
        try:
            decision = decide(notice, standing, deliveries.past(now), policy.engine_rules(), now)
        except Exception:  # noqa: BLE001 - a task's boundary: who cannot be asked holds nothing back
            self._log.exception("notice_not_judged", notice=notice.key, instead="it is told")
            return Decision()
        if decision.held is not None and notice.kind is NoticeKind.RAISED and is_real_fire(notice.signal):
            self._log.error("fire_not_held", notice=notice.key, why=decision.held.value)
            return Decision(drill=decision.drill)
        return decision

    def _told(
        self, deliveries: SpoolDeliveries, notice: Notice, policy: Policy, decision: Decision, now: datetime
    ) -> Told:
        if notice.kind is NoticeKind.ACKNOWLEDGED:
            return Told(notice=notice, at=now)
        at = decision.group_until or now
        if notice.kind is NoticeKind.CLEARED:
            planned = plan_end(deliveries.told(notice.alert_id), at)
        else:
            try:
                planned = plan(policy, notice, at, is_workday=self._is_workday)
                self._say_holes(notice, planned)
            except Exception:  # noqa: BLE001 - a task's boundary: a plan that fails is one that tells everybody
                self._log.exception("notice_not_routed", notice=notice.key, instead="everybody is told")
                planned = plan(tell_everybody(policy.channels), notice, at)
        return Told(notice=notice, at=now, planned=planned, decision=decision)

    def _say_holes(self, notice: Notice, planned: Sequence[Planned]) -> None:
        for reason in dict.fromkeys(each.reason for each in planned if each.stands_in):
            self._log.warning("nobody_on_duty", notice=notice.key, called=reason)
