"""The one normaliser: what a device says at a path becomes a reading, an event, a fault, or is left out with a reason.

Gateways write numbers as texts, truth as words, a missing probe as a number, the same state again and again, and a test
of a detector like an alarm. All of it is settled here, by the `Target` of a path; decoders only find paths and times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import NamedTuple, Protocol

from ingest.dialects.decoded import MOST_KEPT, At, Context, Decoded, Outcome
from ingest.native_fields import shown
from sensors.events import LASTING_EVENTS, Event, EventState, EventType
from sensors.metrics import Conversion, Metric, Nature
from sensors.readings import ReadingFlag, from_epoch_ms
from sensors.topology import DeviceId

_LONGEST_NUMBER = 40

ANY_WORD = "*"

TRUTHS: Mapping[str, float] = {
    word: value
    for value, words in ((1.0, ("true", "on", "yes", "1", "open")), (0.0, ("false", "off", "no", "0", "closed")))
    for word in words
}
"""Words for truth, whatever their case, where a map names none."""


class Target(Protocol):
    """What is to be made of the value at a path."""

    def apply(self, out: Decoded, raw: object, path: str, device: DeviceId, at: At, context: Context) -> None:
        """Add to `out` what the value means. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTarget:
    """A metric of the device: value · numerator / denominator + offset, in the metric's own unit.

    `words` are values written as words, by their text; `sentinels` say that there is no value, numbers among them
    as they came. A division by ten is exact where a multiplication by 0.1 is not.
    """

    metric: str
    boolean: bool
    low: float
    high: float
    phase: str = ""
    numerator: float = 1.0
    denominator: float = 1.0
    offset: float = 0.0
    inverted: bool = False
    words: Mapping[str, float] = field(default_factory=dict)
    sentinels: frozenset[float | str] = frozenset()

    def apply(self, out: Decoded, raw: object, path: str, device: DeviceId, at: At, context: Context) -> None:
        """Add the reading; what is unusual takes the longer way."""
        del context
        if (type(raw) is float or type(raw) is int) and not self.boolean and raw not in self.sentinels:
            value = raw * self.numerator / self.denominator + self.offset
            if self.low <= value <= self.high:
                out.readings.append((at.time_ms, device, self.metric, self.phase, value, at.flags))
                out.paths.append(path)
                return
        self._apply_unusual(out, raw, path, device, at)

    def _apply_unusual(self, out: Decoded, raw: object, path: str, device: DeviceId, at: At) -> None:
        if raw is None or raw == "":
            out.ignored.append(Outcome(path, "no_value", "nothing is said here"))
            return
        if self._is_sentinel(raw):
            row = (at.time_ms, device, self.metric, self.phase, nan, at.flags)
            out.faulty.append((row, Outcome(path, "sentinel", f"{shown(raw)} says that there is no value")))
            return
        value = self._number(raw)
        if value is None:
            reason = "not_a_boolean" if self.boolean else "not_a_number"
            out.problems.append(Outcome(path, reason, f"{shown(raw)} is nothing that {self.metric} can be"))
        elif not self.low <= value <= self.high:
            detail = f"{shown(raw)} is outside {self.low:g} … {self.high:g}, what {self.metric} can be"
            out.problems.append(Outcome(path, "out_of_range", detail))
        else:
            out.readings.append((at.time_ms, device, self.metric, self.phase, value, at.flags))
            out.paths.append(path)

    def _is_sentinel(self, raw: object) -> bool:
        if not self.sentinels or not isinstance(raw, str | int | float):
            return False
        number = as_number(raw) if isinstance(raw, str) else None
        return raw in self.sentinels or (number is not None and number in self.sentinels)

    def _number(self, raw: object) -> float | None:
        """Return the value in the metric's unit, None where it is none."""
        if isinstance(raw, str | bool | int | float) and self.words:
            word = as_word(raw)
            if word in self.words:
                return self.words[word]
        if self.boolean:
            truth = as_truth(raw)
            return truth if truth is None or not self.inverted else 1.0 - truth
        number = as_number(raw)
        return None if number is None else number * self.numerator / self.denominator + self.offset


