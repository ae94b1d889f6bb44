"""Measured values whose mean over a minute must stay under a limit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alerts.watch.machine import MINUTE_MS, Edges, Machine
from alerts.watch.model import Sample, Spell, is_graver
from alerts.watch.site import Site
from sensors.thresholds import Limits
from sensors.verdicts import Severity

CALM_MS = 10 * MINUTE_MS
CALM_SHARE = 0.95
"""An alert ends once the value was below this share of the limit for so long, so one on the edge is one. Own choice."""
CALM, BETWEEN = -2, -1
"""Levels below the first limit: clearly, and not clearly."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A parameter of the rule that is too much, itself counted in or not, and how grave that is."""

    parameter: str
    severity: Severity
    inclusive: bool

    def limit(self, rule: str, device: str, limits: Limits) -> "Limit":
        """Return it for a device."""
        return Limit(limits.value(rule, self.parameter, device), self.severity, self.inclusive)


@dataclass(frozen=True, slots=True)
class Limit:
    """A value that is too much, itself counted in or not, and how grave that is."""

    value: float
    severity: Severity
    inclusive: bool

    def is_reached(self, value: float) -> bool:
        """Say whether a value is too much."""
        return value >= self.value if self.inclusive else value > self.value


@dataclass(slots=True)
class _Minute:
    start_ms: int
    total: float = 0.0
    count: int = 0


class Level(Machine):
    """A minute is judged when it is over. `last_ms` of a spell is since when the value is calm; a phase is a spell."""

    metric = ""
    unit = ""
    tiers: Sequence[Tier] = ()

    def __init__(self) -> None:
        """Begin with no minute."""
        super().__init__()
        self._minutes: dict[tuple[str, str], _Minute] = {}

    def limits(self, device: str, site: Site) -> Sequence[Limit]:
        """Return the limits of a device, the graver the later."""
        return [tier.limit(self.rule, device, site.limits) for tier in self.tiers]

    def on_sample(self, sample: Sample, site: Site) -> Edges:
        """Add to the minute; the first of the next one closes it."""
        of = sample.device, sample.phase
        start_ms = sample.at_ms - sample.at_ms % MINUTE_MS
        minute = self._minutes.get(of)
        if minute is None or start_ms > minute.start_ms:
            if minute is not None:
                yield from self._judged(of, minute, site)
            minute = self._minutes[of] = _Minute(start_ms)
        minute.total += sample.value
        minute.count += 1

    def on_tick(self, at_ms: int, site: Site) -> Edges:
        """Judge the minutes that are over."""
        over = [(of, minute) for of, minute in self._minutes.items() if at_ms >= minute.start_ms + MINUTE_MS]
        for of, minute in over:
            del self._minutes[of]
            yield from self._judged(of, minute, site)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """End what has been calm for long enough, as of when it became so."""
        return self.end(spell.key, spell.last_ms or at_ms, site)

    def _judged(self, of: tuple[str, str], minute: _Minute, site: Site) -> Edges:
        mean, at_ms = minute.total / minute.count, minute.start_ms
        limits, key = self.limits(of[0], site), "|".join(of)
        level = _level(mean, limits)
        spell = self.spells.get(key)
        if level >= 0:
            limit = limits[level]
            begun = spell or Spell(key=key, device=of[0], zone=of[1], since_ms=at_ms)
            told = {"value": round(mean, 1), "threshold": limit.value, "unit": self.unit}
            yield from self._told(begun, limit, at_ms, site, told)
        elif spell is not None:
            self._calmer(spell, at_ms, is_calm=level == CALM)

    def _told(self, begun: Spell, limit: Limit, at_ms: int, site: Site, told: dict[str, object]) -> Edges:
        goes_on = replace(begun, last_ms=None, due_ms=None)
        if goes_on != begun or is_graver(limit.severity, begun.told):
            yield from self.tell(goes_on, limit.severity, at_ms, site, **told)

    def _calmer(self, spell: Spell, at_ms: int, *, is_calm: bool) -> None:
        if not is_calm and spell.last_ms is not None:
            self.spells.put(replace(spell, last_ms=None, due_ms=None))
        elif is_calm and spell.last_ms is None:
            self.spells.put(replace(spell, last_ms=at_ms, due_ms=at_ms + CALM_MS))


def _level(value: float, limits: Sequence[Limit]) -> int:
    """Return which limit a value reaches, CALM or BETWEEN where it is none."""
    reached = [number for number, limit in enumerate(limits) if limit.is_reached(value)]
    if reached:
        return reached[-1]
    return CALM if value < CALM_SHARE * limits[0].value else BETWEEN
