"""What wills, births and deaths say of devices and gateways, on the way to the spool."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.dialects.desk import Dialects, GatewayOptions
from ingest.messages import Message
from ingest.pipeline import Pipeline
from sensors.intake import SpoolEntry
from storage.spool import SqliteSpool
from tests.ingest.dialects.sparkplug_messages import INT16, INT64, metric, node_birth, payload
from tests.ingest.intake import NOW_MS, registry_of, spool_in

WILL = "tele/meter3/LWT"
NODE = "spBv1.0/hq/{}/gw1"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[SqliteSpool]:
    with closing(spool_in(tmp_path)) as opened:
        yield opened


def pipeline_of(spool: SqliteSpool) -> Pipeline:
    gateways = [
        GatewayOptions(name="plugs", format="tasmota", topics=("tele/#",)),
        GatewayOptions(name="plc", format="sparkplug", topics=("spBv1.0/#",)),
    ]
    return Pipeline(registry=registry_of("meter3", "aq1"), spool=spool, dialects=Dialects(gateways))


def told(entry: SpoolEntry) -> list[tuple[str, str, str]]:
    return [(event.device, event.type.value, event.state.value) for event in entry.events]


def taken(spool: SqliteSpool, *messages: tuple[str, bytes], retain: bool = False) -> list[SpoolEntry]:
    """Return the entries of the messages, which are committed."""
    pipeline = pipeline_of(spool)
    entries = pipeline.process([Message(topic, said, NOW_MS, retain=retain) for topic, said in messages])
    spool.commit(entries)
    assert all(book.balances for book in spool.books().values())
    return entries


def test_a_will_makes_a_device_offline_once_and_its_return_ends_that(spool: SqliteSpool) -> None:
    entries = taken(spool, (WILL, b"Offline"), (WILL, b"Offline"), (WILL, b"Online"))
    assert [told(each) for each in entries] == [
        [("meter3", "offline", "active")],
        [],
        [("meter3", "offline", "cleared")],
    ]


def test_a_will_that_the_broker_repeats_is_no_news(spool: SqliteSpool) -> None:
    assert [told(each) for each in taken(spool, (WILL, b"Offline"), retain=True)] == [[]]


def test_a_device_that_nobody_registered_does_not_fill_the_quarantine(spool: SqliteSpool) -> None:
    (entry,) = taken(spool, ("tele/unknown/LWT", b"Offline"))
    assert (told(entry), entry.quarantined) == ([], ())


def test_the_death_of_a_node_loses_its_gateway_and_its_devices(spool: SqliteSpool) -> None:
    birth = payload([metric("co2", alias=1, datatype=INT16, value=612)], seq=1)
    death = payload([metric("bdSeq", datatype=INT64, value=3)])
    messages = [(NODE.format("NBIRTH"), node_birth(3)), (NODE.format("DBIRTH") + "/aq1", birth)]
    born, device, dead = taken(spool, *messages, (NODE.format("NDEATH"), death))
    assert [each.status and each.status.state for each in (born, device, dead)] == ["ready", None, "lost"]
    assert (told(device), told(dead)) == ([("aq1", "offline", "cleared")], [("aq1", "offline", "active")])
    assert device.readings is not None
    (state,) = spool.gateways()
    assert state.status is not None
    assert state.status.state == "lost"


def test_births_are_asked_for_once_what_came_is_judged(spool: SqliteSpool) -> None:
    pipeline = pipeline_of(spool)
    pipeline.process([Message(NODE.format("NDATA"), payload(seq=7), NOW_MS)])
    assert [topic for topic, _ in pipeline.commands()] == ["spBv1.0/hq/NCMD/gw1"]
    assert list(pipeline.commands()) == []
