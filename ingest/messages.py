"""A message as it came from the broker, and what it or an event in it is known by when it comes again."""

import hashlib
from typing import NamedTuple

from ingest.native import Decoded
from sensors.events import VITAL_EVENTS, Event
from sensors.intake import Delivery
from sensors.readings import ReadingFlag, epoch_ms

MESSAGE_KEY = "message:"
"""What the keys of whole messages begin with, beside those of events."""


class Message(NamedTuple):
    """A message as it came from the broker. `retain` marks a replay, `packet_id` is None for QoS 0."""

    topic: str
    payload: bytes
    received_ms: int
    packet_id: int | None = None
    dup: bool = False
    retain: bool = False


def delivery_of(message: Message) -> Delivery | None:
    """Return how the broker's redelivery of a message is recognised, None for QoS 0, which is never sent again."""
    if message.packet_id is None:
        return None
    digest = hashlib.blake2b(message.topic.encode() + b"\0" + message.payload, digest_size=16).digest()
    return Delivery(message.packet_id, digest)


def event_key(event: Event) -> str | None:
    """Return what an event is known by: its id, else what it says and when; None with neither id nor time.

    A vital event that says something else under a known id is another: its sender began to count anew.
    """
    said = f"{event.device}:{event.type}:{event.state}:{event.zone}"
    if event.id is not None:
        return f"id:{event.id}:{said}" if event.type in VITAL_EVENTS else f"id:{event.id}"
    if event.flags & ReadingFlag.TIME_OF_RECEIPT:
        return None
    return f"at:{epoch_ms(event.time)}:{said}"


def message_key(decoded: Decoded) -> str | None:
    """Return what a message is known by among the keys of events, None where its sender numbers it otherwise."""
    return None if decoded.message_id is None else f"{MESSAGE_KEY}{decoded.message_id}"
