"""`premises replay`: the rows of a CSV as live messages of the native MQTT contract."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import click
import orjson

from premises.imports.table_input import TableInput, TableOptions, checked, open_table, progress_bar, table_options
from sensors.readings import Quality, ReadingBatch
from sensors.topology import DeviceId, Registry

if TYPE_CHECKING:
    from premises.simulated.publishing import Publisher

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
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(*, options: TableOptions, speed: float | None, host: str | None, port: int | None, as_json: bool) -> None:
    """Publish FILE.csv as live MQTT messages, as its mapping says.

    Without --speed as fast as the broker acknowledges. Replaying again doubles nothing in the store.
    """
    from premises.processes.broker_settings import broker_of  # noqa: PLC0415 - pydantic and paho start slowly
    from premises.simulated.publishing import Publisher  # noqa: PLC0415 - as above

    found = open_table(options)
    survey = checked(found, options)
    boot = uuid4().hex[:8]
    started_s = time.monotonic()
    with progress_bar("replaying", options) as progress:
        rows = found.table.rows(found.registry.site.id, survey, selection=found.selection, progress=progress)
        with Publisher(broker_of(found.home, host, port), f"premises-replay-{boot}") as publisher:
            for message in paced(messages(found.registry, boot, rows), speed):
                publisher.publish(message.topic, message.payload)
    _tell(found, publisher, time.monotonic() - started_s, as_json=as_json)


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


def _tell(found: TableInput, publisher: "Publisher", seconds: float, *, as_json: bool) -> None:
    result = {
        "messages": publisher.acknowledged,
        "without_subscriber": publisher.without_subscriber,
        "seconds": round(seconds, 3),
    }
    sentence = f"{found.table.path}: {publisher.acknowledged} messages, every one acknowledged, in {seconds:.1f} s"
    click.echo(json.dumps(result) if as_json else sentence)
    if publisher.without_subscriber:
        click.echo(
            f"premises: {publisher.without_subscriber} messages had no subscriber and are lost; "
            "start `premises ingest` and replay again",
            err=True,
        )
