import orjson

from ingest.native import Topic, TopicKind, decode
from sensors.readings import ReadingFlag, epoch_ms
from sensors.subjects import Subject
from simulators.faults import Fault, FaultKind
from simulators.native import Gateways, Message, births, messages
from simulators.world import Tick
from tests.simulators.worlds import MONDAY, building, local, ticks, world

REGISTRY = building()


def sent(found: list[Tick], *, history: bool = False) -> list[Message]:
    gateways = Gateways(REGISTRY, boot="b1", history=history)
    return [message for tick in found for message in messages(tick, gateways)]


def test_ingest_reads_every_message_as_the_tick_that_it_came_from() -> None:
    (tick,) = ticks(REGISTRY, 1 / 288)
    decoded = [decode(Topic.parse(topic), payload, received_ms=epoch_ms(tick.time)) for topic, payload in sent([tick])]
    assert [problem for one in decoded for problem in (*one.problems, *one.notes)] == []
    read = {
        (device, metric): value
        for one in decoded
        for device, metric, value in zip(one.readings.device, one.readings.metric, one.readings.value, strict=True)
    }
    batch = tick.readings
    assert read == {
        key: value
        for *key_, value in zip(batch.device, batch.metric, batch.value, strict=True)
        for key in [tuple(key_)]
    }
    assert {time for one in decoded for time in one.readings.time_ms} == {epoch_ms(tick.time)}


def test_events_arrive_as_they_happened() -> None:
    fire = Fault(kind=FaultKind.FIRE, subject=Subject.parse("device:panel-1"), start=local(MONDAY, 9.01))
    found = list(world(REGISTRY, faults=[fire]).run(local(MONDAY, 10)))
    told = [event for tick in found for event in tick.events]
    topics = [(Topic.parse(topic), payload) for topic, payload in sent(found)]
    read = [
        event
        for topic, payload in topics
        if topic.kind is TopicKind.EVENTS
        for event in decode(topic, payload, received_ms=epoch_ms(local(MONDAY, 10))).events
    ]
    assert [(e.device, e.type, e.state, e.time, e.id, e.zone, e.gateway) for e in read] == [
        (e.device, e.type, e.state, e.time, e.id, e.zone, e.gateway) for e in told
    ]
    assert len(told) > 20


def test_numbers_of_each_gateway_have_no_gap() -> None:
    numbers: dict[str, list[int]] = {}
    for topic, payload in sent(ticks(REGISTRY, 0.5)):
        numbers.setdefault(Topic.parse(topic).gateway, []).append(orjson.loads(payload)["seq"])
    assert set(numbers) == {"gw-main", "gw-2", "gw-3"}
    assert all(given == list(range(len(given))) for given in numbers.values())


def test_history_is_marked_as_backfill() -> None:
    (tick,) = ticks(REGISTRY, 1 / 288)
    topic, payload = sent([tick], history=True)[-1]
    decoded = decode(Topic.parse(topic), payload, received_ms=epoch_ms(tick.time))
    assert set(decoded.readings.flags) == {ReadingFlag.BACKFILL}


def test_every_gateway_says_that_it_is_ready() -> None:
    found = list(births(Gateways(REGISTRY, boot="b1"), interval_s=10))
    assert [decode(Topic.parse(topic), payload, received_ms=0).status for topic, payload in found] == ["ready"] * 3
