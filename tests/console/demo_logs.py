"""What was written down in the demo: a night's duty, a gap, an isolation that waits and one that stands, tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alerts.logs import commands
from alerts.logs.commands import CheckGiven, Desk, DutyGiven, FireTestGiven, IsolationGiven
from alerts.logs.ports import LogTransaction
from sensors.actors import Actor
from sensors.logs import AlarmTruth, DutyKind, FireSystem, FireTestKind, FireTestResult
from sensors.subjects import Subject
from sensors.topology import SiteId

HOUR = timedelta(hours=1)
NIGHT, DAY = ("张三", "李四"), ("王五", "赵六")


@dataclass(frozen=True)
class _At:
    time: datetime

    def now(self) -> datetime:
        return self.time


def write_logs(tx: LogTransaction, site: SiteId, *, officer: Actor, manager: Actor, now: datetime, leak: str) -> None:
    """Write what the pages show, each entry at its time."""

    def desk(actor: Actor, ago: timedelta) -> Desk:
        return Desk(actor=actor, site=site, clock=_At(now - ago))

    _duty(tx, lambda ago: desk(officer, ago))
    waiting = IsolationGiven(
        subject=Subject.parse("device:panel1"),
        zone="2F-东 回路3",
        reason="会议室装修，粉尘大",
        planned_end=now + 9 * HOUR,
    )
    commands.request_isolation(tx, waiting, desk=desk(officer, HOUR))
    standing = IsolationGiven(
        subject=Subject.parse("device:panel1"), zone="1F-07", reason="更换探测器", planned_end=now - HOUR
    )
    kept = commands.request_isolation(tx, standing, desk=desk(officer, 9 * HOUR))
    commands.approve_isolation(tx, kept.isolation.id, desk=desk(manager, 8 * HOUR))
    for given in TESTS:
        commands.write_test(tx, given, desk=desk(manager, HOUR))
    found = CheckGiven(truth=AlarmTruth.REAL, by="王五", note="洗手间水管接头松")
    commands.verify_alarm(tx, leak, found, desk=desk(officer, HOUR / 3))


def _duty(tx: LogTransaction, desk: Callable[[timedelta], Desk]) -> None:
    begin = DutyGiven(kind=DutyKind.HAND_OVER, present=DAY, relief=NIGHT, panel_normal=True, note="1F-07 屏蔽中")
    commands.write_duty(tx, begin, desk=desk(14 * HOUR))
    for hours in (12, 10, 8, 4):
        note = "3F 温感故障，已通知维保" if hours == 8 else ""
        given = DutyGiven(present=NIGHT, panel_normal=hours != 8, note=note)
        commands.write_duty(tx, given, desk=desk(hours * HOUR))
    wrong = commands.write_duty(tx, DutyGiven(present=NIGHT[:1], panel_normal=True), desk=desk(3 * HOUR))
    commands.write_duty(tx, DutyGiven(present=NIGHT, panel_normal=True), desk=desk(2.9 * HOUR), corrects=wrong.id)
    change = DutyGiven(kind=DutyKind.HAND_OVER, present=NIGHT, relief=DAY, panel_normal=True, note="温感故障待维保")
    commands.write_duty(tx, change, desk=desk(1.5 * HOUR))


TESTS = (
    FireTestGiven(
        kind=FireTestKind.ANNUAL_TEST,
        subject=Subject.parse("building:a"),
        day=date(2025, 11, 10),
        by="安泰消防检测有限公司",
        result=FireTestResult.DEFECTS,
        next_due=date(2026, 11, 9),
        note="2处手报按钮需更换",
    ),
    FireTestGiven(
        kind=FireTestKind.QUARTERLY_CHECK,
        subject=Subject.parse("building:a"),
        day=date(2026, 10, 12),
        by="物业维保组",
        result=FireTestResult.PASSED,
        system=FireSystem.SPRINKLER,
    ),
)
