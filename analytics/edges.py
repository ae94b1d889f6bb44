"""What is new in a run, what goes on and what is over: findings are edges, not a list that repeats itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sensors.subjects import Subject
from sensors.verdicts import Finding, Verdict


class Edge(StrEnum):
    """How a fault stands against the run before."""

    NEW = "new"
    STILL = "still"
    ENDED = "ended"


FaultKey = tuple[str, Subject]
"""A rule and a subject: the same fault in two runs."""


@dataclass(frozen=True, slots=True)
class Edges:
    """The faults of a run by how they stand; a key is in one set only."""

    new: frozenset[FaultKey]
    still: frozenset[FaultKey]
    ended: frozenset[FaultKey]


def standing(findings: Iterable[Finding]) -> Mapping[FaultKey, Verdict]:
    """Return the last verdict of each rule about each subject: the one whose period ends last."""
    latest: dict[FaultKey, Finding] = {}
    for finding in findings:
        key = (finding.rule, finding.subject)
        if key not in latest or latest[key].end <= finding.end:
            latest[key] = finding
    return {key: finding.verdict for key, finding in latest.items()}


def edges(open_before: Iterable[FaultKey], now: Mapping[FaultKey, Verdict]) -> Edges:
    """Return what is new, still there or ended.

    Only a pass, or a rule that no longer applies, ends a fault: without data it still stands, and a fault
    that this run did not look at is left as it was, in none of the sets.
    """
    before = frozenset(open_before)
    faults = frozenset(key for key, verdict in now.items() if verdict is Verdict.FAULT)
    over = frozenset(key for key, verdict in now.items() if verdict in {Verdict.PASS, Verdict.NOT_APPLICABLE})
    unknown = frozenset(key for key, verdict in now.items() if verdict is Verdict.INSUFFICIENT_DATA)
    return Edges(new=faults - before, still=before & (faults | unknown), ended=before & over)
