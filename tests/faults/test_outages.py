"""What ingest does while something it works with is away: the records, the disk, the store, the clock, its own loop."""

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from ingest.watchdog import STUCK_EXIT
from premises.processes.supervisor import AWAY
from premises.stores.records import open_records
from storage.drain import drain
from storage.readings.memory import MemoryReadingStore
from tests.alerts.receiver import Receiver, receiver
from tests.faults.disks import fill, small_disk
from tests.faults.gateway import START_MS, reading, sent_all
from tests.faults.postgres import killable_postgres
from tests.faults.processes import SITE, Parts, parts_in
from tests.ingest.intake import co2, events_message, pipeline_of, readings_message, spool_in
from tests.servers import eventually

pytestmark = pytest.mark.kill


def fire(parts: Parts, number: int) -> None:
    event = {"id": f"f{number}", "dev": "panel1", "type": "fire", "state": "active", "zone": f"{number}F"}
    sent_all(parts.port, [orjson.dumps({"events": [event]})], topic=f"premises/v1/{SITE}/gw1/events")


def told(webhook: Receiver) -> str:
    return f'[alerts]\nwebhooks = [{{url = "{webhook.url}", secret_file = "secrets/hook"}}]\n'


def zones(parts: Parts) -> set[str]:
    with closing(open_records(parts.home)) as records, records.transaction() as tx:
        return {str(alert.zone) for alert in tx.alerts()}


def test_alarms_go_out_and_readings_come_in_while_postgresql_is_dead(tmp_path: Path) -> None:
    with killable_postgres() as server, receiver() as webhook:
        settings = f'[records]\nurl = "{server.url}"\n{told(webhook)}'
        with parts_in(tmp_path, settings=settings) as parts:
            (parts.home.secrets / "hook").write_text("a secret of the test\n", encoding="utf-8")
            parts.start_broker()
            parts.ingest.start()
            fire(parts, 1)
            eventually(lambda: len(webhook.posts) == 1 and zones(parts) == {"1F"}, what="notice and alert")
            server.kill()
            fire(parts, 2)
            sent_all(parts.port, [reading(number) for number in range(200)])
            eventually(lambda: len(set(webhook.keys)) == 2, what="the notice of a fire without records")
            eventually(lambda: parts.book().accepted == 202, what="readings without records")
            parts.serve.launch()
            assert parts.serve.process is not None
            assert parts.serve.process.wait(60) == AWAY
            server.start()
            parts.serve.start()
            eventually(lambda: zones(parts) == {"1F", "2F"}, what="the alert in the records that are back")
            eventually(lambda: parts.stored() == 200, what="the readings in the store")
    assert len(set(webhook.keys)) == len(webhook.keys) == 2


def test_full_disk_is_waited_out_and_what_came_meanwhile_is_kept_by_the_broker(tmp_path: Path) -> None:
    with small_disk(tmp_path, 4) as disk, parts_in(tmp_path, home=disk / "home") as parts:
        parts.start_broker()
        parts.ingest.start()
        sent_all(parts.port, [reading(number) for number in range(50)])
        eventually(lambda: parts.book().accepted == 50, what="the first readings")
        filler = fill(disk)
        sent_all(parts.port, [reading(number) for number in range(50, 3_000)])
        eventually(lambda: parts.ingest.count("not_taken") > 1, what="ingest waits for room and tries again")
        parts.ingest.kill()
        refusals = parts.ingest.count("the disk is full")
        parts.ingest.launch()
        eventually(lambda: parts.ingest.count("the disk is full") > refusals, what="a start on a full disk waits, too")
        assert parts.ingest.runs
        filler.unlink()
        eventually(lambda: parts.book().accepted == 3_000, what="everything, by itself", seconds=60)
        assert (parts.book().missing, parts.book().balances) == (0, True)
        assert "Traceback" not in parts.ingest.text


def test_store_that_is_away_for_long_is_drained_into_in_order_while_more_comes(tmp_path: Path) -> None:
    with parts_in(tmp_path) as parts:
        parts.start_broker()
        parts.ingest.start()
        sent_all(parts.port, [reading(number) for number in range(5_000)])
        eventually(lambda: parts.book().spooled == 5_000, what="everything waits in the spool")
        parts.serve.start()
        sent_all(parts.port, [reading(number) for number in range(5_000, 7_000)])
        eventually(lambda: parts.stored() == 7_000, what="all is in the store", seconds=60)
        eventually(lambda: parts.book().stored == 7_000, what="the books say so")
        assert (parts.book().missing, parts.book().duplicate, parts.book().balances) == (0, 0, True)


def test_hanging_ingest_says_where_and_ends_with_a_code_of_its_own(tmp_path: Path) -> None:
    with parts_in(tmp_path) as parts:
        parts.home.settings.write_text(
            parts.home.settings.read_text(encoding="utf-8").replace("[mqtt]\n", "[mqtt]\nwatchdog_s = 2\n"),
            encoding="utf-8",
        )
        parts.start_broker()
        parts.ingest.start()
        with closing(sqlite3.connect(parts.home.spool, isolation_level=None)) as greedy:
            greedy.execute("BEGIN IMMEDIATE")
            sent_all(parts.port, [reading(0)])
            assert parts.ingest.process is not None
            assert parts.ingest.process.wait(30) == STUCK_EXIT
        assert "ingest_stuck" in parts.ingest.text
        assert "in commit" in parts.ingest.text
        parts.ingest.start()
        eventually(lambda: parts.book().accepted == 1, what="the message comes again")
        assert parts.book().balances


@pytest.mark.parametrize("back_ms", [60_000, 400 * 86_400_000])
def test_clock_that_steps_back_loses_and_doubles_nothing(tmp_path: Path, back_ms: int) -> None:
    with closing(spool_in(tmp_path)) as spool:
        pipeline = pipeline_of(spool)
        for number in range(20):
            now_ms = START_MS - (back_ms if number >= 10 else 0)
            boot = f"b{number // 2}"
            numbered = readings_message(co2(number, ts=START_MS - back_ms + number), boot=boot, seq=number % 2)
            alarm = events_message({"id": f"e{number}", "dev": "panel1", "type": "fire", "state": "active"})
            for message in (numbered, numbered, alarm, alarm):
                at = type(message)(
                    topic=message.topic, payload=message.payload, received_ms=now_ms, packet_id=message.packet_id
                )
                spool.commit(pipeline.process([at]))
        book = spool.books()["gw1"]
        # The newest boots are remembered, whatever the clock says.
        assert spool.seen("gw1", "b9", 1)
        assert spool.seen("gw1", "b4", 1)
        assert not spool.seen("gw1", "b0", 1)
        store = MemoryReadingStore()
        drain(spool, store)
    assert (book.accepted, book.duplicate, book.missing, book.balances) == (40, 40, 0, True)
    assert store.readings("hq", start_ms=0, end_ms=2 * START_MS).height == 20  # type: ignore[arg-type]  # a site's id
