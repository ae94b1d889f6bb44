"""The findings as the answer lists them: by rule, what is suspected first, by subject, nothing of single people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from analytics.runs import Analysis
from reports.energy import tells_of_person
from reports.rooms import USE_RULES
from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import Parameter, RuleSpec
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, RoomId
from sensors.verdicts import Finding, Severity, Verdict

PRESENCE = frozenset({"presence", "people_count", "motion"})


class Side(StrEnum):
    """On which side of its limit a value is a fault."""

    ABOVE = "above"
    BELOW = "below"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


LIMITS: Mapping[str, tuple[str, Side]] = MappingProxyType(
    {
        "A01": ("co2_ppm", Side.ABOVE),
        "A02": ("office_m3h", Side.BELOW),
        "A03": ("pm2_5_ugm3", Side.ABOVE),
        "A04": ("hcho_mgm3", Side.ABOVE),
        "A05": ("summer_c", Side.ABOVE),
        "A06": ("winter_low_pct", Side.BELOW),
        "A07": ("office_lux", Side.BELOW),
        "A08": ("level_dba", Side.ABOVE),
        "E02": ("peer_ratio", Side.ABOVE),
        "E03": ("night_ratio", Side.ABOVE),
        "E04": ("rise_pct", Side.ABOVE),
        "E05": ("excess_wm2", Side.ABOVE),
        "E06": ("setpoint_c", Side.BELOW),
        "E07": ("setpoint_c", Side.ABOVE),
        "E08": ("both_on_min", Side.AT_LEAST),
        "E09": ("lighting_wm2", Side.ABOVE),
        "E10": ("excess_pct", Side.ABOVE),
        "E11": ("sum_above_main_pct", Side.ABOVE),
        "E12": ("rise_points", Side.ABOVE),
        "G01": ("minimum_min", Side.ABOVE),
        "G02": ("range", Side.AT_MOST),
        "G03": ("low_ppm", Side.BELOW),
        "G04": ("silent_pct", Side.AT_LEAST),
        "G05": ("missing_pct", Side.ABOVE),
        "L02": ("rise_ratio", Side.ABOVE),
        "L04": ("load_ratio", Side.ABOVE),
        "L05": ("above_pct", Side.ABOVE),
        "L06": ("unbalance_pct", Side.ABOVE),
        "S01": ("minimum_days", Side.AT_MOST),
        "S02": ("utilisation_pct", Side.BELOW),
        "S03": ("utilisation_pct", Side.BELOW),
        "S04": ("no_show_pct", Side.ABOVE),
        "S05": ("fill_ratio", Side.BELOW),
        "S06": ("utilisation_pct", Side.BELOW),
        "S07": ("tolerance_m2", Side.ABOVE),
        "S08": ("vacate_months", Side.ABOVE),
        "S09": ("absent_papers", Side.ABOVE),
        "S10": ("taken_m2", Side.ABOVE),
        "W01": ("night_flow_m3h", Side.ABOVE),
    }
)
"""The parameter that a rule's findings name as their threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What a rule suspects of one subject, in order of time. `mended`: its latest verdict is a pass.

    A `withheld` one has no findings here: they would tell when one or two people were away.
    """

    subject: Subject
    severity: Severity
    findings: tuple[Finding, ...]
    mended: bool
    withheld: bool = False

    @property
    def longest(self) -> Finding:
        """Return the finding of the longest period."""
        return max(self.findings, key=lambda finding: finding.end - finding.start)

    @property
    def values(self) -> tuple[float, float] | None:
        """Return the lowest and the highest value, None where there is none."""
        known = [finding.value for finding in self.findings if finding.value is not None]
        return (min(known), max(known)) if known else None

    @property
    def energy_kwh(self) -> float | None:
        """Return what the fault cost in all, None where that has no meaning."""
        known = [finding.energy_kwh for finding in self.findings if finding.energy_kwh is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSection:
    """All that one rule said."""

    spec: RuleSpec
    suspicions: tuple[Suspicion, ...]
    insufficient: tuple[Finding, ...]
    not_applicable: tuple[Finding, ...]
    passed: tuple[Subject, ...]
    personal_rooms: int
    """Rooms of which the rule says nothing here; their class stands among the rooms."""

    @property
    def has_subjects(self) -> bool:
        """Say whether the rule spoke about anything at all."""
        told = (self.suspicions, self.insufficient, self.not_applicable, self.passed)
        return any(told) or self.personal_rooms > 0

    @property
    def limit(self) -> tuple[Parameter, Side] | None:
        """Return the parameter that is the threshold, None for a rule that names none."""
        named = LIMITS.get(self.spec.id)
        if named is None:
            return None
        parameter = next(parameter for parameter in self.spec.parameters if parameter.name == named[0])
        return parameter, named[1]


def sections_of(analysis: Analysis) -> tuple[RuleSection, ...]:
    """Return a section per rule asked, those that suspect something first, else in the catalogue's order."""
    sections = [_section(analysis, rule) for rule in CATALOGUE if rule in analysis.rules]
    return tuple(sorted(sections, key=lambda section: not section.suspicions))


