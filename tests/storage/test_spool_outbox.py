"""The outbox in the spool: in with the event, out once, in order, and remembered across crashes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.dispatch import Notice, NoticeKind
from alerts.model import fingerprint
from sensors.alarms import Alarm
from sensors.events import EventState, EventType
from sensors.intake import SpoolEntry
from sensors.readings import epoch_ms
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject
from storage.spool import SpoolFullError, SqliteSpool
from storage.spool_codec import SpoolDataError, pack_signal, unpack_signal
from storage.spool_deliveries import SpoolDeliveries, Told
from storage.spool_notices import UnreadableNotice
from storage.spool_outbox import KEPT, REPEAT_AFTER_MS, SpoolOutbox
from tests.alerts.factories import HQ, raised
from tests.memory_records import NOON

SOON = timedelta(minutes=1)


def commit(folder: Path, *signals: Signal) -> None:
    with closing(SqliteSpool(folder / "spool.db", min_free_bytes=0)) as spool:
        spool.commit([entry(*signals)])


def entry(*signals: Signal) -> SpoolEntry:
    return SpoolEntry(gateway="gw1", received_ms=epoch_ms(NOON), received=1, signals=signals)


@contextmanager
def outbox_in(folder: Path) -> Iterator[SpoolOutbox]:
    commit(folder)
    with closing(SpoolOutbox(folder / "spool.db")) as outbox:
        yield outbox


def waiting(outbox: SpoolOutbox) -> list[Notice]:
    found = outbox.to_project(limit=100)
    return sorted((each for each in found if isinstance(each, Notice)), key=lambda each: each.number)


def kinds(notices: Sequence[Notice]) -> list[NoticeKind]:
    return [each.kind for each in notices]


def cleared(**fields: bool | str) -> Signal:
    return raised(state=EventState.CLEARED, **fields)  # type: ignore[arg-type]  # the factory's own fields


def test_a_signal_comes_back_from_its_bytes() -> None:
    signal_ = raised(EventType.FORCED, device="lock2", zone="2F", test=True, doubts=("clock_ahead",))
    assert unpack_signal(pack_signal(signal_)) == signal_


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", pack_signal(raised()).replace(b"F01", b"\xff")])
def test_a_damaged_signal_is_a_named_error(data: bytes) -> None:
    with pytest.raises(SpoolDataError):
        unpack_signal(data)


def test_an_active_signal_becomes_a_notice_with_its_commit(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised())
        (notice,) = waiting(outbox)
        assert (notice.kind, notice.signal, notice.at) == (NoticeKind.RAISED, raised(), NOON)


def test_a_failed_commit_leaves_no_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise SpoolFullError

    with outbox_in(tmp_path) as outbox, closing(SqliteSpool(tmp_path / "spool.db", min_free_bytes=0)) as spool:
        monkeypatch.setattr("storage.spool.add_ignored", refuse)
        with pytest.raises(SpoolFullError):
            spool.commit([entry(raised())])
        assert waiting(outbox) == []


def test_what_goes_on_is_told_once_in_a_while_and_to_the_records_only(tmp_path: Path) -> None:
    late = timedelta(milliseconds=REPEAT_AFTER_MS)
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised(), raised(at=NOON + SOON), raised(at=NOON + late), raised(at=NOON + late + SOON))
        assert kinds(waiting(outbox)) == [NoticeKind.RAISED, NoticeKind.REPEATED]


def test_an_end_goes_to_the_alert_that_began(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised(), cleared())
        began, ended = waiting(outbox)
        assert (ended.kind, ended.alert_id, ended.signal) == (NoticeKind.CLEARED, began.alert_id, began.signal)
        commit(tmp_path, cleared(), raised(at=NOON + SOON))
        assert kinds(waiting(outbox)) == [NoticeKind.RAISED, NoticeKind.CLEARED, NoticeKind.RAISED]


def test_zones_end_one_by_one_or_all_together(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised(zone="2F"), raised(zone="3F"), cleared(zone="2F"))
        *_, ended = waiting(outbox)
        assert ended.signal.zone == "2F"
        commit(tmp_path, raised(zone="2F", at=NOON + SOON), cleared())
        assert {notice.signal.zone for notice in waiting(outbox)[-2:]} == {"2F", "3F"}


def test_the_end_of_a_test_leaves_a_real_fire_open(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised(), raised(test=True), cleared(test=True))
        assert [notice.signal.test for notice in waiting(outbox) if notice.kind is NoticeKind.CLEARED] == [True]
        commit(tmp_path, cleared())
        assert [notice.signal.test for notice in waiting(outbox) if notice.kind is NoticeKind.CLEARED] == [True, False]


def own(subject: str, kind: SignalKind = SignalKind.ACTIVE) -> Signal:
    failing = Subject.parse(f"device:{subject}")
    mark = fingerprint(HQ, f"OPS.{Alarm.CHANNEL_FAILS}", failing)
    return replace(raised(), kind=kind, mark=mark, event=Alarm.CHANNEL_FAILS, rule="OPS", subject=failing)


def test_what_no_event_said_is_told_once_and_ends_by_its_mark_alone(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        outbox.tell([own("sms"), own("mail"), own("sms")])
        assert [each.signal.subject.id for each in waiting(outbox)] == ["sms", "mail"]
        outbox.tell([own("sms", SignalKind.CLEARED)])
        *_, ended = waiting(outbox)
        assert (ended.kind, ended.signal.subject.id) == (NoticeKind.CLEARED, "sms")


def test_silencing_and_resetting_a_panel_speak_for_all_its_fires(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised(zone="2F"), raised(zone="3F"), raised(EventType.LEAK), raised(EventType.SILENCED))
        assert kinds(waiting(outbox))[3:] == [NoticeKind.ACKNOWLEDGED] * 2
        commit(tmp_path, raised(EventType.RESET))
        assert kinds(waiting(outbox))[5:] == [NoticeKind.CLEARED] * 2


def test_an_alert_that_came_back_is_told_and_ended_under_its_new_name(tmp_path: Path) -> None:
    late = NOON + timedelta(milliseconds=REPEAT_AFTER_MS)
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised(), raised(at=late))
        repeated = waiting(outbox)[-1]
        outbox.raised_anew(repeated, "new-id")
        outbox.raised_anew(repeated, "new-id")
        commit(tmp_path, cleared())
        assert [(each.kind, each.alert_id) for each in waiting(outbox)[2:]] == [
            (NoticeKind.RAISED, "new-id"),
            (NoticeKind.CLEARED, "new-id"),
        ]


def test_a_notice_that_cannot_be_read_is_told_by_its_number(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised(), raised(EventType.LEAK, device="leak1"))
        with closing(SqliteSpool(tmp_path / "spool.db")) as spool:
            spool._db.execute("UPDATE outbox SET signal = x'00' WHERE id = 2")  # noqa: SLF001 - damage
        _, broken = outbox.to_project(limit=9)
        assert isinstance(broken, UnreadableNotice)
        assert broken.number == 2


def test_old_notices_go_once_the_records_have_them(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        commit(tmp_path, raised(), raised(EventType.LEAK, device="leak1"))
        fire, leak = waiting(outbox)
        outbox.projected(fire.number)
        with closing(SpoolDeliveries(tmp_path / "spool.db")) as deliveries:
            deliveries.settle([Told(notice=fire, at=NOON)])
        outbox.forget_old(NOON + KEPT + SOON)
        assert waiting(outbox) == [leak]


def test_a_fire_is_brought_to_the_records_before_what_came_earlier(tmp_path: Path) -> None:
    with outbox_in(tmp_path) as outbox:
        commit(
            tmp_path, raised(EventType.LEAK, device="leak1"), raised(test=True), raised(zone="2F"), raised(zone="3F")
        )
        found = [each.signal.zone for each in outbox.to_project(limit=9) if isinstance(each, Notice)]
        assert found == ["2F", "3F", "", ""]


@pytest.mark.kill
def test_kill_9_after_a_commit_keeps_the_notice(tmp_path: Path) -> None:
    code = (
        "import sys, os, signal\nfrom pathlib import Path\n"
        "from tests.storage.test_spool_outbox import commit, raised\n"
        "commit(Path(sys.argv[1]), raised())\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=Path(__file__).parents[2], check=False, timeout=60, env=os.environ
    )
    assert done.returncode == -signal.SIGKILL
    with outbox_in(tmp_path) as outbox:
        assert kinds(waiting(outbox)) == [NoticeKind.RAISED]
