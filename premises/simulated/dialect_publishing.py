"""What devices say, over MQTT in the format of gateways that people own."""

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from premises.simulated.live_simulation import Pace, Published, wait_for
from premises.simulated.publishing import Broker, Publisher
from sensors.errors import InputFault
from simulators.dialects.dialects import settings_text
from simulators.dialects.speech import speech
from simulators.dialects.spoken import Said

if TYPE_CHECKING:
    from simulators.dialects.dialect import Dialect


def publish_dialect(
    dialect: "Dialect", told: Iterable[Said], broker: Broker, pace: Pace, *, stopping: threading.Event
) -> Published:
    """Publish what devices say, each message acknowledged; when stopped, the gateways' wills last.

    Commands to the gateways are answered between two messages.
    """
    started_s, began_ms = time.monotonic(), None
    with Publisher(broker, f"premises-dialect-{uuid4().hex[:8]}") as publisher:
        publisher.listen(dialect.asks)
        for each in speech(dialect, _until_stopped(told, stopping)):
            began_ms = each.time_ms if began_ms is None else began_ms
            wait_for(timedelta(milliseconds=each.time_ms - began_ms), started_s, pace, stopping)
            publisher.publish(each.topic, each.payload, retain=dialect.retains(each.topic))
            for topic, payload in publisher.heard():
                for answer in dialect.answers(topic, payload, each.time_ms):
                    publisher.publish(*answer)
    return Published(publisher.acknowledged, publisher.without_subscriber, time.monotonic() - started_s)


def write_settings(path: Path, name: str, dialect: "Dialect") -> None:
    """Write what `premises.toml` must say so that the format is read. Raises InputFault."""
    try:
        path.write_text(settings_text(name, dialect), encoding="utf-8")
    except OSError as exc:
        msg = f"--dialect-settings {path}: cannot be written: {exc.strerror}"
        raise InputFault(msg) from exc


def _until_stopped(told: Iterable[Said], stopping: threading.Event) -> Iterator[Said]:
    for said in told:
        if stopping.is_set():
            return
        yield said
