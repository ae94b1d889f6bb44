"""What a gateway says of itself, from the wire to what is known of it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sensors.intake import GatewayState, SpoolEntry
from sensors.readings import ReadingFlag
from storage.spool import SqliteSpool
from tests.ingest.intake import NOW_MS, co2, message_of, pipeline_of, readings_message, spool_in

DEVICE = "aq1"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[SqliteSpool]:
    with closing(spool_in(tmp_path)) as made:
        yield made


def gateway_after(spool: SqliteSpool, *documents: dict[str, object], retain: bool = False) -> GatewayState:
    messages = [message_of("hq/gw1/status", document, retain=retain) for document in documents]
    spool.commit(pipeline_of(spool).process(messages))
    (state,) = spool.gateways()
    return state


def test_status_tells_state_boot_and_interval(spool: SqliteSpool) -> None:
    state = gateway_after(spool, {"state": "ready", "boot": 7, "interval_s": 60})
    assert state.status is not None
    assert (state.status.state, state.status.boot, state.status.interval_s) == ("ready", "7", 60.0)
    assert (state.status.received_ms, state.last_received_ms) == (NOW_MS, None)


def test_will_of_a_lost_gateway_is_its_last_status(spool: SqliteSpool) -> None:
    state = gateway_after(spool, {"state": "ready", "boot": "b"}, {"state": "lost", "boot": "b"})
    assert state.status is not None
    assert state.status.state == "lost"


@pytest.mark.parametrize("wrong", [True, "60", -1, 0, 1e12, [60]])
def test_wrong_interval_spoils_nothing_else(spool: SqliteSpool, wrong: object) -> None:
    state = gateway_after(spool, {"state": "ready", "boot": "b", "interval_s": wrong})
    assert state.status is not None
    assert (state.status.boot, state.status.interval_s) == ("b", None)


def test_status_uses_up_no_number_and_leaves_no_gap(spool: SqliteSpool) -> None:
    gateway_after(spool, {"state": "ready", "boot": "b", "seq": 9})
    spool.commit(pipeline_of(spool).process([readings_message(co2(1), boot="b", seq=0)]))
    (state,) = spool.gateways()
    assert (state.missing, state.last_received_ms) == (0, NOW_MS)


def of_devices(spool: SqliteSpool, *devices: object, retain: bool = False) -> list[SpoolEntry]:
    """Return the entries of statuses that say this of their devices, one process for all; they are committed."""
    documents = ({"state": "ready", "boot": "b", "devices": each} for each in devices)
    entries = pipeline_of(spool).process(
        [message_of("hq/gw1/status", document, retain=retain) for document in documents]
    )
    spool.commit(entries)
    assert all(book.balances for book in spool.books().values())
    return entries


def states_of(entry: SpoolEntry) -> list[tuple[str, str, str]]:
    return [(event.device, event.type.value, event.state.value) for event in entry.events]


def test_a_device_that_its_gateway_lost_is_told_once_and_its_return_too(spool: SqliteSpool) -> None:
    gone, there = {DEVICE: {"online": False}}, {DEVICE: {"online": True, "tamper": True}}
    entries = of_devices(spool, gone, gone, there, there)
    assert [states_of(each) for each in entries] == [
        [(DEVICE, "offline", "active")],
        [],
        [(DEVICE, "offline", "cleared"), (DEVICE, "tamper", "active")],
        [],
    ]


def test_the_battery_of_a_device_is_a_reading_at_the_time_of_receipt(spool: SqliteSpool) -> None:
    (entry,) = of_devices(spool, {DEVICE: {"battery_pct": 80}})
    assert entry.readings is not None
    (metric,), (value,), (time_ms,) = entry.readings.metric, entry.readings.value, entry.readings.time_ms
    assert (metric, value, time_ms) == ("battery_pct", 80.0, NOW_MS)
    assert entry.readings.flags == bytes([ReadingFlag.TIME_OF_RECEIPT])
    assert entry.status is not None


def test_the_brokers_replay_of_a_status_says_nothing_of_devices(spool: SqliteSpool) -> None:
    (entry,) = of_devices(spool, {DEVICE: {"online": False, "battery_pct": 80}}, retain=True)
    assert (entry.events, entry.readings) == ((), None)


def test_a_device_that_nobody_registered_does_not_fill_the_quarantine(spool: SqliteSpool) -> None:
    (entry,) = of_devices(spool, {"nobody": {"online": False, "battery_pct": 80}})
    assert (entry.events, entry.readings, entry.quarantined) == ((), None, ())


@pytest.mark.parametrize(
    "devices",
    [[], "aq1", {DEVICE: 1}, {DEVICE: {"online": 1}}, {DEVICE: {"battery_pct": 101}}, {DEVICE: {"battery_pct": "80"}}],
)
def test_what_cannot_be_used_of_devices_spoils_nothing_else(spool: SqliteSpool, devices: object) -> None:
    (entry,) = of_devices(spool, devices)
    assert (entry.events, entry.readings, entry.quarantined) == ((), None, ())
    assert entry.status is not None
