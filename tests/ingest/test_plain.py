"""The short way through an ordinary message against the long one: same readings, same books."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import native
from ingest.messages import Message
from ingest.native import Decoded, Topic
from ingest.pipeline import Pipeline
from ingest.plain import PlainReader
from storage.spool import SqliteSpool
from tests.ingest.intake import NOW_MS, co2, message_of, pipeline_of, readings_message, spool_in

TS = NOW_MS - 5


def the_long_way(topic: Topic, payload: bytes, *, received_ms: int) -> Decoded:
    return native.decode(topic, payload, received_ms=received_ms)


def kept_of(spool: SqliteSpool) -> object:
    windows = [spool.seen(gateway, boot, seq) for gateway in ("gw1", "gw2") for boot in "bc" for seq in range(4)]
    quarantine = [each.message for each in spool.quarantined(limit=20)]
    newest = spool.pending(after=max(0, spool.newest - 20))
    return spool.books(), spool.gateways(), repr(newest), windows, quarantine


VALUES = st.sampled_from([0, 1, -0.0, 21.5, True, False, None, "1", 10**18, 99_999, -1])
UNITS: st.SearchStrategy[object] = st.sampled_from([None, "ppm", "kW", "W", "°F", "", 5, []])
TIMES = st.sampled_from([None, TS, 5, NOW_MS + 10**9, "2026-11-23T07:59:00+08:00", "2026-11-23T07:59:00", "x", 1.5e12])
RECORDS = st.fixed_dictionaries(
    {"m": st.sampled_from(["co2", "co2_ppm", "motion", "active_power", "temperature", "nonsense", 5, []]), "v": VALUES},
    optional={
        "u": UNITS,
        "ts": TIMES,
        "dev": st.sampled_from(["aq1", "meter3", "ghost", "", None, 5]),
        "ph": st.sampled_from([None, "", "L1", "L9", 5]),
        "q": st.sampled_from(["good", "fault"]),
        "hist": st.booleans(),
        "typo": st.just(1),
    },
)
PLAIN_RECORDS = st.builds(co2, st.integers(0, 2_000), dev=st.sampled_from(["aq1", "meter3"]), ts=st.sampled_from([TS]))
DOCUMENTS = st.fixed_dictionaries(
    {"readings": st.lists(RECORDS | PLAIN_RECORDS, max_size=3) | st.lists(PLAIN_RECORDS, min_size=1, max_size=3)},
    optional={
        "boot": st.sampled_from(["b", "c", None, "", 5]),
        "seq": st.integers(0, 3) | st.sampled_from([None, -1, 1.0, True]),
        "ts": TIMES,
        "hist": st.booleans(),
        "typo": st.just(1),
    },
)
MESSAGES = st.builds(
    lambda topic, document, flags: message_of(topic, document, **flags),
    st.sampled_from(
        ["hq/gw1/readings", "hq/gw2/readings", "hq/gw1/aq1/readings", "x/gw1/readings", "hq/gw1/ghost/readings"]
    ),
    DOCUMENTS,
    st.fixed_dictionaries({"packet_id": st.integers(1, 2) | st.none(), "dup": st.booleans(), "retain": st.booleans()}),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(MESSAGES, min_size=1, max_size=6), min_size=1, max_size=3))
def test_both_ways_keep_the_same(
    ways: tuple[tuple[SqliteSpool, Pipeline], tuple[SqliteSpool, Pipeline]], groups: list[list[Message]]
) -> None:
    for group in groups:
        for spool, pipeline in ways:
            spool.commit(pipeline.process(group))
    (short, _), (long, _) = ways
    assert kept_of(short) == kept_of(long)


@pytest.fixture
def ways(tmp_path: Path) -> Iterator[tuple[tuple[SqliteSpool, Pipeline], tuple[SqliteSpool, Pipeline]]]:
    for name in ("short", "long"):
        (tmp_path / name).mkdir()
    with closing(spool_in(tmp_path / "short")) as short, closing(spool_in(tmp_path / "long")) as long:
        yield (short, pipeline_of(short)), (long, pipeline_of(long, decode=the_long_way))


READER = PlainReader("hq", ["aq1", "meter3"])


@pytest.mark.parametrize(
    "document",
    [
        {"readings": [co2(936)]},
        {"readings": [co2(936, u="ppm", ts=TS, dev="aq1")]},
        {"boot": "9f3c", "seq": 812, "ts": TS, "readings": [{"m": "active_power", "v": 2.6, "u": "kW", "ph": "L1"}]},
        {"ts": "2026-11-23T07:59:00+08:00", "readings": [{"m": "motion", "v": True}, co2(1.5)]},
    ],
)
def test_ordinary_messages_go_the_short_way(document: dict[str, Any]) -> None:
    message = message_of("hq/gw1/aq1/readings", document)
    plain = READER.read(message.topic, message.payload, NOW_MS)
    assert plain is not None
    assert len(plain.rows) == plain.records == len(document["readings"])


def values_of(spool: SqliteSpool) -> Sequence[float]:
    return [value for entry in spool.pending() if entry.readings for value in entry.readings.value]


def test_order_is_kept_round_a_message_that_is_not_ordinary(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        pipeline = pipeline_of(spool)
        mixed = [
            readings_message(co2(1)),
            readings_message(co2(2), co2(-1)),
            readings_message(co2(3)),
            readings_message(co2(4)),
        ]
        entries = pipeline.process(mixed)
        spool.commit(entries)
        assert values_of(spool) == [1, 2, 3, 4]
    assert [entry.received for entry in entries] == [1, 2, 2]


def test_number_that_comes_twice_within_a_run_counts_once(tmp_path: Path) -> None:
    numbered = [readings_message(co2(seq), boot="b", seq=seq) for seq in (1, 2, 2, 3)]
    with closing(spool_in(tmp_path)) as spool:
        spool.commit(pipeline_of(spool).process(numbered))
        book = spool.books()["gw1"]
        assert (book.received, book.accepted, book.duplicate, book.balances) == (4, 3, 1, True)
        assert all(spool.seen("gw1", "b", seq) for seq in (1, 2, 3))


def test_redelivery_of_an_ordinary_message_is_a_duplicate(tmp_path: Path) -> None:
    first = [readings_message(co2(number), packet_id=number) for number in (1, 2)]
    with closing(spool_in(tmp_path)) as spool:
        pipeline = pipeline_of(spool)
        spool.commit(pipeline.process(first))
        spool.commit(pipeline.process([each._replace(dup=True) for each in first]))
        assert (spool.books()["gw1"].accepted, spool.books()["gw1"].duplicate) == (2, 2)
