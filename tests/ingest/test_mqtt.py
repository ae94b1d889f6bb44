"""The promises at the broker: acknowledged after the commit, sent again otherwise, alive after everything."""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingest.messages import Message
from ingest.mqtt import Backoff, Handlers, MqttOptions, Subscriber, TlsFiles
from ingest.mqtt_options import LARGEST_PACKET_BYTES
from sensors.errors import InputFault
from storage.spool import SpoolFullError, SqliteSpool
from tests.ingest.intake import co2, pipeline_of, registry_of, spool_in
from tests.servers import eventually, mosquitto, wire

QUICK = Backoff(first_s=0.02, longest_s=0.1)


@dataclass
class Taker:
    """Takes groups, and fails first as often as it is told to."""

    failures: int = 0
    messages: list[Message] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    sessions_lost: int = 0
    ready: threading.Event = field(default_factory=threading.Event)
    before: Callable[[], object] = lambda: None

    def take(self, group: Sequence[Message]) -> None:
        self.sizes.append(len(group))
        self.before()
        if self.failures:
            self.failures -= 1
            raise SpoolFullError
        self.messages += group

    def lose_session(self) -> None:
        self.sessions_lost += 1

    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]


def options_of(site: str, **fields: Any) -> MqttOptions:  # noqa: ANN401 - any field
    defaults = {"port": mosquitto().port, "client_id": f"ingest-{site}", "topic_filters": (f"premises/v1/{site}/#",)}
    return MqttOptions(**{**defaults, "session_expiry_s": 60, **fields})


@contextmanager
def subscribed(options: MqttOptions, taker: Taker) -> Iterator[Subscriber]:
    handlers = Handlers(take=taker.take, session_lost=taker.lose_session, ready=taker.ready.set)
    subscriber = Subscriber(options, handlers, backoff=QUICK)
    thread = threading.Thread(target=subscriber.run)
    thread.start()
    try:
        assert taker.ready.wait(20)
        yield subscriber
    finally:
        subscriber.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def site() -> str:
    return f"s{uuid.uuid4().hex[:10]}"


def topic(site: str, rest: str = "gw1/aq1/readings") -> str:
    return f"premises/v1/{site}/{rest}"


def numbered(site: str, *numbers: int) -> list[tuple[str, bytes]]:
    return [(topic(site), b"%d" % number) for number in numbers]


def test_messages_arrive_in_order(site: str) -> None:
    taker = Taker()
    with subscribed(options_of(site), taker):
        mosquitto().publish(*numbered(site, *range(700)))
        eventually(lambda: len(taker.messages) == 700, what="all messages")
    assert taker.payloads() == [b"%d" % number for number in range(700)]
    assert not any(message.dup or message.retain for message in taker.messages)


def test_what_could_not_be_committed_is_sent_again(site: str) -> None:
    taker = Taker(failures=2)
    with subscribed(options_of(site), taker):
        mosquitto().publish(*numbered(site, 1, 2))
        eventually(lambda: len(taker.messages) == 2, what="both messages")
    assert taker.payloads() == [b"1", b"2"]
    assert all(message.dup for message in taker.messages)
    assert taker.sessions_lost == 1


def test_puback_goes_out_only_after_the_commit(site: str) -> None:
    release = threading.Event()
    taker = Taker(before=lambda: release.wait(20))
    with wire(mosquitto().port) as cable, subscribed(options_of(site, port=cable.port), taker):
        mosquitto().publish(*numbered(site, 1))
        eventually(lambda: len(taker.sizes) == 1, what="the commit begins")
        sent_before = len(cable.sent)
        threading.Event().wait(0.1)
        assert len(cable.sent) == sent_before
        release.set()
        eventually(lambda: len(cable.sent) == sent_before + 4, what="the PUBACK")
        assert cable.sent[sent_before] == 0x40


