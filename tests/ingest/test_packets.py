"""Our way of cutting packets against paho's, over whatever a broker may send."""

from itertools import pairwise
from struct import pack

from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.client import MQTTv5, MQTTv311
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.messages import Message
from ingest.packets import PacketReader
from tests.ingest.intake import NOW_MS


def packet(first: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, low = divmod(left, 128)
        length.append(low | (0x80 if left else 0))
        if not left:
            return bytes((first, *length)) + body


def text(value: str) -> bytes:
    return pack("!H", len(value.encode())) + value.encode()


def properties(**values: object) -> bytes:
    made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own
    for name, value in values.items():
        setattr(made, name, value)
    return bytes(made.pack())  # type: ignore[no-untyped-call]  # as above


def publish(topic: str, payload: bytes, *, flags: int = 0x02, packet_id: int = 7, extra: bytes = b"") -> bytes:
    number = pack("!H", packet_id) if flags & 0x06 else b""
    return packet(0x30 | flags, text(topic) + number + extra + payload)


def by_paho(whole: bytes, *, mqtt5: bool) -> Message:
    start = 1 + next(index for index, byte in enumerate(whole[1:], start=1) if byte < 0x80)
    said = _packet.decode_publish(whole[0], whole[start:], MQTTv5 if mqtt5 else MQTTv311)
    packet_id = said.mid if said.qos else None
    return Message(said.topic.decode(), bytes(said.payload), NOW_MS, packet_id, said.dup, said.retain)


def cut(reader: PacketReader, stream: bytes, cuts: list[int]) -> list[Message | bytes]:
    edges = sorted({0, len(stream), *(each % (len(stream) + 1) for each in cuts)})
    return [each for start, end in pairwise(edges) for each in reader.read(stream[start:end], NOW_MS)]


PROPERTIES = st.sampled_from(
    [
        properties(),
        properties(ContentType="application/json", UserProperty=[("a", "b"), ("a", "c")]),
        properties(MessageExpiryInterval=5, ResponseTopic="x", CorrelationData=b"\x00"),
        properties(UserProperty=("long", "x" * 300)),
    ]
)
TOPICS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
PAYLOADS = st.binary(max_size=300) | st.sampled_from([b"x" * 20_000, b"x" * 127, b"x" * 128])
FLAGS = st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x0A, 0x0B])
OTHERS = st.sampled_from(
    [packet(0xD0, b""), packet(0x90, b"\x00\x01\x00\x01"), packet(0xE0, b""), packet(0x62, b"\x00\x01")]
)
CUTS = st.lists(st.integers(0, 2**20), max_size=12)


@settings(deadline=None)
@given(data=st.data(), mqtt5=st.booleans(), cuts=CUTS)
def test_packets_are_read_as_paho_reads_them_wherever_they_are_cut(
    data: st.DataObject, cuts: list[int], *, mqtt5: bool
) -> None:
    message = st.builds(
        publish,
        TOPICS,
        PAYLOADS,
        flags=FLAGS,
        packet_id=st.integers(1, 65_535),
        extra=PROPERTIES if mqtt5 else st.just(b""),
    )
    packets = data.draw(st.lists(message | OTHERS, max_size=8))
    found = cut(PacketReader(mqtt5=mqtt5), b"".join(packets), cuts)
    assert len(found) == len(packets)
    for each, whole in zip(found, packets, strict=True):
        if isinstance(each, Message):
            assert each._replace(received_ms=NOW_MS) == by_paho(whole, mqtt5=mqtt5)
        else:
            assert each == whole


def test_ordinary_messages_never_trouble_paho() -> None:
    with_properties = publish("a/b", b"{}", extra=properties(ContentType="application/json"))
    stream = publish("a/b", b"{}", extra=b"\x00") + with_properties + publish("烟感", b"", flags=0, extra=b"\x00")
    found = PacketReader(mqtt5=True).read(stream, NOW_MS)
    assert [isinstance(each, Message) for each in found] == [True, True, True]


def test_what_is_unusual_or_broken_goes_to_paho_whole() -> None:
    strange = [
        publish("a", b"{}", flags=0x04, extra=b"\x00"),
        publish("", b"{}", extra=b"\x00"),
        publish("a", b"{}", extra=properties(UserProperty=("long", "x" * 300))),
        packet(0x32, b"\x00"),
        packet(0x32, b""),
        packet(0x32, b"\xff\xffabc"),
        packet(0x32, text("a") + b"\x00"),
        packet(0x32, text("a") + b"\x00\x01"),
        packet(0x32, text("a") + b"\x00\x01\x09"),
    ]
    assert PacketReader(mqtt5=True).read(b"".join(strange), NOW_MS) == strange


def test_length_that_never_ends_goes_to_paho_at_once() -> None:
    reader = PacketReader(mqtt5=True)
    assert reader.read(b"\x30\xff\xff\xff\xff", NOW_MS) == []
    assert reader.read(b"\xff\x00", NOW_MS) == [b"\x30\xff\xff\xff\xff\xff\x00"]


@settings(deadline=None)
@given(stream=st.binary(max_size=200), cuts=CUTS, mqtt5=st.booleans())
def test_no_bytes_break_the_reader_or_get_lost(stream: bytes, cuts: list[int], *, mqtt5: bool) -> None:
    reader = PacketReader(mqtt5=mqtt5)
    for each in cut(reader, stream, cuts):
        assert isinstance(each, Message) or each in stream


def test_topic_that_is_no_text_is_shown_as_far_as_it_goes() -> None:
    broken = packet(0x30, b"\x00\x03a\xffb" + b"\x00" + b"{}")
    (message,) = PacketReader(mqtt5=True).read(broken, NOW_MS)
    assert isinstance(message, Message)
    assert message.topic == "a\ufffdb"
