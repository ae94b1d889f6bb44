"""Milesight's own bytes: channel, type and value one after the other, by the layouts of a device map."""

from collections.abc import Mapping
from struct import error as StructError  # noqa: N812 - the library's name says nothing
from typing import Any

from ingest.dialects.decoded import At, Context, Decoded, Outcome
from ingest.dialects.device_map import DeviceMap
from ingest.dialects.layouts import Value
from ingest.dialects.paths import apply_value
from ingest.dialects.times import time_of
from sensors.readings import ReadingFlag
from sensors.topology import DeviceId

Said = tuple[list[Value], list[list[Value]], Outcome | None]
"""What a payload says now and said before, and what could not be read of it."""

_BACKFILL = int(ReadingFlag.BACKFILL)


def read_bytes(found: DeviceMap, payload: bytes) -> Said:
    """Return what a device's bytes say; reading ends where a channel is unknown, for its length is, too."""
    values: list[Value] = []
    history: list[list[Value]] = []
    if found.frame is not None:
        return _framed(found, payload)
    offset, end, channels = 0, len(payload), found.channels
    while offset < end:
        channel = channels.get(payload[offset] << 8 | payload[offset + 1]) if offset + 1 < end else None
        if channel is None:
            return values, history, Outcome("", "unknown_channel", _unread(payload, offset))
        try:
            read = channel.layout.read(payload, offset + 2)
        except StructError:
            return values, history, Outcome("", "cut_short", _unread(payload, offset))
        if channel.is_history:
            history.append(read)
        else:
            values += read
        offset += 2 + channel.layout.size
    return values, history, None


def _framed(found: DeviceMap, payload: bytes) -> Said:
    if found.frame is None or len(payload) != found.frame.size:
        return [], [], Outcome("", "wrong_length", f"{len(payload)} bytes are no message of {found.name}")
    return found.frame.read(payload, 0), [], None


def _unread(payload: bytes, offset: int) -> str:
    return f"{payload[offset : offset + 2].hex(' ')} at byte {offset}: the bytes from there on are not read"


def as_object(found: DeviceMap, payload: bytes) -> Mapping[str, Any]:
    """Return what a payload says as the vendor's own decoder writes it."""
    values, history, _ = read_bytes(found, payload)
    said: dict[str, Any] = {each.name: each.value for each in values}
    if history:
        said["history"] = [{each.name: each.value for each in entry} for entry in history]
    return said


def apply_bytes(
    out: Decoded, found: DeviceMap, payload: bytes, path: str, device: DeviceId, at: At, context: Context
) -> None:
    """Add what a device's bytes say; past samples come marked as backfill, with their own time."""
    values, history, unread = read_bytes(found, payload)
    for _, value, meant in values:
        apply_value(out, found.keys, meant, value, path, device, at, context)
    if found.sums:
        said = {each.name: each.value for each in values}
        for name, value in found.sums_of(said):
            apply_value(out, found.keys, name, value, path, device, at, context)
    for index, entry in enumerate(history):
        past = {each.meant: each.value for each in entry}
        apply_past(out, found, past, f"{path}history[{index}].", device, context)
    if unread is not None:
        out.problems.append(unread._replace(path=path.rstrip(".")))


def apply_past(
    out: Decoded, found: DeviceMap, said: Mapping[str, Any], path: str, device: DeviceId, context: Context
) -> None:
    """Add a past sample, which names its own time as `timestamp`."""
    then = time_of(said.get("timestamp"), f"{path}timestamp", out, context)
    if then.flags & ReadingFlag.TIME_OF_RECEIPT:
        out.problems.append(Outcome(path.rstrip("."), "no_time", "a past sample of nobody knows when"))
        return
    at = At(then.time_ms, then.flags | _BACKFILL)
    for meant, value in said.items():
        if meant != "timestamp":
            apply_value(out, found.keys, meant, value, path, device, at, context)
