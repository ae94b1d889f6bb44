"""What the answer tells of each room. Of a personal room it holds a class and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from analytics.runs import Analysis
from analytics.summary import RoomUse
from sensors.subjects import Subject
from sensors.topology import Room, RoomId
from sensors.verdicts import Finding, Verdict

IDLE_RULE = "S01"
LOW_USE_RULES = ("S02", "S03")
USE_RULES = (IDLE_RULE, *LOW_USE_RULES)

PERSONAL_WORKDAYS = 20
"""A class of a personal room is told only from so many known workdays on: fewer would show single absences."""
AGGREGATE_ROOMS = 5
"""Figures of personal rooms enter sums only together with so many of their like. The project's own choice."""


class RoomClass(StrEnum):
    """How a room is used, the most pressing first."""

    IDLE = "idle"
    UNDERUSED = "underused"
    NORMAL = "normal"
    INSUFFICIENT = "insufficient"
    NOT_JUDGED = "not_judged"
    """No rule of use was asked about a room of this kind."""


JUDGED = frozenset({RoomClass.IDLE, RoomClass.UNDERUSED, RoomClass.NORMAL})
LOW = frozenset({RoomClass.IDLE, RoomClass.UNDERUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoom:
    """A room that several people share: its figures may be shown."""

    room: Room
    use: RoomUse
    standing: RoomClass

    @property
    def coverage_pct(self) -> float | None:
        """Return the share of the working hours of which it is known whether someone was there."""
        return 100 * self.use.known_h / self.use.working_h if self.use.working_h else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRoom:
    """A room of one or two holders: its figures are an attendance record in all but name, so it has none here."""

    room: Room
    standing: RoomClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """All rooms of the answer, with the hours behind them in all."""

    shared: tuple[OpenRoom, ...]
    """The least used first; those without a verdict last."""
    personal: tuple[PersonalRoom, ...]
    known_h: float
    working_h: float

    def number_of(self, *standings: RoomClass) -> int:
        """Return how many rooms have one of these classes."""
        classes = [*(row.standing for row in self.shared), *(row.standing for row in self.personal)]
        return sum(standing in standings for standing in classes)

    @property
    def personal_by_class(self) -> tuple[tuple[RoomClass, tuple[Room, ...]], ...]:
        """Return the personal rooms of each class, the most pressing class first."""
        classes = [
            (standing, [row.room for row in self.personal if row.standing is standing]) for standing in RoomClass
        ]
        return tuple((standing, tuple(rooms)) for standing, rooms in classes if rooms)

    @property
    def coverage_pct(self) -> float | None:
        """Return the known share of all rooms' working hours."""
        return 100 * self.known_h / self.working_h if self.working_h else None

    @property
    def least_used(self) -> OpenRoom | None:
        """Return the room of the lowest utilisation, of those judged where any is."""
        known = [row for row in self.shared if row.use.utilisation_pct is not None]
        candidates = [row for row in known if row.standing in JUDGED] or known
        return min(candidates, key=_utilisation, default=None)


def rooms_of(analysis: Analysis) -> Rooms:
    """Return what is told of the rooms in the summary, which restricted rooms are not in."""
    latest = _latest_verdicts(analysis)
    shared, personal = [], []
    counted = []
    for use in analysis.summary:
        room = analysis.registry.rooms[RoomId(use.subject.id)]
        standing = _standing(latest.get(use.subject, {}))
        if use.personal:
            personal.append(PersonalRoom(room=room, standing=_told(analysis, use.subject, standing)))
        else:
            shared.append(OpenRoom(room=room, use=use, standing=standing))
            counted.append(use)
    if len(personal) >= AGGREGATE_ROOMS:
        counted = list(analysis.summary)
    return Rooms(
        shared=tuple(sorted(shared, key=_rank)),
        personal=tuple(personal),
        known_h=sum(use.known_h for use in counted),
        working_h=sum(use.working_h for use in counted),
    )


def daily_figures(analysis: Analysis, subject: Subject) -> Mapping[date, Mapping[str, float]]:
    """Return the features of one subject by day and name, in order of days."""
    own = analysis.daily.filter(pl.col("subject") == str(subject)).sort("day")
    figures: dict[date, dict[str, float]] = {}
    for day, feature, value in own.select("day", "feature", "value").iter_rows():
        figures.setdefault(day, {})[feature] = value
    return figures


def _latest_verdicts(analysis: Analysis) -> Mapping[Subject, Mapping[str, Verdict]]:
    latest: dict[Subject, dict[str, Finding]] = {}
    for finding in analysis.findings:
        if finding.rule in USE_RULES:
            of_subject = latest.setdefault(finding.subject, {})
            known = of_subject.get(finding.rule)
            if known is None or finding.end >= known.end:
                of_subject[finding.rule] = finding
    return {
        subject: {rule: finding.verdict for rule, finding in verdicts.items()} for subject, verdicts in latest.items()
    }


def _standing(verdicts: Mapping[str, Verdict]) -> RoomClass:
    """Return the class from a room's latest verdicts; only a rule of low use can call it normal."""
    if not verdicts:
        return RoomClass.NOT_JUDGED
    if verdicts.get(IDLE_RULE) is Verdict.FAULT:
        return RoomClass.IDLE
    low_use = {verdicts[rule] for rule in LOW_USE_RULES if rule in verdicts}
    if Verdict.FAULT in low_use:
        return RoomClass.UNDERUSED
    return RoomClass.NORMAL if Verdict.PASS in low_use else RoomClass.INSUFFICIENT


def _told(analysis: Analysis, subject: Subject, standing: RoomClass) -> RoomClass:
    if standing is RoomClass.NOT_JUDGED:
        return standing
    workdays = sum(figures.get("work_known_h", 0) > 0 for figures in daily_figures(analysis, subject).values())
    return standing if workdays >= PERSONAL_WORKDAYS else RoomClass.INSUFFICIENT


def _rank(row: OpenRoom) -> tuple[int, float]:
    groups = {RoomClass.INSUFFICIENT: 1, RoomClass.NOT_JUDGED: 2}
    return groups.get(row.standing, 0), _utilisation(row)


def _utilisation(row: OpenRoom) -> float:
    """Return the utilisation, above any where it is unknown."""
    return float("inf") if row.use.utilisation_pct is None else row.use.utilisation_pct
