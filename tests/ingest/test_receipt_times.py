"""The times of messages that came in one read of the socket."""

from ingest.messages import Message
from ingest.packets import PacketReader
from ingest.receipt_times import FURTHEST_MS, ReceiptTimes
from tests.ingest.intake import NOW_MS
from tests.ingest.test_packets import publish

TOPIC = "premises/v1/hq/gw1/aq1/readings"


def test_messages_of_one_topic_never_share_a_millisecond() -> None:
    times = ReceiptTimes()
    given = []
    for now_ms in (NOW_MS, NOW_MS, NOW_MS + 1, NOW_MS + 50):
        times.begin(now_ms)
        given += [times.of(TOPIC) for _ in range(3)]
    assert len(set(given)) == len(given)
    assert given == sorted(given)
    assert given[-3:] == [NOW_MS + 50, NOW_MS + 51, NOW_MS + 52]


def test_every_topic_begins_at_the_clock() -> None:
    times = ReceiptTimes()
    times.begin(NOW_MS)
    assert [times.of(topic) for topic in ("a", "b", "a", "c")] == [NOW_MS, NOW_MS, NOW_MS + 1, NOW_MS]


def test_a_clock_that_is_set_back_is_followed() -> None:
    times = ReceiptTimes()
    times.begin(NOW_MS)
    times.of(TOPIC)
    times.begin(NOW_MS - FURTHEST_MS)
    assert times.of(TOPIC) == NOW_MS - FURTHEST_MS


def test_what_one_read_brings_of_a_topic_keeps_its_order_in_time() -> None:
    stream = b"".join(publish(TOPIC, payload, extra=b"\x00") for payload in (b"1", b"2", b"3"))
    found = [each for each in PacketReader(mqtt5=True).read(stream, NOW_MS) if isinstance(each, Message)]
    assert [(each.payload, each.received_ms) for each in found] == [
        (b"1", NOW_MS),
        (b"2", NOW_MS + 1),
        (b"3", NOW_MS + 2),
    ]