def test_nothing_is_acknowledged_on_another_connection(site: str) -> None:
    """The wire breaks during the commit: what was committed comes again, flagged, and is acknowledged then."""
    release = threading.Event()
    taker = Taker(before=lambda: release.wait(20))
    with wire(mosquitto().port) as cable, subscribed(options_of(site, port=cable.port), taker):
        mosquitto().publish(*numbered(site, 1))
        eventually(lambda: len(taker.sizes) == 1, what="the commit begins")
        cable.cut()
        release.set()
        eventually(lambda: len(taker.messages) == 2, what="the message and its redelivery")
        assert [message.dup for message in taker.messages] == [False, True]
        assert taker.messages[0].packet_id == taker.messages[1].packet_id
        mosquitto().publish(*numbered(site, 2))
        eventually(lambda: taker.payloads() == [b"1", b"1", b"2"], what="the next message")
    assert taker.sessions_lost == 1


def test_receive_maximum_holds_the_broker_back(site: str) -> None:
    taker = Taker()
    with subscribed(options_of(site, receive_maximum=3), taker):
        mosquitto().publish(*numbered(site, *range(20)))
        eventually(lambda: len(taker.messages) == 20, what="all messages")
    assert max(taker.sizes) <= 3


def test_packet_that_would_fill_the_memory_is_left_at_the_broker(site: str) -> None:
    taker = Taker()
    with subscribed(options_of(site), taker):
        mosquitto().publish((f"premises/v1/{site}/gw1/readings", b"x" * (LARGEST_PACKET_BYTES + 1)), *numbered(site, 1))
        eventually(lambda: len(taker.messages) == 1, what="the message behind it")
    assert taker.payloads() == [b"1"]


def test_session_outlives_a_stop_and_brings_what_came_meanwhile(site: str) -> None:
    first, second = Taker(), Taker()
    with subscribed(options_of(site), first):
        mosquitto().publish(*numbered(site, 1))
        eventually(lambda: len(first.messages) == 1, what="the first message")
    mosquitto().publish(*numbered(site, 2, 3))
    with subscribed(options_of(site), second):
        eventually(lambda: len(second.messages) == 2, what="what came meanwhile")
    assert second.payloads() == [b"2", b"3"]
    assert (first.sessions_lost, second.sessions_lost) == (1, 0)
    assert not any(message.dup for message in second.messages)


def test_stop_finishes_and_acknowledges_the_group_in_hand(site: str) -> None:
    release = threading.Event()
    taker, later = Taker(before=lambda: release.wait(20)), Taker()
    with subscribed(options_of(site), taker) as subscriber:
        mosquitto().publish(*numbered(site, 1))
        eventually(lambda: len(taker.sizes) == 1, what="the commit begins")
        subscriber.stop()
        release.set()
    mosquitto().publish(*numbered(site, 2))
    with subscribed(options_of(site), later):
        eventually(lambda: bool(later.messages), what="the next message")
    assert (taker.payloads(), later.payloads()) == ([b"1"], [b"2"])


def test_retained_replay_is_told_from_a_live_message(site: str) -> None:
    taker = Taker()
    mosquitto().publish((topic(site, "gw1/status"), b"{}"), retain=True)
    try:
        with subscribed(options_of(site), taker):
            mosquitto().publish((topic(site, "gw1/status"), b'{"live":1}'), retain=True)
            eventually(lambda: len(taker.messages) == 2, what="replay and live message")
        assert [(message.payload, message.retain) for message in taker.messages] == [
            (b"{}", True),
            (b'{"live":1}', False),
        ]
    finally:
        mosquitto().publish((topic(site, "gw1/status"), b""), retain=True)


def test_broken_wire_is_mended_and_subscribed_again(site: str) -> None:
    taker = Taker()
    with wire(mosquitto().port) as cable, subscribed(options_of(site, port=cable.port), taker):
        for number in range(3):
            mosquitto().publish(*numbered(site, number))
            eventually(lambda wanted=number: len(taker.messages) > wanted, what="the message")  # type: ignore[misc]  # bound now
            cable.cut()
            eventually(lambda wanted=number: cable.connections > wanted + 1, what="another connection")  # type: ignore[misc]
    assert sorted({int(each) for each in taker.payloads()}) == [0, 1, 2]


