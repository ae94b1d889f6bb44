"""A mapping file, `map.yaml`: which column of a CSV is which metric of which device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ingest.native_fields import PHASES
from sensors.documents import (
    MAX_BYTES,
    DocumentFault,
    DocumentSyntaxError,
    MapNode,
    Place,
    locate,
    parse_document,
)
from sensors.errors import InputFault
from sensors.fields import Fields, address, flag, metric, number, positive, words
from sensors.local_time import find_timezone
from sensors.metrics import Conversion, Metric, Nature, UnknownUnitError
from sensors.topology import DeviceId, Registry

NEGATED = "negated"

SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 1, 31 * 86_400
"""From the fastest meter to a monthly bill; the project's own choice."""

_SWITCH_WORDS: Mapping[str, float] = MappingProxyType({"true": 1.0, "false": 0.0})


class MappingFaultsError(InputFault):
    """A mapping that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeColumn:
    """The column of times; `zone` serves times without an offset, `layout` is strptime's, None for ISO 8601."""

    column: str
    zone: ZoneInfo | None = None
    layout: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnTarget:
    """What a column holds. `words` turns words into numbers; conversion comes first, then the sign."""

    column: str
    device: DeviceId
    metric: Metric
    phase: str = ""
    conversion: Conversion | None = None
    negated: bool = False
    interval_energy: bool = False
    words: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what the store knows the column's readings by, beside their time."""
        return self.device, self.metric.name, self.phase


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvMapping:
    """A checked mapping; `interval_s` is the length of an energy interval, None to learn it from the rows."""

    time: TimeColumn
    columns: tuple[ColumnTarget, ...]
    interval_s: float | None = None

    @property
    def has_interval_energy(self) -> bool:
        """Say whether any column holds energy per interval."""
        return any(target.interval_energy for target in self.columns)


def load_mapping(path: Path, registry: Registry) -> CsvMapping:
    """Return the mapping of a file, every device of it in the registry. Raises MappingFaultsError with every fault."""
    mapping, faults = parse_mapping(_read(path), registry)
    if mapping is None:
        lines = [
            f"{path}:{place.line}:{place.column}: {fault.reason}"
            for fault in faults
            for place in [fault.place or Place(1, 1)]
        ]
        raise MappingFaultsError("\n".join(lines))
    return mapping


def parse_mapping(text: str, registry: Registry) -> tuple[CsvMapping | None, list[DocumentFault]]:
    """Return the mapping, or None with every fault in the file's order."""
    try:
        document = parse_document(text)
    except DocumentSyntaxError as exc:
        return None, [DocumentFault(path=(), reason=exc.reason, place=exc.place)]
    if not isinstance(document.root, MapNode):
        return None, [DocumentFault(path=(), reason="must be a mapping with `time:` and `columns:`")]
    faults = list(document.faults)
    fields = Fields(document.root, (), faults, "")
    time = _time(fields)
    targets = [_target(column, entry, registry) for column, entry in fields.entries("columns", "column")]
    columns = [target for target in targets if target is not None]
    interval_s = fields.optional("interval_s", _interval_s)
    if fields.has("columns") and not targets:
        fields.fail(("columns",), "columns names no column; add one")
    fields.finish()
    faults += _repeated_targets(columns)
    if faults:
        placed = [replace(fault, place=fault.place or locate(document.root, fault.path)) for fault in faults]
        return None, sorted(placed, key=lambda fault: fault.place or Place(1, 1))
    return CsvMapping(time=time, columns=tuple(columns), interval_s=interval_s), []


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES)
        return content.decode("utf-8-sig")
    except OSError as exc:
        msg = f"{path}: the mapping cannot be read: {exc.strerror}"
        raise MappingFaultsError(msg) from exc
    except UnicodeDecodeError as exc:
        msg = f"{path}: not UTF-8; save the mapping as UTF-8"
        raise MappingFaultsError(msg) from exc


def _time(fields: Fields) -> TimeColumn:
    inner = fields.nested("time", "time")
    if inner is None:
        return TimeColumn(column="")
    time = TimeColumn(
        column=inner.required("column", words, ""),
        zone=inner.optional("timezone", find_timezone),
        layout=inner.optional("format", words),
    )
    inner.finish()
    return time


def _target(column: str, fields: Fields, registry: Registry) -> ColumnTarget | None:
    device = _device(fields, registry)
    found = fields.required("metric", metric, None)
    if found is None:
        fields.passed_over("phase", "unit", "sign", "interval_energy", "enum")
        return None
    interval_energy = fields.optional("interval_energy", flag) or False
    if interval_energy and found.nature is not Nature.CUMULATIVE:
        reason = f"interval_energy is for registers such as energy_import_kwh, not for {found.name}; drop it"
        fields.fail(("interval_energy",), reason)
    return ColumnTarget(
        column=column,
        device=device,
        metric=found,
        phase=fields.optional("phase", _phase) or "",
        conversion=_conversion(fields, found),
        negated=fields.optional("sign", _negated) or False,
        interval_energy=interval_energy,
        words=_words(fields, found),
    )


def _device(fields: Fields, registry: Registry) -> DeviceId:
    def known(text: str) -> DeviceId:
        device = DeviceId(address(text))
        if device not in registry.devices:
            msg = f"{device} is not in the registry of {registry.site.id}; list it there or mend the id"
            raise ValueError(msg)
        return device

    return fields.required("device", known, DeviceId(""))


def _conversion(fields: Fields, found: Metric) -> Conversion | None:
    def accepted(text: str) -> Conversion | None:
        try:
            return found.conversion(text)
        except UnknownUnitError as exc:
            raise ValueError(str(exc).removeprefix("unit ")) from exc

    return fields.optional("unit", accepted)


def _words(fields: Fields, found: Metric) -> Mapping[str, float]:
    if not fields.has("enum"):
        return _SWITCH_WORDS if found.nature is Nature.BOOLEAN else MappingProxyType({})
    inner = fields.nested("enum", f"{fields.label}: enum")
    if inner is None:
        return {}
    read = {word: inner.required(word, number, 0.0) for word in inner.keys()}  # noqa: SIM118 - not a dict
    inner.finish()
    return MappingProxyType(read)


def _interval_s(text: str) -> float:
    interval_s = positive(text)
    if not SHORTEST_INTERVAL_S <= interval_s <= LONGEST_INTERVAL_S:
        msg = f"must be seconds from {SHORTEST_INTERVAL_S} to {LONGEST_INTERVAL_S} (31 days), not {text}"
        raise ValueError(msg)
    return interval_s


def _phase(text: str) -> str:
    if text not in PHASES:
        msg = f"must be one of {', '.join(sorted(PHASES - {''}))}, not {text!r}"
        raise ValueError(msg)
    return text


def _negated(text: str) -> bool:
    if text != NEGATED:
        msg = f"must be {NEGATED} where given, not {text!r}"
        raise ValueError(msg)
    return True


def _repeated_targets(columns: Sequence[ColumnTarget]) -> list[DocumentFault]:
    first: dict[tuple[str, str, str], str] = {}
    faults = []
    for target in columns:
        earlier = first.setdefault(target.key, target.column)
        if earlier != target.column and target.device:
            what = " ".join(part for part in target.key if part)
            reason = f"column {target.column!r}: {what} is already the target of column {earlier!r}; keep one"
            faults.append(DocumentFault(path=("columns", target.column), reason=reason))
    return faults
