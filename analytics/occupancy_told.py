"""What findings say of where they know from that a room was empty or in use."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analytics.features import Analyst
from analytics.occupancy import OCCUPANCY_METRICS
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId
from sensors.verdicts import Finding

KEY, INFERRED = "occupancy", "inferred"
"""In the evidence of a finding: nobody was seen, people were inferred from what changes with them."""


def told_as_inferred(findings: Iterable[Finding], analyst: Analyst) -> Iterator[Finding]:
    """Yield the findings; those that rest on inferred occupancy say so in their evidence."""
    reading = frozenset(rule for rule in CATALOGUE if _reads_occupancy(rule)) if analyst.inferred else frozenset()
    for finding in findings:
        if finding.rule in reading and any(room in analyst.inferred for room in _rooms(finding.subject, analyst)):
            yield replace(finding, evidence={**finding.evidence, KEY: INFERRED})
        else:
            yield finding


def _reads_occupancy(rule: str) -> bool:
    return any(metric in OCCUPANCY_METRICS for group in CATALOGUE[rule].needs.metrics for metric in group)


def _rooms(subject: Subject, analyst: Analyst) -> Iterator[str]:
    if subject.kind is SubjectKind.ROOM:
        yield str(subject)
    elif subject.kind is SubjectKind.CIRCUIT:
        circuit = analyst.registry.circuits.get(CircuitId(subject.id))
        for room in () if circuit is None else circuit.serves:
            yield str(Subject(SubjectKind.ROOM, room))
