"""Several threads and processes over one database: nothing lost, nobody stuck, no half transactions."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from sensors.journal import ChangeKind
from storage.records import RecordsBusyError, SqlRecords
from tests.storage.records.stores import Place, alert, alert_step, postgres_place, sqlite_place
from tests.storage.records.writers import write

ROOT = Path(__file__).resolve().parents[3]
EACH = 40


def writer(place: Place, name: str, count: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.storage.records.writers", place.url, name, str(count)]
    return subprocess.Popen(command, cwd=ROOT)


def assert_nothing_lost(records: SqlRecords, writers: int) -> None:
    with records.transaction() as tx:
        assert len(tx.alerts(limit=10_000)) == writers * EACH
        assert tx.next_item_number() == writers * EACH + 1
        assert [each.id for each in tx.changes(after=0)] == list(range(1, writers * EACH + 1))
        assert len(tx.audit_entries(limit=10_000)) == writers * EACH
        assert tx.verify_audit() is None


def test_two_processes_and_a_thread_write_together(place: Place) -> None:
    records = place.open()
    processes = [writer(place, name, EACH) for name in ("first", "second")]
    write(place.url, "third", EACH)
    assert [process.wait(60) for process in processes] == [0, 0]
    assert_nothing_lost(records, 3)


def test_threads_share_the_records(records: SqlRecords) -> None:
    def save(name: str) -> None:
        for number in range(EACH):
            made = alert(id=f"{name}-{number}")
            with records.transaction() as tx:
                tx.next_item_number()
                tx.save_alert(made, alert_step(made))

    threads = [threading.Thread(target=save, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert_nothing_lost(records, len(threads))


def test_changes_never_appear_behind_what_a_reader_has_seen(records: SqlRecords) -> None:
    """A page resumes behind the last number it saw: a smaller one must not become visible later."""
    done = threading.Event()

    def tell(name: str) -> None:
        for _ in range(EACH):
            with records.transaction() as tx:
                tx.note_change(ChangeKind.READING, name)

    threads = [threading.Thread(target=tell, args=(name,)) for name in "abc"]
    seen: list[int] = []

    def follow() -> None:
        while len(seen) < len(threads) * EACH and not done.wait(0.001):
            with records.reading() as tx:
                seen.extend(each.id for each in tx.changes(after=seen[-1] if seen else 0))

    follower = threading.Thread(target=follow)
    for thread in (follower, *threads):
        thread.start()
    follower.join(60)
    done.set()
    for thread in (follower, *threads):
        thread.join(60)
    assert seen == list(range(1, len(threads) * EACH + 1))


def test_a_killed_writer_leaves_nothing_and_holds_nobody_up(place: Place) -> None:
    records = place.open()
    assert writer(place, "killed", 0).wait(60) == -signal.SIGKILL
    with records.transaction() as tx:
        assert (list(tx.audit_entries()), tx.last_change(), tx.verify_audit()) == ([], 0, None)
        made = alert()
        tx.save_alert(made, alert_step(made))


def test_who_waits_too_long_is_told_so(place: Place) -> None:
    with place.open().transaction(), pytest.raises(RecordsBusyError, match="try again"):
        hold(place.open(busy_s=0.05))


def hold(records: SqlRecords) -> None:
    with records.transaction():
        pass


def test_opening_once_more_lets_go_of_no_lock() -> None:
    """Whoever closes the file itself drops the locks that SQLite holds for the whole process, and it is spoilt."""
    with sqlite_place() as place, place.open().transaction():
        place.open()
        code = f"from storage.records import SqlRecords as R\nwith R({place.url!r}, busy_s=0.05).transaction(): pass"
        other = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert "RecordsBusyError" in other.stderr


def test_readers_do_not_wait_for_a_writer(place: Place) -> None:
    with place.open().transaction() as writing:
        writing.note_change(ChangeKind.READING, "hq")
        with place.open(busy_s=0.05).reading() as tx:
            assert tx.last_change() == 0


def test_a_server_that_went_away_and_came_back_is_used_again() -> None:
    with postgres_place() as place:
        records, other = place.open(), place.open()
        with records.reading() as tx:
            assert tx.last_change() == 0
        with other.transaction() as tx:
            leave = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tx.connection.execute(leave)
        with records.transaction() as tx:
            tx.note_change(ChangeKind.READING, "hq")
            assert tx.last_change() == 1
