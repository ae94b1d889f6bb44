"""The ordinary message in one pass: readings of known devices with nothing unusual about them.

Nearly all messages are such, and reading them so takes a quarter of the time. This only recognises them: whatever is
not plainly in order is left, without a word, to `ingest.native` and the pipeline, which say what is wrong with it.
What it does take it takes as they would; a test compares the two.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from ingest.native import AHEAD_MS, EARLIEST_MS, LARGEST_SEQ, LONGEST_NAME, PHASES, plain_time_ms
from sensors.metrics import METRICS, Conversion, Metric, Nature
from sensors.readings import ReadingFlag

_BATCH_PARTS, _DEVICE_PARTS = 5, 6
"""premises/v1/SITE/GATEWAY/readings, and with a device before the last."""

_OWN_TIME = int(ReadingFlag.NONE)
_TIME_OF_RECEIPT = int(ReadingFlag.TIME_OF_RECEIPT)


class _Kind(NamedTuple):
    """What a metric under a unit is: the name to store it by, how to convert it, and what it can be."""

    metric: str
    conversion: Conversion | None
    boolean: bool
    low: float
    high: float


def _kinds(name: str, metric: Metric) -> Iterable[tuple[tuple[str, str | None], _Kind]]:
    boolean = metric.nature is Nature.BOOLEAN
    for unit in (None, metric.unit, *metric.accepted_units):
        yield (name, unit), _Kind(metric.name, metric.conversion(unit), boolean, metric.low, metric.high)


_KINDS = dict(
    pair
    for name, metric in [*((each.quantity, each) for each in METRICS.values()), *METRICS.items()]
    for pair in _kinds(name, metric)
)
"""By `m` and `u` as a message gives them."""


class PlainMessage(NamedTuple):
    """What an ordinary message says, in columns. `boot` and `seq` are None where it carries no number.

    `records` is how many came.
    """

    gateway: str
    boot: str | None
    seq: int | None
    records: int
    time_ms: list[int]
    device: list[str]
    metric: list[str]
    phase: list[str]
    value: list[float]
    flags: list[int]


class _NotPlainError(Exception):
    """Something is unusual. Never leaves this module."""


class PlainReader:
    """Reads what the devices of one site send."""

    def __init__(self, site: str, devices: Iterable[str]) -> None:
        """Know the devices; one whose name the contract does not allow is none."""
        self._site = site
        self._devices = frozenset(each for each in devices if 0 < len(each) <= LONGEST_NAME)

    def read(self, topic: str, payload: bytes, received_ms: int) -> PlainMessage | None:
        """Return what an ordinary message says, None of any other."""
        try:
            gateway, device = self._sender(topic)
            return self._read(gateway, device, orjson.loads(payload), received_ms)
        # What a stranger may send: no JSON, no such key, what is no number or no object.
        except (_NotPlainError, AttributeError, KeyError, TypeError, ValueError):
            return None

    def _sender(self, topic: str) -> tuple[str, str | None]:
        parts = topic.split("/")
        device = parts[4] if len(parts) == _DEVICE_PARTS else None
        if (
            (device is None and len(parts) != _BATCH_PARTS)
            or not (parts[0] == "premises" and parts[1] == "v1" and parts[2] == self._site and parts[-1] == "readings")
            or not 0 < len(parts[3]) <= LONGEST_NAME
            or (device is not None and device not in self._devices)
        ):
            raise _NotPlainError
        return parts[3], device

    def _read(self, gateway: str, device: str | None, document: dict[str, Any], received_ms: int) -> PlainMessage:
        records = document["readings"]
        boot, seq, time_ms = document.get("boot"), document.get("seq"), document.get("ts")
        known = 1 + (boot is not None) + (seq is not None) + (time_ms is not None)
        if len(document) != known or type(records) is not list or not records or not _is_number_of_boot(boot, seq):
            raise _NotPlainError
        flags = _OWN_TIME
        if time_ms is None:
            time_ms, flags = received_ms, _TIME_OF_RECEIPT
        else:
            time_ms = _time_ms(time_ms, received_ms + AHEAD_MS, received_ms)
        message = PlainMessage(gateway, boot, seq, len(records), [], [], [], [], [], [])
        self._read_records(message, records, device, time_ms, flags, received_ms)
        return message

    def _read_records(
        self,
        message: PlainMessage,
        records: list[dict[str, Any]],
        device: str | None,
        time_ms: int,
        flags: int,
        received_ms: int,
    ) -> None:
        """Append the records to the columns; _NotPlainError at the first that is unusual."""
        devices, latest_ms = self._devices, received_ms + AHEAD_MS
        *_, times, senders, metrics, phases, values, all_flags = message
        for record in records:
            unit, own, phase, own_ms = record.get("u"), record.get("dev"), record.get("ph"), record.get("ts")
            known = 2 + (unit is not None) + (own is not None) + (phase is not None) + (own_ms is not None)
            sender = device if own is None else own
            if (
                len(record) != known
                or sender not in devices
                or (device is not None and sender != device)
                or (phase is not None and phase not in PHASES)
            ):
                raise _NotPlainError
            if own_ms is None:
                times.append(time_ms)
                all_flags.append(flags)
            else:
                times.append(_time_ms(own_ms, latest_ms, received_ms))
                all_flags.append(_OWN_TIME)
            kind = _KINDS[record["m"], unit]
            values.append(_value(record["v"], kind))
            senders.append(sender)
            metrics.append(kind.metric)
            phases.append(phase or "")


def _is_number_of_boot(boot: object, seq: object) -> bool:
    """Say whether a message is numbered in full, or not at all."""
    if boot is None:
        return seq is None
    return type(boot) is str and 0 < len(boot) <= LONGEST_NAME and type(seq) is int and 0 <= seq <= LARGEST_SEQ


def _value(raw: object, kind: _Kind) -> float:
    if type(raw) is float or type(raw) is int:
        value = float(raw) if kind.conversion is None else kind.conversion.apply(float(raw))
        if kind.low <= value <= kind.high and not kind.boolean:
            return value
    elif type(raw) is bool and kind.boolean and kind.conversion is None:
        return float(raw)
    raise _NotPlainError


def _time_ms(raw: object, latest_ms: int, received_ms: int) -> int:
    if type(raw) is int and EARLIEST_MS <= raw <= latest_ms:
        return raw
    time_ms = plain_time_ms(raw, received_ms) if type(raw) is str else None
    if time_ms is None:
        raise _NotPlainError
    return time_ms