def test_broker_that_refuses_mqtt_5_is_spoken_to_in_3_1_1(site: str) -> None:
    taker = Taker()
    with (
        wire(mosquitto().port, refuse_mqtt5=True) as cable,
        subscribed(options_of(site, port=cable.port), taker),
    ):
        mosquitto().publish(*numbered(site, 1, 2))
        eventually(lambda: len(taker.messages) == 2, what="both messages")
        assert cable.connections == 2
    later = Taker()
    mosquitto().publish(*numbered(site, 3))
    with wire(mosquitto().port, refuse_mqtt5=True) as cable, subscribed(options_of(site, port=cable.port), later):
        # The wire may have broken under the last acknowledgements, so the others may come once more.
        eventually(lambda: b"3" in later.payloads(), what="what came meanwhile")


def test_broker_that_is_away_is_waited_for(site: str) -> None:
    taker = Taker()
    with wire(1) as nowhere:
        port = nowhere.port
    handlers = Handlers(take=taker.take, ready=taker.ready.set)
    subscriber = Subscriber(options_of(site, port=port), handlers, backoff=QUICK)
    thread = threading.Thread(target=subscriber.run)
    thread.start()
    threading.Event().wait(0.2)
    subscriber.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert not taker.ready.is_set()


def test_payload_of_a_megabyte_and_binary_topics_go_through(site: str) -> None:
    taker = Taker()
    with subscribed(options_of(site), taker):
        mosquitto().publish((topic(site), b"x" * 1_000_000), (topic(site, "gw1/烟感/events"), b"\x00\xff"))
        eventually(lambda: len(taker.messages) == 2, what="both messages")
    assert [len(each) for each in taker.payloads()] == [1_000_000, 2]
    assert taker.messages[1].topic.endswith("/烟感/events")


def test_qos_0_is_taken_too(site: str) -> None:
    taker = Taker()
    with subscribed(options_of(site), taker):
        mosquitto().publish(*numbered(site, 1), qos=0)
        eventually(lambda: bool(taker.messages), what="the message")
    assert taker.messages[0].packet_id is None


def test_stream_goes_on_after_everything_that_is_wrong(site: str, tmp_path: Path) -> None:
    bad: list[tuple[str, bytes]] = [
        (topic(site), b"{"),
        (topic(site), b'{"readings":[' + b" " * 1_000_000 + b"]}"),
        (topic(site), b'{"readings":[{"m":"co2","v":NaN}]}'),
        (topic(site), b'{"readings":[{"m":"co2","v":1,"ts":"2026-11-23T08:00:00"}]}'),
        (topic(site, "gw1/ghost/readings"), b'{"readings":[{"m":"co2","v":1}]}'),
        (topic(site, "gw1/aq1/reading"), b"{}"),
        (topic(site), b"[" * 200_000),
    ]
    forced = (topic(site, "gw1/ghost/events"), b'{"events":[{"type":"forced","state":"active"}]}')
    with closing(spool_in(tmp_path)) as spool:
        pipeline = pipeline_of(spool)
        pipeline.use(registry_of("aq1", site=site))
        taker = Taker()
        taker.take = lambda group: spool.commit(pipeline.process(group))  # type: ignore[method-assign]  # the real thing
        with subscribed(options_of(site), taker):
            for number, each in enumerate([*bad, forced]):
                mosquitto().publish(each, (topic(site), orjson.dumps({"readings": [co2(number)]})))
            eventually(lambda: received(tmp_path) == 2 * len([*bad, forced]), what="all messages")
        kept = [each.message.reason for each in spool.quarantined()]
        book = spool.books()["gw1"]
    assert sorted(kept) == [
        "not_finite",
        "not_json",
        "not_json",
        "payload_too_large",
        "time_without_offset",
        "unknown_device",
        "unknown_topic",
    ]
    assert (book.accepted, book.quarantined, book.balances) == (len(bad) + 2, len(bad), True)


def received(folder: Path) -> int:
    with closing(SqliteSpool(folder / "spool.db")) as looking:
        return sum(book.received for book in looking.books().values())


def test_tls_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=r"missing\.pem"):
        Subscriber(MqttOptions(tls=TlsFiles(ca=tmp_path / "missing.pem")), Handlers(take=lambda _: None))
