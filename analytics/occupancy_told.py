"""What findings say of where they know from that a room was empty or in use."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from analytics.features import Analyst
from analytics.occupancy import OCCUPANCY_METRICS
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, Registry
from sensors.verdicts import Finding

KEY, INFERRED = "occupancy", "inferred"
"""In the evidence of a finding: nobody was seen, people were inferred from what changes with them."""


def told_as_inferred(findings: Iterable[Finding], analyst: Analyst) -> Iterator[Finding]:
    """Yield the findings; those that rest on inferred occupancy say so in their evidence."""
    reading = frozenset(rule for rule in CATALOGUE if _reads_occupancy(rule)) if analyst.inferred else frozenset()
    for finding in findings:
        if finding.rule in reading and any(
            room in analyst.inferred for room in _rooms(finding.subject, analyst.registry)
        ):
            yield replace(finding, evidence={**finding.evidence, KEY: INFERRED})
        else:
            yield finding


def rests_on_inferred(rule: str, subject: Subject, inferred: Collection[str], registry: Registry) -> bool:
    """Say whether a rule judges a subject by the occupancy of a room that is among the inferred, as subjects."""
    return _reads_occupancy(rule) and any(room in inferred for room in _rooms(subject, registry))


def _reads_occupancy(rule: str) -> bool:
    return any(metric in OCCUPANCY_METRICS for group in CATALOGUE[rule].needs.metrics for metric in group)


def _rooms(subject: Subject, registry: Registry) -> Iterator[str]:
    if subject.kind is SubjectKind.ROOM:
        yield str(subject)
    elif subject.kind is SubjectKind.CIRCUIT:
        circuit = registry.circuits.get(CircuitId(subject.id))
        for room in () if circuit is None else circuit.serves:
            yield str(Subject(SubjectKind.ROOM, room))
