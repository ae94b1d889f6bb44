"""How a proposal is asked for: a solver behind a narrow port, and which rules conflict where there is none."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from analytics.reallocation.model import Answer, Question, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long may be looked, over all aims together, and from which seed."""

    seconds: float = 20.0
    seed: int = 1


class Undecided(Exception):  # noqa: N818 - no fault: the time was up before anything was known
    """The time was up before there was a placing, or a proof that there is none."""

    def __init__(self, seconds: float) -> None:
        """Say what to do."""
        super().__init__(f"nothing was found in {seconds:g} s; allow more with --seconds")


class Solver(Protocol):
    """Finds the best placing."""

    def best(self, question: Question, limits: Limits) -> Answer | None:
        """Return the best placing found by the aims in their order, None where none keeps to the rules.

        Raises Undecided.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What would have to give so that there is a placing: one rule, or one need; one of the two is None."""

    rule: Rule | None = None
    need: str | None = None


def conflicts(solver: Solver, question: Question, limits: Limits) -> tuple[Conflict, ...]:
    """Return each rule and each need that alone stands in the way; empty where only several together do."""
    shorter = replace(limits, seconds=limits.seconds / 4)
    return tuple(conflict for conflict, eased in _eased(question) if _has_placing(solver, eased, shorter))


def _eased(question: Question) -> Iterator[tuple[Conflict, Question]]:
    for rule in sorted(question.rules):
        yield Conflict(rule=rule), replace(question, rules=question.rules - {rule})
    for need in question.parties:
        if need.room is None:
            others = tuple(party for party in question.parties if party is not need)
            yield Conflict(need=need.id), replace(question, parties=others)


def _has_placing(solver: Solver, question: Question, limits: Limits) -> bool:
    try:
        return solver.best(question, limits) is not None
    except Undecided:
        return False
