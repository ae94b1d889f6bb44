"""Real processes, a real broker, a real receiver: killed, locked out, flooded. Every time no red alert stays unsent."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from premises.stores.records import open_records
from simulators.gbt26875 import FIRE, FirePanel
from storage.spool_health import SpoolHealth
from tests.alerts.receiver import Receiver, Reply, receiver
from tests.faults.processes import SITE, Parts, parts_in
from tests.ingest.panels import SHANGHAI
from tests.ingest.panels import Client as PanelClient
from tests.servers import eventually, free_port, is_listening

pytestmark = pytest.mark.kill

FLOOD = 300


@contextmanager
def told_parts(folder: Path, *, more: str = "", replies: tuple[Reply, ...] = ()) -> Iterator[tuple[Parts, Receiver]]:
    """Yield an installation that tells one webhook, its broker running; nothing else runs yet."""
    with receiver(*replies) as there:
        hook = f'[alerts]\nwebhooks = [{{url = "{there.url}", secret_file = "secrets/hook"}}]\n'
        with parts_in(folder, settings=hook + more) as parts:
            (parts.home.secrets / "hook").write_text("s3cret\n", encoding="utf-8")
            parts.start_broker()
            yield parts, there


def burns(parts: Parts, *zones: str) -> None:
    """Publish fires and wait until the broker has them all."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", parts.port)
    client.loop_start()
    try:
        for zone in zones:
            event = {"dev": "panel1", "type": "fire", "state": "active", "zone": zone, "id": f"e-{zone}"}
            payload = json.dumps({"events": [event]})
            client.publish(f"premises/v1/{SITE}/gw1/panel1/events", payload, qos=1).wait_for_publish(10)
    finally:
        client.disconnect()
        client.loop_stop()


def zones(there: Receiver) -> set[str]:
    return {post.json["alert"]["zone"] for post in there.posts if post.json["kind"] == "raised"}


def nothing_unsent(parts: Parts) -> bool:
    with closing(SpoolHealth(parts.home.spool)) as health:
        return health.oldest_unsent() is None


def test_a_kill_between_raising_and_sending_loses_no_fire(tmp_path: Path) -> None:
    with told_parts(tmp_path, replies=(Reply(hang=True), Reply())) as (parts, there):
        parts.ingest.start()
        burns(parts, "1")
        eventually(lambda: len(there.posts) == 1, what="an attempt is under way")
        parts.ingest.kill()
        parts.ingest.start()
        eventually(lambda: len(there.posts) >= 2, what="the attempt after the restart")
        assert there.keys[0] == there.keys[1]
        eventually(lambda: nothing_unsent(parts), what="nothing is unsent")


def test_serve_sends_what_an_ingest_that_died_left_behind(tmp_path: Path) -> None:
    with told_parts(tmp_path, replies=(Reply(hang=True), Reply())) as (parts, there):
        parts.ingest.start()
        burns(parts, "1")
        eventually(lambda: len(there.posts) == 1, what="an attempt is under way")
        parts.ingest.kill()
        parts.serve.start()
        eventually(lambda: nothing_unsent(parts), what="serve has told it", seconds=60)
        assert there.keys[0] == there.keys[1]


def test_locked_records_hold_up_no_fire_and_get_it_afterwards(tmp_path: Path) -> None:
    with told_parts(tmp_path) as (parts, there):
        open_records(parts.home).close()
        parts.ingest.start()
        with closing(sqlite3.connect(parts.home.root / "records.db", isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            burns(parts, "1")
            eventually(lambda: zones(there) == {"1"}, what="the fire is told")
            eventually(lambda: nothing_unsent(parts), what="nothing is unsent")
            lock.execute("ROLLBACK")
        eventually(lambda: recorded(parts) == {"1"}, what="the records have it", seconds=30)


def recorded(parts: Parts) -> set[str]:
    with closing(open_records(parts.home)) as records, records.reading() as tx:
        return {alert.zone for alert in tx.alerts()}


def test_records_that_are_away_hold_up_no_fire(tmp_path: Path) -> None:
    away = f'[records]\nurl = "postgresql://nobody@127.0.0.1:{free_port()}/records"\n'
    with told_parts(tmp_path, more=away) as (parts, there):
        parts.ingest.start()
        burns(parts, "1", "2")
        eventually(lambda: zones(there) == {"1", "2"}, what="the fires are told")
        eventually(lambda: nothing_unsent(parts), what="nothing is unsent")


def test_half_a_frame_a_wrong_sum_and_a_flood_from_the_panel_lose_no_fire(tmp_path: Path) -> None:
    port, panel = free_port(), FirePanel()
    listening = (
        f"[fire_panel]\nenabled = true\nport = {port}\n"
        '[[fire_panel.panels]]\naddress = "121.3.0.0.0.0"\ngateway = "utd1"\ndevice = "panel1"\n'
    )
    now = datetime.now(SHANGHAI)
    frames = [panel.component(now, FIRE, position=number) for number in range(FLOOD)]
    with told_parts(tmp_path, more=listening) as (parts, there):
        parts.ingest.start()
        eventually(lambda: is_listening(port), what="the listener")
        with PanelClient(port) as broken:
            broken.send(frames[0][: len(frames[0]) // 2])
        with PanelClient(port) as client:
            wrong = bytearray(frames[1])
            wrong[-3] ^= 0xFF
            client.send(bytes(wrong))
            client.send(*frames)
            eventually(lambda: len(zones(there)) == FLOOD, what="every fire is told", seconds=90)
        eventually(lambda: nothing_unsent(parts), what="nothing is unsent")
