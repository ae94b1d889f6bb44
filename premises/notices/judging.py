"""What becomes of several notices one after another, judged before any of it is written.

What was told before bears on what comes next, so what is decided here but not written yet is remembered over what the
spool knows: the spool's writers wait only for the writing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from alerts.decisions import Decision
from alerts.dispatch import Notice, NoticeKind
from alerts.engine import decide, tell_again
from alerts.engine_rules import NO_TIME
from alerts.escalation import MOST_LEVELS, IsWorkday
from alerts.model import is_real_fire
from alerts.past import Edge, GroupPast, OpenAlert, Past
from alerts.past import Told as LastTold
from alerts.policy import Policy, tell_everybody
from alerts.routing import AT_ONCE, Planned, plan, plan_end, quiet_until, still_to_come
from alerts.standing import Standing
from sensors.alarms import Alarm
from sensors.signals import Signal
from storage.spool_notices import UnreadableNotice
from storage.spool_plans import Climb, Climbed, Held, Told


class Known(Protocol):
    """What the spool knows of alerts."""

    def past(self, now: datetime) -> Past:
        """Return what was before."""
        ...

    def told(self, alert_id: str) -> frozenset[str]:
        """Return the channels that were told of an alert, or are still tried to be."""
        ...

    def seen(self, alert_id: str) -> datetime | None:
        """Return when a person was first heard to have seen an alert, None where nobody has."""
        ...


@dataclass(slots=True)
class Foreseen:
    """Keeps `alerts.past.Past`: what was before, with what is decided and not written yet."""

    past: Past
    now: datetime
    told: dict[str, LastTold] = field(default_factory=dict)
    channels: dict[str, frozenset[str]] = field(default_factory=dict)
    groups: dict[str, GroupPast] = field(default_factory=dict)

    def edges(self, mark: str, *, since: datetime) -> Sequence[Edge]:
        """Return beginnings and ends, which are there before anything is decided."""
        return self.past.edges(mark, since=since)

    def ended(self, alert_id: str) -> datetime | None:
        """Return when an alert was over."""
        return self.past.ended(alert_id)

    def open_alerts(self, alarms: frozenset[Alarm]) -> Iterable[OpenAlert]:
        """Return the open alerts about any of these."""
        return self.past.open_alerts(alarms)

    def last_told(self, mark: str) -> LastTold | None:
        """Return what it was last decided to tell people of this fingerprint."""
        return self.told.get(mark) or self.past.last_told(mark)

    def group(self, key: str) -> GroupPast:
        """Return what is known of a group."""
        return self.groups.get(key) or self.past.group(key)

    def remember(self, told: Told) -> None:
        """Let what was decided bear on what comes next."""
        notice = told.notice
        if isinstance(notice, UnreadableNotice) or not told.planned:
            return
        self.told[notice.signal.mark] = LastTold(kind=notice.kind, alert_id=notice.alert_id, at=told.at)
        if notice.kind is NoticeKind.RAISED:
            self.channels[notice.alert_id] = frozenset(each.channel for each in told.planned if each.level == AT_ONCE)
        if told.decision.group:
            self._join(told.decision, told.at)

    def _join(self, decision: Decision, at: datetime) -> None:
        known = self.group(decision.group)
        waits = decision.group_until is not None and decision.group_until > self.now
        since, last = known.waiting_since, known.last_told
        self.groups[decision.group] = GroupPast(
            waiting_since=min(since or at, at) if waits else since,
            last_told=last if waits else max(last or at, at),
        )


class Judge:
    """Judges the notices of one pass, by the policy and by what people said beforehand as both are now.

    Whatever fails in asking, the notice is planned for everybody.
    """

    def __init__(
        self, known: Known, *, policy: Policy, standing: Standing, now: datetime, is_workday: IsWorkday
    ) -> None:
        """Judge at this time."""
        self._known = known
        self._policy = policy
        self._standing = standing
        self._now = now
        self._is_workday = is_workday
        self._past = Foreseen(known.past(now), now)
        self._log = structlog.get_logger(__name__)

    def outcome(self, notice: Notice | UnreadableNotice) -> Told | Held:
        """Return what becomes of a notice; the next one is judged as if it were written."""
        if isinstance(notice, UnreadableNotice):
            self._log.error("notice_unreadable", number=notice.number, detail=notice.detail)
            return Told(notice=notice, at=self._now)
        decision = self._decision(notice)
        if decision.held is not None:
            self._log.info("notice_held", notice=notice.key, why=decision.held.value, by=decision.by)
            return Held(notice=notice, decision=decision)
        told = self._told(notice, decision)
        self._past.remember(told)
        return told

    def climbed(self, climb: Climb) -> Climbed:
        """Return who is told at a level that fell due, and when the next is."""
        # Who has seen it between the judging and the writing of its first word stopped nothing yet.
        if climb.is_over or self._is_seen(climb.notice):
            return Climbed(climb=climb, at=self._now, planned=(), next_due=None)
        start = min(climb.start, self._now)
        rest = still_to_come(self._planned(climb.notice, start), level=climb.level, since=climb.due)
        if not rest:
            return self._repeated(climb)
        due = [each for each in rest if each.due <= self._now]
        later = min((each.due for each in rest if each.due > self._now), default=None)
        return Climbed(climb=climb, at=self._now, planned=due, next_due=later or self._repeat_due(climb.notice.signal))

    def _decision(self, notice: Notice) -> Decision:
        if notice.stands_in:
            self._log.error("notice_unreadable", notice=notice.key, instead="everybody is told of a fire")
            return Decision()
        try:
            decision = decide(notice, self._standing, self._past, self._policy.engine_rules(), self._now)
        except Exception:  # noqa: BLE001 - a task's boundary: who cannot be asked holds nothing back
            self._log.exception("notice_not_judged", notice=notice.key, instead="it is told")
            return Decision()
        if decision.held is not None and notice.kind is NoticeKind.RAISED and is_real_fire(notice.signal):
            self._log.error("fire_not_held", notice=notice.key, why=decision.held.value)
            return Decision(drill=decision.drill)
        return decision

    def _told(self, notice: Notice, decision: Decision) -> Told:
        if notice.kind is NoticeKind.ACKNOWLEDGED:
            return Told(notice=notice, at=self._now)
        at = decision.group_until or self._now
        if notice.kind is NoticeKind.CLEARED:
            channels = self._known.told(notice.alert_id) | self._past.channels.get(notice.alert_id, frozenset())
            return Told(notice=notice, at=self._now, planned=plan_end(channels, at), decision=decision)
        if self._is_seen(notice):
            return self._told_of_seen(notice, decision)
        planned = self._planned(notice, at)
        return Told(
            notice=notice,
            at=self._now,
            planned=[each for each in planned if each.level == AT_ONCE],
            decision=decision,
            start=at,
            climb=min((each.due for each in planned if each.level > AT_ONCE), default=self._repeat_due(notice.signal)),
        )

    def _told_of_seen(self, notice: Notice, decision: Decision) -> Told:
        """Tell nobody what a person has seen before its first word; of a real fire that word still goes out."""
        if not is_real_fire(notice.signal):
            self._log.info("notice_seen_already", notice=notice.key)
            return Told(notice=notice, at=self._now)
        first = [each for each in self._planned(notice, self._now) if each.level == AT_ONCE]
        return Told(notice=notice, at=self._now, planned=first, decision=decision, start=self._now)

    def _is_seen(self, notice: Notice) -> bool:
        return self._known.seen(notice.alert_id) is not None

    def _planned(self, notice: Notice, at: datetime) -> Sequence[Planned]:
        try:
            policy = tell_everybody(self._policy.channels) if notice.stands_in else self._policy
            planned = plan(policy, notice, at, is_workday=self._is_workday)
            self._say_holes(notice, planned)
        except Exception:  # noqa: BLE001 - a task's boundary: a plan that fails is one that tells everybody
            self._log.exception("notice_not_routed", notice=notice.key, instead="everybody is told")
            planned = plan(tell_everybody(self._policy.channels), notice, at)
        return planned

    def _repeated(self, climb: Climb) -> Climbed:
        """Tell once more what nobody has seen, unless something holds it now."""
        notice, rules = climb.notice, self._policy.engine_rules()
        seen = self._known.seen(notice.alert_id)
        standing = Standing(acknowledged={} if seen is None else {notice.alert_id: seen})
        again = tell_again(notice, standing, self._past, rules)
        if again is None or climb.level >= MOST_LEVELS:
            return Climbed(climb=climb, at=self._now, planned=(), next_due=None)
        first_due = again - rules.grouping.repeat + self._repeat_after(notice.signal)
        if first_due > self._now:
            return Climbed(climb=climb, at=self._now, planned=(), next_due=first_due)
        next_due = self._repeat_due(notice.signal)
        decision = self._decision(notice)
        if decision.held is not None:
            return Climbed(climb=climb, at=self._now, planned=(), next_due=decision.look_again or next_due)
        planned = [
            Planned(channel=each.channel, level=climb.level, due=self._now, reason=each.reason)
            for each in self._planned(notice, self._now)
            if each.level == AT_ONCE
        ]
        return Climbed(climb=climb, at=self._now, planned=planned, next_due=next_due, is_repeat=True)

    def _repeat_due(self, signal: Signal) -> datetime | None:
        """Return when it is told once more if nobody has seen it: not before people were to answer. Tests never are."""
        if signal.test or signal.event is Alarm.TEST:
            return None
        due = self._now + self._repeat_after(signal)
        return quiet_until(self._policy, signal, due) or due

    def _repeat_after(self, signal: Signal) -> timedelta:
        rules = self._policy.engine_rules()
        return max(rules.grouping.repeat, rules.answer.get(signal.severity, NO_TIME))

    def _say_holes(self, notice: Notice, planned: Sequence[Planned]) -> None:
        for reason in dict.fromkeys(each.reason for each in planned if each.stands_in):
            self._log.warning("nobody_on_duty", notice=notice.key, called=reason)