class Meant(NamedTuple):
    """What a word says of an event."""

    type: EventType
    state: EventState
    test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTarget:
    """An event by the words a device has for it, `*` for any other; None for words that say nothing that is kept."""

    events: Mapping[str, Meant | None]

    def apply(self, out: Decoded, raw: object, path: str, device: DeviceId, at: At, context: Context) -> None:
        """Add the event, unless the device only repeats its state."""
        if raw is None:
            out.ignored.append(Outcome(path, "no_value", "nothing is said here"))
            return
        word = as_word(raw)
        if word not in self.events and ANY_WORD in self.events:
            word = ANY_WORD
        if word not in self.events:
            out.problems.append(Outcome(path, "unknown_word", f"{shown(raw)} is no word that the map knows here"))
            return
        meant = self.events[word]
        if meant is None:
            out.ignored.append(Outcome(path, "by_map", f"{shown(raw)} says nothing that is kept"))
            return
        add_event(out, meant, path, device, at, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultTarget:
    """A word beside a value that says there is none: `read failed`. Other words say nothing."""

    metric: str
    phase: str
    words: frozenset[str]

    def apply(self, out: Decoded, raw: object, path: str, device: DeviceId, at: At, context: Context) -> None:
        """Add a reading without a value where the word says so."""
        del context
        if as_word(raw) not in self.words:
            out.ignored.append(Outcome(path, "by_map", "no fault"))
            return
        row = (at.time_ms, device, self.metric, self.phase, nan, at.flags)
        out.faulty.append((row, Outcome(path, "sentinel", f"{shown(raw)} says that there is no value")))


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredTarget:
    """A path that is known and not wanted, with the reason why. A sentinel is told all the same: a probe is missing."""

    because: str
    sentinels: frozenset[float | str] = frozenset()

    def apply(self, out: Decoded, raw: object, path: str, device: DeviceId, at: At, context: Context) -> None:
        """Say that the path was left out."""
        del device, at, context
        if isinstance(raw, str | int | float) and raw in self.sentinels:
            out.notes.append(Outcome(path, "sentinel", f"{shown(raw)} says that there is no value"))
        out.ignored.append(Outcome(path, "by_map", self.because))


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongUnitTarget:
    """A path whose value comes in a unit that its metric cannot have: each is a problem, for a record is lost."""

    metric: str
    unit: str

    def apply(self, out: Decoded, raw: object, path: str, device: DeviceId, at: At, context: Context) -> None:
        """Say that the value cannot be used."""
        del device, at, context
        if raw is None or raw == "":
            out.ignored.append(Outcome(path, "no_value", "nothing is said here"))
            return
        detail = f"{shown(raw)} in {self.unit[:20]!r}, which is no unit of {self.metric}; set the unit at the device"
        out.problems.append(Outcome(path, "unknown_unit", detail))


def add_event(out: Decoded, meant: Meant, path: str, device: DeviceId, at: At, context: Context) -> None:
    """Add an event; a lasting one whose state is known already is left out as `repeated`. A test is no state."""
    if not meant.test and meant.type in LASTING_EVENTS and not at.flags & ReadingFlag.BACKFILL:
        if context.states.get((device, meant.type)) == meant.state:
            out.ignored.append(Outcome(path, "repeated", f"{meant.type} is {meant.state} since an earlier message"))
            return
        if len(context.states) >= MOST_KEPT * 10:
            context.states.clear()
        context.states[device, meant.type] = meant.state
    out.events.append(
        Event(
            site=context.site,
            gateway=context.gateway,
            device=device,
            type=meant.type,
            state=meant.state,
            time=from_epoch_ms(at.time_ms),
            received=from_epoch_ms(context.received_ms),
            id=None if out.message_id is None else f"{out.message_id}:{meant.type}",
            test=meant.test,
            flags=ReadingFlag(at.flags),
        )
    )
    out.event_paths.append(path)


def as_number(raw: object) -> float | None:
    """Return the finite number that a value is or that its text says, None of any other."""
    if isinstance(raw, str):
        text = raw.strip()
        if len(text) > _LONGEST_NUMBER or "_" in text:
            return None
        try:
            raw = float(text)
        except ValueError:
            return None
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not isfinite(raw):
        return None
    return float(raw)


def as_truth(raw: object) -> float | None:
    """Return 1 or 0 for a truth, a number or a word that says one, None of any other."""
    if isinstance(raw, bool):
        return float(raw)
    if isinstance(raw, int | float):
        return float(raw) if raw in {0, 1} else None
    return TRUTHS.get(raw.strip().lower()) if isinstance(raw, str) else None


def as_word(raw: object) -> str:
    """Return how a map writes a value: `true`, `1`, or the text itself."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return raw.strip() if isinstance(raw, str) else str(raw) if isinstance(raw, int | float) else ""


def reading_target(
    metric: Metric,
    *,
    conversion: Conversion | None = None,
    scale: float = 1.0,
    phase: str = "",
    inverted: bool = False,
    words: Mapping[str, float] | None = None,
    sentinels: frozenset[float | str] = frozenset(),
) -> ReadingTarget:
    """Return the target of a metric: scaled first, then converted from the unit to the metric's own."""
    whole = scale * (1.0 if conversion is None else conversion.scale)
    numerator, denominator = _as_fraction(-whole if inverted and metric.nature is not Nature.BOOLEAN else whole)
    return ReadingTarget(
        metric=metric.name,
        boolean=metric.nature is Nature.BOOLEAN,
        low=metric.low,
        high=metric.high,
        phase=phase,
        numerator=numerator,
        denominator=denominator,
        offset=0.0 if conversion is None else conversion.offset,
        inverted=inverted,
        words=words or {},
        sentinels=sentinels,
    )


def _as_fraction(scale: float) -> tuple[float, float]:
    """Return numerator and denominator: 0.001 is 1/1000, so that 29 Wh are 0.029 kWh to the last digit."""
    if scale and abs(scale) < 1:
        inverse = round(1 / scale)
        if abs(inverse * scale - 1) < 1e-12:  # noqa: PLR2004 - the error of a float near 1
            return 1.0, float(inverse)
    return scale, 1.0
