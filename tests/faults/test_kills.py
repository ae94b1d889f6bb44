"""Ends our processes and the broker at random under load. Nothing acknowledged may be missing or there twice."""

import os
import random
import signal
from pathlib import Path

import click
import pytest

from sensors.topology import SiteId
from storage.readings.duckdb import DuckDBReadingStore
from tests.faults.gateway import START_MS, Gateway, reading, rough_traffic, sent_all
from tests.faults.processes import SITE, Parts, parts_in
from tests.servers import eventually

pytestmark = pytest.mark.kill

KILLS = int(os.environ.get("PREMISES_TEST_KILLS", "5"))
SEED = int(os.environ.get("PREMISES_TEST_SEED", str(random.SystemRandom().randrange(10**6))))


def numbers_in_store(parts: Parts) -> list[int]:
    """Return the numbers of all readings in the store, in order; nobody may have it open."""
    store = DuckDBReadingStore(parts.home.readings)
    try:
        frame = store.readings(SiteId(SITE), start_ms=0, end_ms=2 * START_MS)
    finally:
        store.close()
    return sorted(time - START_MS for time in frame.get_column("time_ms").to_list())


def drained(parts: Parts, wanted: int) -> None:
    eventually(lambda: parts.stored() >= wanted and not parts.book().spooled, what="all is stored", seconds=120)
    parts.ingest.end(signal.SIGTERM)
    parts.serve.end(signal.SIGTERM)


def test_random_kills_of_ingest_and_serve_lose_nothing_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a failed run must be repeatable
    with capsys.disabled():
        click.echo(f" {KILLS} kills, PREMISES_TEST_SEED={SEED} ", nl=False)
    traffic = rough_traffic(range(1_000 * (KILLS + 1)), chance)
    with parts_in(tmp_path) as parts:
        parts.start_broker()
        parts.ingest.start()
        parts.serve.start()
        gateway = Gateway(parts.port, traffic.payloads, pause_s=0.001)
        gateway.start()
        for kill in range(KILLS):
            wanted = (kill + 1) * 800 + chance.randrange(200)
            eventually(lambda wanted=wanted: parts.book().received >= wanted, what="load")  # type: ignore[misc]  # bound now
            victim = chance.choice([parts.ingest, parts.serve])
            victim.kill()
            victim.start()
        gateway.join(120)
        drained(parts, traffic.numbers)
        book = parts.book()
    assert numbers_in_store(parts) == list(range(traffic.numbers))
    assert gateway.acknowledged == len(traffic.payloads)
    assert (book.quarantined, book.missing, book.dropped, book.spooled) == (traffic.garbage, 0, 0, 0)
    assert (book.accepted, book.stored, book.balances) == (traffic.numbers, traffic.numbers, True)


def test_broker_that_ends_in_good_order_loses_nothing(tmp_path: Path) -> None:
    with parts_in(tmp_path) as parts:
        parts.start_broker()
        parts.ingest.start()
        sent_all(parts.port, [reading(number) for number in range(100)])
        parts.ingest.kill()
        sent_all(parts.port, [reading(number) for number in range(100, 400)])
        parts.broker.end(signal.SIGTERM)
        parts.start_broker()
        parts.ingest.start()
        eventually(lambda: parts.book().accepted == 400, what="what waited at the broker")
        assert (parts.book().missing, parts.book().balances) == (0, True)


def test_every_loss_by_a_killed_broker_is_counted_as_missing(tmp_path: Path) -> None:
    """It had acknowledged what only its memory held; the numbers tell how much that was."""
    with parts_in(tmp_path) as parts:
        parts.start_broker()
        parts.ingest.start()
        sent_all(parts.port, [reading(number) for number in range(100)])
        eventually(lambda: parts.book().accepted == 100, what="the first messages")
        parts.ingest.kill()
        assert sent_all(parts.port, [reading(number) for number in range(100, 350)]) == 250
        parts.broker.kill()
        parts.start_broker()
        parts.ingest.start()
        assert sent_all(parts.port, [reading(number) for number in range(350, 400)]) == 50
        eventually(lambda: parts.book().accepted + parts.book().missing == 400, what="everything is accounted for")
        book = parts.book()
        assert book.missing > 0
        assert book.balances
        assert "numbers_missing" in parts.ingest.text


def test_broker_killed_under_load_is_subscribed_to_again_and_every_loss_is_counted(tmp_path: Path) -> None:
    with parts_in(tmp_path) as parts:
        parts.start_broker()
        parts.ingest.start()
        gateway = Gateway(parts.port, [reading(number) for number in range(3_000)], pause_s=0.0005)
        gateway.start()
        eventually(lambda: parts.book().received >= 500, what="load")
        parts.broker.kill()
        parts.start_broker()
        gateway.join(120)
        eventually(lambda: parts.ingest.count("subscribed") > 1, what="ingest has subscribed again", seconds=60)
        # What comes while nobody has subscribed is nobody's; the last number shows it.
        sent_all(parts.port, [reading(3_000)])
        eventually(lambda: parts.book().accepted + parts.book().missing == 3_001, what="everything is accounted for")
        assert parts.book().balances
