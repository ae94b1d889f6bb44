"""What the alert pages of the demo show of calls: a level made, one to come, one held back, one that never arrived."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.decisions import Hold
from alerts.dispatch import NoticeKind
from api.alert_ports import Call, CallState, NoDeliveries, Telling

SMS, MAIL, ROBOT = "sms:值班室:1a", "mail:主任:2b", "dingtalk:保卫群:3c"


@dataclass
class ShownCalls(NoDeliveries):
    """Keeps `api.alert_ports.AlertDesk`; alerts are told apart by the names that the demo gave them."""

    now: Callable[[], datetime]
    names: Mapping[str, str]
    silence: str = "s1"
    retried: list[Collection[int] | None] = field(default_factory=list)

    def tellings(self, alert_ids: Collection[str]) -> Mapping[str, Telling]:
        ids = dict(self.names)
        told = {
            ids.get("forced"): Telling(held=Hold.SILENCED, by=self.silence, until=self.now() + timedelta(hours=2)),
            ids.get("leak"): Telling(drill="d1", flapping=True),
        }
        return {each: told[each] for each in alert_ids if each in told}

    def calls(self, alert_id: str) -> Sequence[Call]:
        if alert_id != self.names.get("fire"):
            return ()
        begun = self.now() - timedelta(seconds=48)
        return (
            self._call(1, alert_id, SMS, 0, CallState.ARRIVED, begun, "值班室"),
            self._call(2, alert_id, ROBOT, 0, CallState.TRYING, begun, "值班室", "HTTP 503"),
            self._call(3, alert_id, SMS, 1, CallState.PLANNED, begun + timedelta(minutes=1), "everybody"),
            self._call(4, alert_id, MAIL, 1, CallState.PLANNED, begun + timedelta(minutes=1), "everybody"),
        )

    def undelivered(self, *, limit: int = 100) -> Sequence[Call]:
        if "closed" not in self.names or self.retried:
            return ()
        begun = self.now() - timedelta(days=4)
        dead = self._call(9, self.names["closed"], MAIL, 0, CallState.FAILED, begun, "主任", "550 mailbox unavailable")
        gone = self._call(8, "gone", ROBOT, 0, CallState.FAILED, begun, "", "errcode 430101")
        return (dead, gone)[:limit]

    def told(self, *, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        times = [until - timedelta(hours=2, seconds=20 * number) for number in range(14)]
        return {"值班室": [each for each in times if since <= each], SMS: times[:2]}

    def retry(self, numbers: Collection[int] | None = None) -> int:
        self.retried.append(numbers)
        return 2

    @staticmethod
    def _call(
        number: int,
        alert_id: str,
        channel: str,
        level: int,
        state: CallState,
        due: datetime,
        why: str,
        detail: str = "",
    ) -> Call:
        return Call(
            number=number,
            alert_id=alert_id,
            kind=NoticeKind.RAISED,
            channel=channel,
            level=level,
            state=state,
            due=due,
            attempts=int(state is not CallState.PLANNED),
            why=why,
            detail=detail,
        )
