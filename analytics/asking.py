"""The rules of a request, each asked by itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from analytics.frame import RunData
from analytics.isolation import Isolation
from analytics.rules import RECORD_RULES, WEEKLY_RULES, WINDOWED_RULES
from analytics.rules.weekly import WeeklyRule
from analytics.week import Week
from sensors.verdicts import Finding

Keep = Callable[[RunData, Week], pl.DataFrame]
"""What is kept of each week of readings until all were seen."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks the rules of a request; what one of them raises is noted in `isolation` and stops no other."""

    rules: tuple[str, ...]
    isolation: Isolation = field(default_factory=Isolation)

    def keepers(self) -> dict[str, Keep]:
        """Return what each weekly rule keeps of a week; of one that fails, nothing."""
        return {rule: self._keeper(rule, WEEKLY_RULES[rule]) for rule in self._those_of(WEEKLY_RULES)}

    def of_readings(self, data: RunData, kept: Mapping[str, pl.DataFrame]) -> list[Finding]:
        """Return the verdicts of the rules that read readings; `kept` is what their keepers gave."""
        weekly = ((rule, self._conclusion(rule, data, kept[rule])) for rule in self._those_of(WEEKLY_RULES))
        daily = ((rule, self._judgement(WINDOWED_RULES[rule], data)) for rule in self._those_of(WINDOWED_RULES))
        return self._told([*weekly, *daily])

    def of_registry(self, data: RunData) -> list[Finding]:
        """Return the verdicts of the rules that read the registry alone."""
        return self._told((rule, self._judgement(RECORD_RULES[rule], data)) for rule in self._those_of(RECORD_RULES))

    def _those_of(self, rules: Mapping[str, object]) -> Iterator[str]:
        return (rule for rule in self.rules if rule in rules)

    def _told(self, works: Iterable[tuple[str, Callable[[], list[Finding]]]]) -> list[Finding]:
        none: list[Finding] = []
        return [finding for rule, work in works for finding in self.isolation.ask(rule, work, none)]

    def _keeper(self, rule: str, asked: WeeklyRule) -> Keep:
        return lambda data, week: self.isolation.ask(rule, lambda: asked.keep(data, week), _nothing())

    def _conclusion(self, rule: str, data: RunData, kept: pl.DataFrame) -> Callable[[], list[Finding]]:
        return lambda: WEEKLY_RULES[rule].conclude(data, kept)

    def _judgement(self, judge: Callable[[RunData], list[Finding]], data: RunData) -> Callable[[], list[Finding]]:
        return lambda: judge(data)


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"subject": pl.String})