def _section(analysis: Analysis, rule: str) -> RuleSection:
    registry = analysis.registry
    told: dict[Subject, list[Finding]] = {}
    personal = set()
    for finding in analysis.findings:
        if finding.rule != rule or _is_restricted(registry, finding.subject):
            continue
        if rule in USE_RULES and tells_of_person(registry, finding.subject):
            personal.add(finding.subject)
        else:
            told.setdefault(finding.subject, []).append(finding)
    by_time = [sorted(findings, key=lambda finding: finding.end) for findings in told.values()]
    latest = [findings[-1] for findings in by_time]
    suspicions = [_suspicion(registry, findings) for findings in by_time if _faults(findings)]
    return RuleSection(
        spec=CATALOGUE[rule],
        suspicions=tuple(sorted(suspicions, key=_gravity)),
        insufficient=tuple(finding for finding in latest if finding.verdict is Verdict.INSUFFICIENT_DATA),
        not_applicable=tuple(finding for finding in latest if finding.verdict is Verdict.NOT_APPLICABLE),
        passed=tuple(findings[-1].subject for findings in by_time if _all_passed(findings)),
        personal_rooms=len(personal),
    )


def _suspicion(registry: Registry, findings: list[Finding]) -> Suspicion:
    faults = _faults(findings)
    withheld = _reads_presence(faults[0].rule) and tells_of_person(registry, faults[0].subject)
    return Suspicion(
        subject=faults[0].subject,
        severity=min((finding.severity or Severity.BLUE for finding in faults), key=list(Severity).index),
        findings=() if withheld else tuple(sorted(faults, key=lambda finding: finding.start)),
        mended=not withheld and findings[-1].verdict is Verdict.PASS,
        withheld=withheld,
    )


def _faults(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict is Verdict.FAULT]


def _all_passed(findings: Iterable[Finding]) -> bool:
    return all(finding.verdict is Verdict.PASS for finding in findings)


def _gravity(suspicion: Suspicion) -> tuple[int, bool, float, float]:
    """Return the key that sorts the gravest first, then what lasts, costs most and lasted longest."""
    longest_s = 0.0 if suspicion.withheld else (suspicion.longest.end - suspicion.longest.start).total_seconds()
    rank = list(Severity).index(suspicion.severity)
    return rank, suspicion.mended, -(suspicion.energy_kwh or 0), -longest_s


def _reads_presence(rule: str) -> bool:
    return any(PRESENCE.intersection(alternatives) for alternatives in CATALOGUE[rule].needs.metrics)


def _is_restricted(registry: Registry, subject: Subject) -> bool:
    return (
        subject.kind is SubjectKind.ROOM
        and subject.id in registry.rooms
        and registry.rooms[RoomId(subject.id)].restricted
    )
