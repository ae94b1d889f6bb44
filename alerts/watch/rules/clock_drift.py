"""D06, the other half: a clock that goes wrong by too much in a day, by what its device tells of it."""

from dataclasses import dataclass, replace

from alerts.watch.machine import HOUR_MS, Edges, Machine
from alerts.watch.model import Sample, Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity

CLOCK_OFFSET = "clock_offset_s"
DAY_MS = 24 * HOUR_MS
JUMP_MS = HOUR_MS
"""What would be too much for a day is no drift where it takes no longer: the clock was set. Our own choice."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time in which nobody set the clock: its first sample and its last."""

    first: Sample
    last: Sample


class ClockDrift(Machine):
    """The drift of each stretch of nearly a day; one within the limit ends the alert. A restart begins anew."""

    alarm = Alarm.CLOCK_DRIFT
    metrics = frozenset({CLOCK_OFFSET})

    def __init__(self) -> None:
        """Begin with no stretch."""
        super().__init__()
        self._stretches: dict[str, _Stretch] = {}

    def on_sample(self, sample: Sample, site: Site) -> Edges:
        """Go on with the stretch, and judge it once it is long enough."""
        begun = self._stretches.get(sample.device)
        limit_s = drift_limit_s(sample.device, sample.at_ms, site)
        if begun is None or _was_set(begun.last, sample, limit_s):
            self._stretches[sample.device] = _Stretch(sample, sample)
        elif sample.at_ms - begun.first.at_ms < _least_ms(sample.device, site):
            self._stretches[sample.device] = replace(begun, last=sample)
        else:
            self._stretches[sample.device] = _Stretch(sample, sample)
            yield from self._judged(begun.first, sample, limit_s, site)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the device whose clock it is."""
        return Subject(SubjectKind.DEVICE, spell.device)

    def _judged(self, first: Sample, last: Sample, limit_s: float, site: Site) -> Edges:
        drift_s = abs(last.value - first.value) * DAY_MS / (last.at_ms - first.at_ms)
        if drift_s <= limit_s:
            return self.end(first.device, first.at_ms, site)
        begun = Spell(key=first.device, device=first.device, since_ms=first.at_ms)
        spell = self.spells.get(first.device) or begun
        told = {"value": round(drift_s, 1), "threshold": limit_s, "unit": "s/d"}
        return self.tell(spell, Severity.YELLOW, last.at_ms, site, **told)


def drift_limit_s(device: str, at_ms: int, site: Site) -> float:
    """Return how far a clock may drift in a day, s: what is at a door is a part, all else a host. Our own choice."""
    parameter = "host_drift_s" if site.opening(device, at_ms) is None else "part_drift_s"
    return site.limits.value("D06", parameter, device)


def _least_ms(device: str, site: Site) -> int:
    """Return how much of a day is enough to judge its drift: a clock that is set each night is judged between."""
    return round(DAY_MS * site.limits.value("D06", "coverage_pct", device) / 100)


def _was_set(before: Sample, after: Sample, limit_s: float) -> bool:
    """Say whether a clock was set between two samples: it moved far in a short time, or far and nearer to the truth."""
    moved_s = abs(after.value - before.value)
    is_nearer = abs(after.value) < abs(before.value)
    return moved_s > limit_s and (is_nearer or after.at_ms - before.at_ms <= JUMP_MS)
