"""Overridden thresholds: a rule judges once for each set of thresholds that some of its subjects have.

A rule reads its thresholds as if all subjects had the same. Where they have not, it is asked once per set, and of each
answer only the subjects with that set are kept: what a rule says of one subject rests on that subject's thresholds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from analytics.frame import RunData
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import OVERRIDDEN, Override, Overrides, subjects_of
from sensors.topology import Registry
from sensors.verdicts import Finding, Verdict

ALSO_READ: Mapping[str, frozenset[str]] = {"L06": frozenset({"L05"})}
"""Rules that read a threshold of another: L06 the nominal voltage of L05."""


@dataclass(frozen=True, slots=True)
class OverriddenThresholds:
    """The catalogue's defaults, less what is overridden."""

    values: Mapping[tuple[str, str], float]

    def value(self, rule: str, parameter: str) -> float:
        """Return the overridden value, else the catalogue's default."""
        found = self.values.get((rule, parameter))
        return CATALOGUE[rule].parameter(parameter) if found is None else found


@dataclass(frozen=True, slots=True)
class Layer:
    """One set of thresholds and its `subjects`; None is every subject that is not in another layer (`elsewhere`)."""

    overrides: tuple[Override, ...] = ()
    subjects: frozenset[Subject] | None = None
    elsewhere: frozenset[Subject] = frozenset()

    def seen(self, data: RunData) -> RunData:
        """Return the data with the layer's thresholds."""
        if not self.overrides:
            return data
        thresholds = OverriddenThresholds({(each.rule, each.parameter): each.value for each in self.overrides})
        last_year = None if data.last_year is None else replace(data.last_year, thresholds=thresholds)
        return replace(data, thresholds=thresholds, last_year=last_year)

    def own(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings about the layer's subjects; a fault says what was overridden for it."""
        if self.subjects is None and not self.elsewhere and not self.overrides:
            return list(findings)
        return [self._marked(each) for each in findings if self._has(each.subject)]

    def _has(self, subject: Subject) -> bool:
        return subject not in self.elsewhere if self.subjects is None else subject in self.subjects

    def _marked(self, finding: Finding) -> Finding:
        told = "; ".join(each.told for each in self.overrides if each.rule == finding.rule)
        if not told or finding.verdict is not Verdict.FAULT:
            return finding
        return replace(finding, evidence={**finding.evidence, OVERRIDDEN: told})


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of each rule for one registry."""

    registry: Registry
    overrides: Overrides
    _known: dict[str, tuple[Layer, ...]] = field(default_factory=dict)

    def of(self, rule: str) -> tuple[Layer, ...]:
        """Return the layers of a rule: one, where nothing of it is overridden."""
        if rule not in self._known:
            own = self.overrides.of_rules(frozenset({rule}) | ALSO_READ.get(rule, frozenset()))
            self._known[rule] = _parted(own, self.registry) if own.entries else (Layer(),)
        return self._known[rule]


def _parted(overrides: Overrides, registry: Registry) -> tuple[Layer, ...]:
    of_site = overrides.holding(Subject(SubjectKind.SITE, registry.site.id), registry)
    members: dict[tuple[Override, ...], set[Subject]] = {}
    for subject in subjects_of(registry):
        holding = overrides.holding(subject, registry)
        if holding != of_site:
            members.setdefault(holding, set()).add(subject)
    elsewhere = frozenset(subject for subjects in members.values() for subject in subjects)
    own = (Layer(holding, frozenset(subjects)) for holding, subjects in members.items())
    return (Layer(of_site, elsewhere=elsewhere), *own)
