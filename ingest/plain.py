"""The ordinary message in one pass: readings of known devices with nothing unusual about them.

Nearly all messages are such, and reading them so takes a quarter of the time. This only recognises them: whatever is
not plainly in order is left, without a word, to `ingest.native` and the pipeline, which say what is wrong with it.
What it does take it takes as they would; a test compares the two.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from ingest.native import LARGEST_SEQ
from ingest.native_fields import AHEAD_MS, EARLIEST_MS, LONGEST_NAME, PHASES, plain_time_ms
from sensors.metrics import METRICS, Conversion, Metric, Nature
from sensors.readings import ReadingFlag

_BATCH_PARTS, _DEVICE_PARTS = 5, 6
"""premises/v1/SITE/GATEWAY/readings, and with a device before the last."""

_MESSAGE_FIELDS = frozenset({"boot", "seq", "ts", "readings"})
_RECORD_FIELDS = frozenset({"dev", "m", "v", "u", "ph", "ts"})

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


Row = tuple[int, str, str, str, float, int]
"""Time in UTC ms, device, metric, phase, value, flags of a good reading."""


class PlainMessage(NamedTuple):
    """What an ordinary message says. `boot` and `seq` are None where it carries no number.

    `records` is how many came.
    """

    gateway: str
    boot: str | None
    seq: int | None
    records: int
    rows: list[Row]


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
        if (
            not _MESSAGE_FIELDS.issuperset(document)
            or type(records) is not list
            or not records
            or not (_is_number_of_boot(boot, seq) or boot is seq is None)
        ):
            raise _NotPlainError
        flags = _OWN_TIME
        if time_ms is None:
            time_ms, flags = received_ms, _TIME_OF_RECEIPT
        else:
            time_ms = _time_ms(time_ms, received_ms)
        rows = [self._row(record, device, time_ms, flags, received_ms) for record in records]
        return PlainMessage(gateway, boot, seq, len(records), rows)

    def _row(self, record: dict[str, Any], device: str | None, time_ms: int, flags: int, received_ms: int) -> Row:
        """Return a record's reading; what it does not say itself is given. _NotPlainError where it is unusual."""
        own, phase, own_ms = record.get("dev"), record.get("ph"), record.get("ts")
        sender = device if own is None else own
        if (
            not _RECORD_FIELDS.issuperset(record)
            or sender not in self._devices
            or (device is not None and sender != device)
            or (phase is not None and phase not in PHASES)
        ):
            raise _NotPlainError
        if own_ms is not None:
            time_ms, flags = _time_ms(own_ms, received_ms), _OWN_TIME
        kind = _KINDS[record["m"], record.get("u")]
        return time_ms, sender, kind.metric, phase or "", _value(record["v"], kind), flags


def _is_number_of_boot(boot: object, seq: object) -> bool:
    return type(boot) is str and 0 < len(boot) <= LONGEST_NAME and type(seq) is int and 0 <= seq <= LARGEST_SEQ


def _value(raw: object, kind: _Kind) -> float:
    if (type(raw) is float or type(raw) is int) and not kind.boolean:
        value = float(raw) if kind.conversion is None else kind.conversion.apply(float(raw))
        if kind.low <= value <= kind.high:
            return value
    elif type(raw) is bool and kind.boolean:
        return float(raw)
    raise _NotPlainError


def _time_ms(raw: object, received_ms: int) -> int:
    if type(raw) is int and EARLIEST_MS <= raw <= received_ms + AHEAD_MS:
        return raw
    time_ms = plain_time_ms(raw, received_ms) if type(raw) is str else None
    if time_ms is None:
        raise _NotPlainError
    return time_ms
