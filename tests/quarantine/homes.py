"""A home with a registry and a spool that took messages in, for the tests of the quarantine."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import orjson

from ingest.messages import Message
from ingest.pipeline import MAX_PAYLOAD_BYTES, Pipeline
from premises.home import Home
from sensors.intake import Book
from storage.quarantine import Kept, QuarantineShelf
from storage.registry_file import load_registry
from storage.spool import SqliteSpool
from storage.spool_outbox import SpoolOutbox

REGISTRY = """\
# 机关一号院, kept by hand
site: {id: hq, name: {zh: 院, en: Compound}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}
buildings: [{id: a, name: A}]
rooms: [{id: a-201, building: a, floor: 2, name: 201, category: office, usable_area_m2: 18.5, capacity: 4}]
circuits: [{id: c-main, building: a, item: total}]
openings: [{id: d-201, room: a-201, kind: access}]
devices:
  - {id: aq1, gateway: gw1, room: a-201, metrics: [co2_ppm]}  # by the window
# the end
"""
NOW_MS = time.time_ns() // 1_000_000
HOUR_MS = 3_600_000


def home_in(folder: Path) -> Home:
    home = Home.find(folder / "home")
    home.registry.write_text(REGISTRY, encoding="utf-8")
    home.settings.write_text("[spool]\nmin_free_bytes = 0\n", encoding="utf-8")
    return home


def with_device(home: Home, device: str) -> None:
    """Mend the registry: the device is known from now on."""
    text = home.registry.read_text(encoding="utf-8")
    home.registry.write_text(text.replace("# the end", f"  - {{id: {device}, gateway: gw1, room: a-201}}"), "utf-8")


def message(
    records: object, *, topic: str = "hq/gw1/readings", received_ms: int = NOW_MS - HOUR_MS, **fields: object
) -> Message:
    payload = records if isinstance(records, bytes) else orjson.dumps({topic.rpartition("/")[2]: records, **fields})
    return Message(topic=f"premises/v1/{topic}", payload=payload, received_ms=received_ms)


def co2(device: str, value: object, **fields: object) -> dict[str, object]:
    return {"dev": device, "m": "co2", "v": value, **fields}


def take_in(home: Home, *messages: Message, max_payload_bytes: int = MAX_PAYLOAD_BYTES) -> None:
    """Take messages in as ingest does."""
    with closing(SqliteSpool(home.spool, min_free_bytes=0)) as spool:
        registry = load_registry(home.registry)
        pipeline = Pipeline(registry=registry, spool=spool, max_payload_bytes=max_payload_bytes)
        spool.commit(pipeline.process(messages))


def book(home: Home, gateway: str = "gw1") -> Book:
    with closing(SqliteSpool(home.spool)) as spool:
        books = spool.books()
    assert all(each.balances for each in books.values())
    return books[gateway]


def kept(home: Home) -> Sequence[Kept]:
    with closing(QuarantineShelf(home.spool)) as shelf:
        return shelf.newest(limit=10_000)


def values(home: Home) -> list[tuple[int, str, float, int]]:
    """Return time, device, value and flags of every reading that waits for the store."""
    with closing(SqliteSpool(home.spool)) as spool:
        batches = [each.readings for each in spool.pending(limit=100_000) if each.readings is not None]
    return [row for batch in batches for row in zip(batch.time_ms, batch.device, batch.value, batch.flags, strict=True)]


def notices(home: Home) -> list[str]:
    """Return what is on its way to the records, and so to people."""
    with closing(SpoolOutbox(home.spool)) as outbox:
        return [str(getattr(each, "kind", each)) for each in outbox.to_project(limit=1000)]
