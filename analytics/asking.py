"""The rules of a request, each asked by itself."""

from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from analytics.frame import RunData
from analytics.isolation import Isolation
from analytics.layers import Layer, Layers
from analytics.moving import KEPT_SCHEMA
from analytics.power import IMPORT, POWER
from analytics.rules import RECORD_RULES, WEEKLY_RULES, WINDOWED_RULES
from analytics.week import Week
from sensors.catalogue import CATALOGUE
from sensors.verdicts import Finding

Keep = Callable[[RunData, Week], pl.DataFrame]
"""What is kept of each week of readings until all were seen."""

Judge = Callable[[RunData], list[Finding]]


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks the rules of a request, each once per layer of thresholds.

    What one of them raises is noted in `isolation` and stops no other.
    """

    rules: tuple[str, ...]
    layers: Layers
    isolation: Isolation = field(default_factory=Isolation)

    def keepers(self, measured: AbstractSet[str]) -> dict[str, Keep]:
        """Return what each weekly rule keeps of a week, by rule and layer; of one that fails, nothing.

        Rules that none of the metrics `measured` on the site feed keep nothing, and need no look at a reading.
        """
        return {
            _key(rule, number): self._keeper(rule, layer)
            for rule in self._those_of(WEEKLY_RULES)
            if _is_fed(rule, measured)
            for number, layer in enumerate(self.layers.of(rule))
        }

    def of_readings(self, data: RunData, kept: Mapping[str, pl.DataFrame]) -> list[Finding]:
        """Return the verdicts of the rules that read readings; `kept` is what their keepers gave."""
        return [*self._concluded(data, kept), *self._judged(WINDOWED_RULES, data)]

    def of_registry(self, data: RunData) -> list[Finding]:
        """Return the verdicts of the rules that read the registry alone."""
        return list(self._judged(RECORD_RULES, data))

    def _those_of(self, rules: Mapping[str, object]) -> Iterator[str]:
        return (rule for rule in self.rules if rule in rules)

    def _keeper(self, rule: str, layer: Layer) -> Keep:
        keep = WEEKLY_RULES[rule].keep
        return lambda data, week: self.isolation.ask(rule, lambda: keep(layer.seen(data), week), _nothing())

    def _concluded(self, data: RunData, kept: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
        for rule in self._those_of(WEEKLY_RULES):
            conclude, unfed = WEEKLY_RULES[rule].conclude, KEPT_SCHEMA.to_frame()
            for number, layer in enumerate(self.layers.of(rule)):
                work = partial(conclude, layer.seen(data), kept.get(_key(rule, number), unfed))
                yield from layer.own(self.isolation.ask(rule, work, _none()))

    def _judged(self, rules: Mapping[str, Judge], data: RunData) -> Iterator[Finding]:
        for rule in self._those_of(rules):
            for layer in self.layers.of(rule):
                yield from layer.own(self.isolation.ask(rule, partial(rules[rule], layer.seen(data)), _none()))


def _is_fed(rule: str, measured: AbstractSet[str]) -> bool:
    """Say whether of each group of alternatives that a rule needs one is measured somewhere."""
    groups = CATALOGUE[rule].needs.metrics
    return all(not measured.isdisjoint(group) or _by_register(group, measured) for group in groups)


def _by_register(group: Collection[str], measured: AbstractSet[str]) -> bool:
    """Say whether a register stands in for the power that is asked for: it rises by it."""
    return POWER in group and IMPORT in measured


def _key(rule: str, number: int) -> str:
    return f"{rule}.{number}"


def _none() -> list[Finding]:
    return []


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"subject": pl.String})
