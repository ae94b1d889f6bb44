"""What waits on the first page beside items: inspections that are due or late, and what people told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from api.pages.desk import Desk
from api.pages.inspection_views import InspectionRow, open_rows
from sensors.actors import Permission

SOON = timedelta(days=7)
"""How long before its day an inspection shows to whoever does it. The project's own choice."""
ROWS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsView:
    """Inspections, those due first at the top, and in words how many reports nobody has looked at."""

    inspections: Sequence[InspectionRow]
    reports: str


def rounds_today(desk: Desk) -> RoundsView:
    """Return the reader's own inspections that are due soon; for who manages the plan also all late ones."""
    manages = desk.actor.may(Permission.MANAGE_ITEM)
    until = desk.wording.today() + SOON
    shown = [
        row
        for row in open_rows(desk)
        if (row.inspection.assignee == desk.actor.id and row.inspection.due <= until) or (row.is_overdue and manages)
    ]
    waiting = desk.tx.waiting_reports() if manages else 0
    return RoundsView(
        inspections=shown[:ROWS], reports=desk.messages.count("today.reports", waiting) if waiting else ""
    )
