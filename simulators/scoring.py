"""Findings held against a truth: per rule what was hit, what was raised for nothing, what was missed, how late.

A finding and a row of the truth *meet* when rule and subject are the same and their periods overlap. One finding counts
for one row at most; rows are given findings so that as many faults as possible have one. Per rule:

- tp: faults that have a finding;
- fn: faults that have none, but for those explained (below);
- fp: findings that meet no fault, among them every finding that meets only a near miss. A further finding that meets a
  fault which has one already is that fault again (a week of E05 after another) and counts nowhere;
- explained: faults without a finding about which the run said that another finding tells them, "one finding per
  cause", where that other finding was itself a hit. They count neither as found nor as missed;
- precision = tp ÷ (tp + fp), recall = tp ÷ (tp + fn); where the divisor is 0 there is none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TypeVar

from sensors.subjects import Subject
from simulators.truth import TruthKind, TruthRow

DECIMALS = 4

T = TypeVar("T", "Found", TruthRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A fault that a rule told: its period, and from when on it could have been known."""

    rule: str
    subject: Subject
    start: datetime
    end: datetime
    known: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A verdict that was left to another rule's finding: `by` is that rule."""

    rule: str
    subject: Subject
    start: datetime
    end: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore:
    """What one rule is worth against a truth. `delay` is the median from a fault's start until it could be known."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    explained: int = 0
    near_misses: int = 0
    near_misses_tripped: int = 0
    delay: timedelta | None = None
    built: bool = True
    false_alarms: tuple[Found, ...] = ()
    missed: tuple[TruthRow, ...] = ()

    @property
    def precision(self) -> float | None:
        """Return the share of the findings that hit, None where there were none."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Return the share of the faults that were found, None where there were none."""
        return _ratio(self.tp, self.tp + self.fn)

    def holds(self, floor: float) -> bool:
        """Say whether the rule works and neither figure that it has lies under the floor."""
        return self.built and all(figure is None or figure >= floor for figure in (self.precision, self.recall))


def scored(
    found: Iterable[Found],
    truth: Iterable[TruthRow],
    *,
    built: Collection[str],
    explained: Sequence[Explained] = (),
) -> dict[str, RuleScore]:
    """Return the score of every rule that is built or has a row in the truth, by rule.

    A rule that is in the truth and not built holds no floor, and what it should have found is missed.
    """
    told, rows = _by_rule(found), _by_rule(truth)
    matched = {rule: _matched(told.get(rule, []), _faults(rows.get(rule, []))) for rule in {*built, *rows, *told}}
    return {
        rule: _score(
            told.get(rule, []), rows.get(rule, []), matched, built=rule in built, explained=explained, rule=rule
        )
        for rule in sorted(matched)
    }


def met_only_by(found: Found, beyond: Sequence[TruthRow], within: Sequence[TruthRow]) -> bool:
    """Say whether a finding meets a fault among the rows that are not counted, and none among those that are."""
    return any(_meet(found, row) for row in _faults(beyond)) and not any(_meet(found, row) for row in _faults(within))


def _score(
    told: Sequence[Found],
    rows: Sequence[TruthRow],
    matched: Mapping[str, Mapping[TruthRow, Found]],
    *,
    rule: str,
    built: bool,
    explained: Sequence[Explained],
) -> RuleScore:
    faults, near = _faults(rows), [row for row in rows if row.kind is TruthKind.NEAR_MISS]
    hits = matched[rule]
    left = [row for row in faults if row not in hits]
    covered = [row for row in left if _is_explained(row, explained, matched)]
    missed = [row for row in left if row not in covered]
    wrong = [each for each in told if not any(_meet(each, row) for row in faults)]
    delays = [max(hit.known - row.start, timedelta(0)).total_seconds() for row, hit in hits.items()]
    return RuleScore(
        tp=len(hits),
        fp=len(wrong),
        fn=len(missed),
        explained=len(covered),
        near_misses=len(near),
        near_misses_tripped=sum(any(_meet(each, row) for each in wrong) for row in near),
        delay=timedelta(seconds=median(delays)) if delays else None,
        built=built,
        false_alarms=tuple(wrong),
        missed=tuple(missed),
    )


def _is_explained(
    row: TruthRow, explained: Sequence[Explained], matched: Mapping[str, Mapping[TruthRow, Found]]
) -> bool:
    """Say whether the run left this fault to another rule's finding, and that finding hit a fault of its own."""
    return any(
        _meet(each, row) and any(_overlap(each, hit) for hit in matched.get(each.by, {}).values()) for each in explained
    )


def _matched(told: Sequence[Found], faults: Sequence[TruthRow]) -> dict[TruthRow, Found]:
    """Return as many faults as can each have a finding of their own; of several findings the earliest known.

    Augmenting paths: Kuhn, Naval Research Logistics Quarterly 2 (1955) 83-97; the numbers here are small.
    """
    meeting = {
        index: sorted((n for n, each in enumerate(told) if _meet(each, row)), key=lambda n: (told[n].known, n))
        for index, row in enumerate(faults)
    }
    holder: dict[int, int] = {}

    def give(row: int, seen: set[int]) -> bool:
        for number in meeting[row]:
            if number not in seen:
                seen.add(number)
                if number not in holder or give(holder[number], seen):
                    holder[number] = row
                    return True
        return False

    for row in sorted(meeting, key=lambda index: faults[index].start):
        give(row, set())
    return {faults[row]: told[number] for number, row in sorted(holder.items(), key=lambda pair: pair[1])}


def _meet(one: Found | Explained, row: TruthRow) -> bool:
    return (one.rule, one.subject) == (row.rule, row.subject) and _overlap(one, row)


def _overlap(one: Found | Explained, other: Found | TruthRow) -> bool:
    """Say whether two periods have an instant in common; one without length is the instant at which it stands."""
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end


def _faults(rows: Sequence[TruthRow]) -> list[TruthRow]:
    return [row for row in dict.fromkeys(rows) if row.kind is TruthKind.FAULT]


def _by_rule(items: Iterable[T]) -> dict[str, list[T]]:
    by_rule: dict[str, list[T]] = {}
    for item in items:
        by_rule.setdefault(item.rule, []).append(item)
    return by_rule


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def scores_document(scores: Mapping[str, RuleScore], *, floor: float | None) -> dict[str, object]:
    """Return the scores as JSON values; `held` says that no rule is under the floor."""
    return {"rules": {rule: _fields(score) for rule, score in scores.items()}, "held": held(scores, floor or 0.0)}


def held(scores: Mapping[str, RuleScore], floor: float) -> bool:
    """Say whether every rule holds the floor; a rule that is not built does not, and nothing to judge does not."""
    return bool(scores) and all(score.holds(floor) for score in scores.values())


def _fields(score: RuleScore) -> dict[str, object]:
    return {
        "tp": score.tp,
        "fp": score.fp,
        "fn": score.fn,
        "precision": _rounded(score.precision),
        "recall": _rounded(score.recall),
        "explained": score.explained,
        "near_misses": score.near_misses,
        "near_misses_tripped": score.near_misses_tripped,
        "delay_h": None if score.delay is None else round(score.delay / timedelta(hours=1), 2),
        "built": score.built,
    }


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, DECIMALS)
