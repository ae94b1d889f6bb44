"""What a gateway says of itself, from the wire to what is known of it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sensors.intake import GatewayState
from storage.spool import SqliteSpool
from tests.ingest.intake import NOW_MS, co2, message_of, pipeline_of, readings_message, spool_in


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
