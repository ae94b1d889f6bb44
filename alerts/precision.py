"""How often each rule was right, by what people said of what it told. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

Told = tuple[str, bool | None]
"""A rule, and whether it was right in one thing that it told; None where nobody has said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePrecision:
    """What a rule told: `right` and `false` by people's word, the rest nobody judged."""

    rule: str
    told: int
    right: int
    false: int

    @property
    def precision_pct(self) -> float | None:
        """Return the share of what was judged that was right, %; None where nothing was."""
        judged = self.right + self.false
        return 100 * self.right / judged if judged else None


def by_rule(told: Iterable[Told]) -> list[RulePrecision]:
    """Return how often each rule was right, those that were wrong most often first, by id."""
    counts = Counter(told)
    rules = {rule for rule, _ in counts}
    found = [
        RulePrecision(
            rule=rule,
            told=sum(counts[rule, truth] for truth in (True, False, None)),
            right=counts[rule, True],
            false=counts[rule, False],
        )
        for rule in rules
    ]
    return sorted(found, key=lambda each: (-each.false, each.rule))
