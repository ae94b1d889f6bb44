"""SenML (RFC 8428) as JSON: a list of records, of which base fields (`bn`, `bt`, `bu`, `bv`) hold for those behind.

A name is the base name and the record's own, put together. What stands before the last `/` or `:` is the device, what
stands behind it the quantity; without either the device is the last level of the topic.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, Final, NamedTuple

from ingest.dialects.decoded import MOST_KEPT, At, Context, Decoded, DialectError, Outcome
from ingest.dialects.names import Names
from ingest.dialects.paths import parsed
from ingest.dialects.times import time_of
from ingest.native_fields import shown

MOST_RECORDS: Final = 10_000
_VERSION: Final = 10
"""The version that this reads (RFC 8428, 4.4)."""
_RELATIVE: Final = 2**28
"""Times below it are seconds from now (RFC 8428, 4.5.3)."""
_BY_UNIT: Final = {"°C": "temperature_c", "%RH": "relative_humidity_pct", "lx": "illuminance_lux"}
"""What a record without a name that is known measures."""
_VALUES: Final = ("v", "vb", "vs", "vd", "s")
_BASE: Final = (("bn", str), ("bu", str), ("bt", (int, float)), ("bv", (int, float)))
_BASE_NAMES: Final = frozenset(name for name, _ in _BASE)


class _Base(NamedTuple):
    """What holds until a record says otherwise; a tuple, for nearly every message makes one."""

    bn: str = ""
    bu: str = ""
    bt: float = 0.0
    bv: float = 0.0


class SenMl:
    """Reads packs of records."""

    def __init__(self) -> None:
        """Read the maps."""
        self._names = Names(_BY_UNIT)

    def forget(self) -> None:
        """Forget nothing: nothing is remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        document = parsed(payload)
        if not isinstance(document, list) or len(document) > MOST_RECORDS:
            raise DialectError(reason="no_records", detail="a list of records was expected")
        out, base = Decoded(), _Base()
        for index, record in enumerate(document):
            path = f"[{index}]"
            if not isinstance(record, dict):
                out.problems.append(Outcome(path, "not_an_object", f"{shown(record)} is no record"))
                continue
            _check(record)
            base = _based(base, record, path, out)
            self._record(out, record, base, path, topic, context)
        return out

    def _record(
        self, out: Decoded, record: Mapping[str, Any], base: _Base, path: str, topic: str, context: Context
    ) -> None:
        said = _said(record)
        if said is None:
            if not record.keys() <= _BASE_KEYS:
                out.problems.append(Outcome(path, "no_values", "neither v, vb, vs, vd nor s"))
            return
        own = record.get("n", "")
        name, quantity = _split(base.bn, own if isinstance(own, str) else "", topic)
        if not name:
            out.problems.append(Outcome(path, "no_device", "neither the name nor the topic says which device it is"))
            return
        if said in {"vd", "s"}:
            out.ignored.append(Outcome(f"{path}.{said}", "by_map", "bytes, or a sum over time"))
            return
        value = record[said]
        if said == "v" and type(value) in {int, float}:
            value += base.bv
        device = context.device(name)
        context.hear(out, device, None, name)
        unit = record.get("u", base.bu)
        at = _time(record, base, path, out, context)
        unit = unit if isinstance(unit, str) else ""
        self._names.apply(out, quantity, unit, value, f"{path}.{said}", device, at, context)


_BASE_KEYS: Final = frozenset({"bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "t", "ut"})
_KEYS: Final = _BASE_KEYS.union(_VALUES)


def _check(record: Mapping[str, Any]) -> None:
    """Refuse a pack that says that it must be understood otherwise. Raises DialectError."""
    version = record.get("bver", _VERSION)
    if type(version) is not int or version > _VERSION:
        raise DialectError(reason="unknown_version", detail=f"bver {shown(version)} is none that this reads")
    if record.keys() <= _KEYS:
        return
    unknown = next((key for key in record if key.endswith("_")), None)
    if unknown is not None:
        raise DialectError(reason="must_understand", detail=f"{unknown[:40]!r} must be understood, and is not")


def _said(record: Mapping[str, Any]) -> str | None:
    for key in _VALUES:
        if key in record:
            return key
    return None


def _based(base: _Base, record: Mapping[str, Any], path: str, out: Decoded) -> _Base:
    if _BASE_NAMES.isdisjoint(record):
        return base
    changed: dict[str, Any] = {}
    for key, kinds in _BASE:
        value = record.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, kinds):
            out.notes.append(Outcome(f"{path}.{key}", "base_unreadable", f"{shown(value)} cannot be used"))
        else:
            changed[key] = value
    return base._replace(**changed) if changed else base


@lru_cache(maxsize=MOST_KEPT)
def _split(base: str, own: str, topic: str) -> tuple[str, str]:
    """Return the device and the quantity of a name."""
    whole = base + own
    place = max(whole.rfind("/"), whole.rfind(":"))
    if 0 <= place < len(whole) - 1:
        return whole[:place].rstrip("/:"), whole[place + 1 :]
    if base and own:
        return base.rstrip("/:_-."), own
    return topic.rpartition("/")[2], whole.strip("/:")


def _time(record: Mapping[str, Any], base: _Base, path: str, out: Decoded, context: Context) -> At:
    own = record.get("t", 0)
    if isinstance(own, bool) or not isinstance(own, int | float):
        out.notes.append(Outcome(f"{path}.t", "time_unreadable", f"{shown(own)} is no time"))
        return context.receipt
    if not own and not base.bt:
        return context.receipt
    seconds = base.bt + own
    if isfinite(seconds) and seconds < _RELATIVE:
        seconds += context.received_ms / 1000
    return time_of(seconds, f"{path}.t", out, context)
