"""What the console asks of the deliveries, read from the spool that ingest sends from."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.decisions import Decision, Hold
from alerts.dispatch import Answer, Attempt, Delivery, Notice
from alerts.escalation import monday_to_friday
from alerts.policy import tell_everybody
from alerts.routing import Planned
from api.alert_ports import CallState
from premises.notices.alert_desk import SpoolAlertDesk
from sensors.errors import NotNowError
from sensors.intake import SpoolEntry
from sensors.readings import epoch_ms
from storage.spool import SqliteSpool
from storage.spool_deliveries import Held, SpoolDeliveries, Told
from tests.alerts.factories import raised
from tests.memory_records import NOON, HandClock

LATER = NOON + timedelta(minutes=1)


def desk_over(path: Path) -> SpoolAlertDesk:
    return SpoolAlertDesk(path, policy=lambda: tell_everybody(()), is_workday=monday_to_friday, clock=HandClock())


def notice_in(path: Path) -> Notice:
    with closing(SqliteSpool(path, min_free_bytes=0)) as spool:
        spool.commit([SpoolEntry(gateway="gw1", received_ms=epoch_ms(NOON), received=1, signals=(raised(),))])
    with closing(SpoolDeliveries(path)) as deliveries:
        (notice,) = deliveries.to_plan(now=NOON, limit=9)
    assert isinstance(notice, Notice)
    return notice


def planned(channel: str, level: int) -> Planned:
    return Planned(channel=channel, level=level, due=LATER if level else NOON, reason="everybody")


def test_calls_are_told_level_by_level_with_what_became_of_them(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    notice = notice_in(path)
    with closing(SpoolDeliveries(path)) as deliveries:
        levels = (planned("sms", 0), planned("mail", 0), planned("sms", 1))
        deliveries.settle([Told(notice=notice, at=NOON, planned=levels, decision=Decision(drill="d1"))])
        dead = Answer(delivery=Delivery.DEAD, detail="550 no such user")
        deliveries.answered("mail", [Attempt(notice=notice, answer=dead, again=None, at=NOON)])
    desk = desk_over(path)
    told = {(call.channel, call.level): call.state for call in desk.calls(notice.alert_id)}
    assert told == {
        ("sms", 0): CallState.TRYING,
        ("mail", 0): CallState.FAILED,
        ("sms", 1): CallState.PLANNED,
    }
    assert desk.tellings([notice.alert_id])[notice.alert_id].drill == "d1"
    (lost,) = desk.undelivered()
    assert (lost.channel, lost.detail) == ("mail", "550 no such user")
    assert (desk.retry([lost.number]), desk.undelivered()) == (1, [])


def test_what_is_held_says_by_what_and_until_when(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    notice = notice_in(path)
    with closing(SpoolDeliveries(path)) as deliveries:
        decision = Decision(held=Hold.SILENCED, by="s1", look_again=LATER)
        deliveries.settle([Held(notice=notice, decision=decision)])
    telling = desk_over(path).tellings([notice.alert_id, "other"])[notice.alert_id]
    assert (telling.held, telling.by, telling.until) == (Hold.SILENCED, "s1", LATER)


@pytest.mark.parametrize("content", [None, b"no database at all, and long enough to be taken for one" * 40])
def test_a_spool_that_cannot_be_read_hides_calls_and_breaks_no_page(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "spool.db"
    if content is not None:
        path.write_bytes(content)
    desk = desk_over(path)
    assert (desk.tellings(["a"]), desk.calls("a"), desk.undelivered()) == ({}, (), ())
    with pytest.raises(NotNowError):
        desk.retry()
