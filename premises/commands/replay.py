"""`premises replay`: the rows of a CSV as live messages of the native MQTT contract."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from threading import Event
from typing import TYPE_CHECKING
from uuid import uuid4

import click
import orjson

from premises.imports.table_input import TableInput, TableOptions, checked, open_table, progress_bar, table_options
from premises.simulated.dialect_options import DialectOptions, dialect_options
from sensors.readings import Quality, ReadingBatch
from sensors.topology import DeviceId, Registry

if TYPE_CHECKING:
    from premises.simulated.live_simulation import Published
    from premises.simulated.publishing import Broker
    from simulators.dialects.dialect import Dialect

GATEWAY = "replay"
"""The gateway of devices for which the registry names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the native contract, and the time of the row it came from."""

    time_ms: int
    topic: str
    payload: bytes


@click.command("replay")
@table_options
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), help="60 is sixty times real time.")
@click.option("--host", help="The broker, if not the one of the settings.")
@click.option("--port", type=click.IntRange(1, 65535))
@dialect_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    *,
    options: TableOptions,
    speed: float | None,
    host: str | None,
    port: int | None,
    spoken: DialectOptions,
    as_json: bool,
) -> None:
    """Publish FILE.csv as live MQTT messages, as its mapping says.

    Without --speed as fast as the broker acknowledges. Replaying again doubles nothing in the store.
    """
    from premises.processes.broker_settings import broker_of  # noqa: PLC0415 - pydantic and paho start slowly

    found = open_table(options)
    survey = checked(found, options)
    dialect, broker = spoken.dialect(found.registry), broker_of(found.home, host, port)
    with progress_bar("replaying", options) as progress:
        rows = found.table.rows(found.registry.site.id, survey, selection=found.selection, progress=progress)
        if dialect is None:
            published = _replay(found.registry, rows, broker, speed)
        else:
            published = _replay_in(dialect, rows, broker, speed)
    _tell(found, published, as_json=as_json)


def _replay(
    registry: Registry, rows: Iterable[tuple[int, ReadingBatch]], broker: "Broker", speed: float | None
) -> "Published":
    """Publish rows in the native contract."""
    from premises.simulated.live_simulation import Published  # noqa: PLC0415 - as above
    from premises.simulated.publishing import Publisher  # noqa: PLC0415 - as above

    boot, started_s = uuid4().hex[:8], time.monotonic()
    with Publisher(broker, f"premises-replay-{boot}") as publisher:
        for message in paced(messages(registry, boot, rows), speed):
            publisher.publish(message.topic, message.payload)
    return Published(publisher.acknowledged, publisher.without_subscriber, time.monotonic() - started_s)


def _replay_in(
    dialect: "Dialect", rows: Iterable[tuple[int, ReadingBatch]], broker: "Broker", speed: float | None
) -> "Published":
    """Publish rows in another format."""
    from premises.simulated.dialect_publishing import publish_dialect  # noqa: PLC0415 - as above
    from premises.simulated.live_simulation import Pace  # noqa: PLC0415 - as above
    from simulators.dialects.spoken import said_of_rows  # noqa: PLC0415 - as above

    told = chain.from_iterable(said_of_rows(batch) for _, batch in rows)
    return publish_dialect(dialect, told, broker, Pace(step=timedelta(0), speed=speed), stopping=Event())


def messages(registry: Registry, boot: str, rows: Iterable[tuple[int, ReadingBatch]]) -> Iterator[Message]:
    """Yield one message per row and device, numbered per gateway, through the gateway the registry names."""
    numbers: Counter[str] = Counter()
    for time_ms, batch in rows:
        for device, positions in _by_device(batch).items():
            gateway = registry.devices[DeviceId(device)].gateway or GATEWAY
            document = {
                "boot": boot,
                "seq": numbers[gateway],
                "ts": time_ms,
                "readings": [_reading(batch, position, time_ms) for position in positions],
            }
            numbers[gateway] += 1
            topic = f"premises/v1/{batch.site}/{gateway}/{device}/readings"
            yield Message(time_ms=time_ms, topic=topic, payload=orjson.dumps(document))


def paced(
    queue: Iterable[Message],
    speed: float | None,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Message]:
    """Yield the messages when their rows' times come, `speed` times as fast as they were; at once without a speed."""
    first_ms: int | None = None
    started_s = now()
    for message in queue:
        if first_ms is None:
            first_ms = message.time_ms
        if speed is not None:
            ahead_s = (message.time_ms - first_ms) / 1000 / speed - (now() - started_s)
            if ahead_s > 0:
                sleep(ahead_s)
        yield message


def _by_device(batch: ReadingBatch) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for position, device in enumerate(batch.device):
        positions.setdefault(device, []).append(position)
    return positions


def _reading(batch: ReadingBatch, position: int, time_ms: int) -> dict[str, object]:
    reading: dict[str, object] = {"m": batch.metric[position], "v": batch.value[position]}
    if batch.phase[position]:
        reading["ph"] = batch.phase[position]
    if batch.quality[position] != Quality.GOOD:
        reading["q"] = Quality(batch.quality[position]).name.lower()
    if batch.time_ms[position] != time_ms:
        reading["ts"] = batch.time_ms[position]
    return reading


def _tell(found: TableInput, published: "Published", *, as_json: bool) -> None:
    count, lost, seconds = published.messages, published.without_subscriber, published.seconds
    result = {"messages": count, "without_subscriber": lost, "seconds": round(seconds, 3)}
    sentence = f"{found.table.path}: {count} messages, every one acknowledged, in {seconds:.1f} s"
    click.echo(json.dumps(result) if as_json else sentence)
    if lost:
        click.echo(
            f"premises: {lost} messages had no subscriber and are lost; start `premises ingest` and replay again",
            err=True,
        )
