"""How rules on levels word what they kept of the weeks: spells beyond a limit become findings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from analytics.frame import RunData, by_subject, day_start, evidence, not_applicable, room_subject
from analytics.intervals import MS_PER_HOUR
from analytics.spells import gathered
from sensors.catalogue import CATALOGUE
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Room
from sensors.verdicts import Evidence, Finding, Severity, Verdict

GATHER_MS = 72 * MS_PER_HOUR
"""Spells within three days of each other, so across a weekend, are one finding. The project's own choice."""

Lacking = Mapping[Subject, tuple[str, ...]]
"""Every subject that a rule is asked of, with what it lacks for it; nothing where it can be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The spells of one finding, and the row of the worst of them."""

    subject: Subject
    spells: pl.DataFrame
    worst: Mapping[str, object]

    @property
    def tag(self) -> str:
        """Return which of the rule's levels was the worst."""
        return str(self.worst["tag"])

    @property
    def value(self) -> float:
        """Return what was worst of all."""
        return float(str(self.worst["value"]))

    @property
    def device(self) -> str:
        """Return the device that measured the worst, empty where several did."""
        return str(self.worst["device"] or "")

    @property
    def beside(self) -> float | None:
        """Return the mean of the figure beside it, None where there is none."""
        mean = self.spells["beside"].mean()
        return mean if isinstance(mean, float) else None


def no_evidence(_data: RunData, _told: Told) -> Evidence:
    """Return nothing beyond what every finding on levels has."""
    return {}


def own_severity(_data: RunData, told: Told, rule: str) -> Severity:
    """Return the severity that the catalogue gives the rule."""
    del told
    return CATALOGUE[rule].severity


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelWords:
    """The words of one rule. `units` has the unit of each tag, the first being the rule's main one.

    `expected_ms` is how much time there was to judge: a pass needs the rule's coverage of it. None where the rule looks
    at some hours alone and nobody knows how many there ought to be: then a pass needs that anything was judged.
    """

    rule: str
    units: Mapping[str, str]
    limit: str
    missing: str
    expected_ms: Callable[[RunData], float] | None = None
    gather_ms: int = GATHER_MS
    severity: Callable[[RunData, Told, str], Severity] = own_severity
    beside: Callable[[RunData, Told], Evidence] = no_evidence

    def findings(self, data: RunData, kept: pl.DataFrame, subjects: Lacking) -> list[Finding]:
        """Return a finding per gathered run of spells, and for other subjects what is known of them."""
        spells, known = _spells(kept), self._known(data, kept)
        findings: list[Finding] = []
        for subject, lacking in subjects.items():
            if lacking:
                findings.append(not_applicable(data, self.rule, subject, *lacking))
            elif (own := spells.get(str(subject))) is not None:
                findings += self._judged(data, subject, own)
            else:
                findings.append(self._quiet(data, subject, known=str(subject) in known))
        return findings

    def _judged(self, data: RunData, subject: Subject, spells: pl.DataFrame) -> list[Finding]:
        groups = gathered(spells.sort("start_ms", "end_ms"), gap_ms=self.gather_ms)
        return [self._fault(data, subject, group) for _, group in groups.group_by("group", maintain_order=True)]

    def _quiet(self, data: RunData, subject: Subject, *, known: bool) -> Finding:
        return Finding(
            rule=self.rule,
            subject=subject,
            verdict=Verdict.PASS if known else Verdict.INSUFFICIENT_DATA,
            start=day_start(data.calendar, data.window.first),
            end=day_start(data.calendar, data.window.last + timedelta(days=1)),
            threshold=data.thresholds.value(self.rule, self.limit),
            unit=next(iter(self.units.values())),
            missing=() if known else (self.missing,),
        )

    def _known(self, data: RunData, kept: pl.DataFrame) -> frozenset[str]:
        """Return the subjects of which enough was judged for a pass, by one of the tags."""
        if "tag" not in kept.columns:
            return frozenset()
        per_tag = kept.group_by("subject", "tag").agg(pl.sum("known_ms"))
        if self.expected_ms is None:
            return frozenset(per_tag.filter(pl.col("known_ms") > 0)["subject"])
        enough = share_of(data, self.rule) * self.expected_ms(data)
        return frozenset(per_tag.filter(pl.col("known_ms") >= enough)["subject"]) if enough > 0 else frozenset()

    def _fault(self, data: RunData, subject: Subject, spells: pl.DataFrame) -> Finding:
        worst = spells.sort("excess").row(-1, named=True)
        told = Told(subject=subject, spells=spells, worst=worst)
        hours = spells.group_by("tag", "device").agg(pl.sum("hours"))["hours"].to_list()
        starts, ends = spells["start_ms"].to_list(), spells["end_ms"].to_list()
        return Finding(
            rule=self.rule,
            subject=subject,
            verdict=Verdict.FAULT,
            start=from_epoch_ms(min(starts)),
            end=from_epoch_ms(max(ends)),
            value=round(told.value, 3),
            threshold=round(float(worst["limit"]), 3),
            unit=self.units[told.tag],
            severity=self.severity(data, told, self.rule),
            evidence={
                **evidence(hours=max(hours), spells=spells.height, device=worst["device"] or None),
                **self.beside(data, told),
            },
        )


def _spells(kept: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the spells of each subject that has any, in their order."""
    return by_subject(kept.drop_nulls("start_ms")) if "start_ms" in kept.columns else {}


def window_ms(data: RunData) -> int:
    """Return how much of the window has passed at the instant of judgement."""
    starts_ms = data.calendar.midnight_ms(data.window.first)
    ends_ms = data.calendar.midnight_ms(data.window.last + timedelta(days=1))
    return max(min(ends_ms, data.window.now_ms) - starts_ms, 0)


def share_of(data: RunData, rule: str) -> float:
    """Return the coverage that a rule asks of each mean, 0 to 1."""
    return data.thresholds.value(rule, "coverage_pct") / 100


def rooms_asked(data: RunData, *groups: tuple[str, ...], concerns: Callable[[Room], bool] = bool) -> Lacking:
    """Return every room that is not restricted and that the rule `concerns`, with the metrics it lacks."""
    asked = [room for room in data.registry.rooms.values() if not room.restricted and concerns(room)]
    subjects = {room_subject(room.id): groups for room in asked}
    return {
        subject: tuple("|".join(group) for group in wanted if not data.has_points(subject, group))
        for subject, wanted in subjects.items()
    }


def circuits_asked(data: RunData, *metrics: str) -> Lacking:
    """Return every circuit, with these metrics lacking where none of them is measured there."""
    subjects = [Subject(SubjectKind.CIRCUIT, circuit) for circuit in data.registry.circuits]
    return {subject: () if data.has_points(subject, metrics) else ("|".join(metrics),) for subject in subjects}


def with_lacking(subjects: Lacking, name: str, lacks: Callable[[Subject], bool]) -> Lacking:
    """Return the subjects with one more thing lacking where a condition says so."""
    return {subject: (*lacking, name) if lacks(subject) else lacking for subject, lacking in subjects.items()}
