"""Simulator, broker, decoder, spool: what arrives is what arrives natively, as exactly as the format tells."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.dialects.formats import FORMATS
from ingest.messages import Message
from premises.simulated.publishing import Broker, Publisher
from simulators.dialects.dialects import DIALECTS
from simulators.dialects.speech import Published, speech
from tests.servers import eventually, mosquitto
from tests.simulators.dialects.listeners import listening
from tests.simulators.dialects.spoken_day import (
    events_of,
    inventions,
    kept,
    misses,
    native_series,
    options_of,
    registry,
    saids,
    series_of,
    told_events,
)

HARMLESS = {"neuron": {"gateway_error"}}
"""What a format is meant to bring into quarantine."""


def test_every_format_that_is_decoded_is_spoken() -> None:
    assert DIALECTS.keys() == FORMATS.keys()


def through_the_broker(published: Sequence[Published], topics: Sequence[str]) -> list[Message]:
    """Return the messages as a subscriber hears them, each received when it went out by the building's clock."""
    with listening(topics) as heard:
        with Publisher(Broker(host="127.0.0.1", port=mosquitto().port), "premises-test-dialects") as publisher:
            for _, topic, payload in published:
                publisher.publish(topic, payload)
        eventually(lambda: len(heard) >= len(published), what=f"{len(published)} messages are heard")
    assert heard == [(topic, payload) for _, topic, payload in published]
    return [Message(topic, payload, one.time_ms) for one, (topic, payload) in zip(published, heard, strict=True)]


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_what_arrives_is_what_arrives_natively(name: str, tmp_path: Path) -> None:
    dialect = DIALECTS[name](registry())
    heard = through_the_broker(list(speech(dialect, saids())), dialect.topics)
    entries = kept(tmp_path, heard, options_of(name, dialect))
    wanted, found = native_series(), series_of(entries)
    assert list(misses(dialect, wanted, found))[:9] == []
    assert list(inventions(dialect, wanted, found))[:9] == []
    assert events_of(entries) == told_events(dialect)
    refused = {each.reason for entry in entries for each in entry.quarantined}
    assert refused == HARMLESS.get(name, set())
