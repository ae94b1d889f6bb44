"""How inspections are kept up: done in time, late, missed, and which lines are found at fault."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from rectification.inspections import OPEN_INSPECTIONS, Inspection, InspectionState, Result
from sensors.topology import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFigures:
    """How often a line was looked at, and how often it was at fault."""

    line: str
    text: Name
    looked_at: int
    faults: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistFigures:
    """How a checklist was kept up over some days; open ones that are not due yet count nowhere else."""

    checklist: str
    name: Name
    planned: int
    in_time: int
    late: int
    missed: int
    overdue: int
    lines: Sequence[LineFigures]

    @property
    def in_time_pct(self) -> float | None:
        """Return the share done in time of those that have fallen due, %; None where none has."""
        fallen_due = self.in_time + self.late + self.missed + self.overdue
        return 100.0 * self.in_time / fallen_due if fallen_due else None


def figures(inspections: Iterable[Inspection], *, today: date, zone: tzinfo) -> Sequence[ChecklistFigures]:
    """Return the figures of each checklist, by its id; of each inspection the version that stands."""
    grouped: dict[str, list[Inspection]] = defaultdict(list)
    for each in inspections:
        grouped[each.checklist].append(each)
    return [_figures(checklist, grouped[checklist], today, zone) for checklist in sorted(grouped)]


def _figures(checklist: str, inspections: Sequence[Inspection], today: date, zone: tzinfo) -> ChecklistFigures:
    counted = Counter(_outcome(each, today, zone) for each in inspections)
    return ChecklistFigures(
        checklist=checklist,
        name=inspections[-1].name,
        planned=len(inspections),
        in_time=counted["in_time"],
        late=counted["late"],
        missed=counted["missed"],
        overdue=counted["overdue"],
        lines=_lines(inspections),
    )


def _outcome(inspection: Inspection, today: date, zone: tzinfo) -> str:
    if inspection.submitted is not None:
        return "in_time" if inspection.submitted.astimezone(zone).date() <= inspection.due else "late"
    if inspection.state is InspectionState.MISSED:
        return "missed"
    return "overdue" if inspection.state in OPEN_INSPECTIONS and today > inspection.due else "open"


def _lines(inspections: Sequence[Inspection]) -> Sequence[LineFigures]:
    """Return the checklist's own lines, the most faulty first."""
    submitted = [each for each in inspections if each.submitted is not None]
    texts = {line.id: line.text for each in submitted for line in each.lines if line.item_id is None}
    found = [
        LineFigures(
            line=line,
            text=text,
            looked_at=sum(each.answer(line).result in {Result.OK, Result.FAULT} for each in submitted),
            faults=sum(each.answer(line).result is Result.FAULT for each in submitted),
        )
        for line, text in texts.items()
    ]
    return sorted(found, key=lambda each: -each.faults)
