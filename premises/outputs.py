"""What an analysis is turned into, by name: the same here and in a worker of the running server."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from analytics.runs import Analysis
from premises.finding_json import to_json
from premises.utilisation_json import utilisation_json
from reports.answer import render_answer
from reports.document import analysis_document
from reports.rooms import PERSONAL_WORKDAYS, daily_figures, rooms_of
from reports.text import render_text
from sensors.topology import RoomId
from sensors.utilisation import RoomStanding, Utilisation

Language = Literal["zh", "en"]
FINDINGS, DOCUMENT, TEXT, PAGE, ROOMS, USE = "findings", "document", "text", "page", "rooms", "use"
FAILED = "failed"


def outputs(analysis: Analysis, wanted: Collection[str], language: Language) -> dict[str, Any]:
    """Return those wanted: `findings` (lossless), `document` (JSON for programs), `text`, `page`, `rooms` (classes).

    `use` is the use of rooms by hour and weekday, with their classes; `failed` the rules that raised, with traceback.
    """
    makers: Mapping[str, Callable[[], Any]] = {
        FINDINGS: lambda: [to_json(finding) for finding in analysis.findings],
        DOCUMENT: lambda: analysis_document(analysis),
        TEXT: lambda: render_text(analysis, language),
        ROOMS: lambda: _classes(analysis),
        USE: lambda: utilisation_json(_use(analysis)),
        FAILED: lambda: [{"rule": each.rule, "error": each.error, "trace": each.trace} for each in analysis.failures],
        PAGE: lambda: render_answer(analysis, language=language, made_at=datetime.now(UTC)),
    }
    return {name: makers[name]() for name in makers if name in wanted}


def _use(analysis: Analysis) -> Utilisation:
    workdays = {
        use.subject: sum(each.get("work_known_h", 0) > 0 for each in daily_figures(analysis, use.subject).values())
        for use in analysis.summary
    }
    standings = _classes(analysis)
    rooms = [
        RoomStanding(
            room=RoomId(use.subject.id),
            use=standings[use.subject.id],
            workdays=workdays[use.subject] if workdays[use.subject] >= PERSONAL_WORKDAYS or not use.personal else None,
        )
        for use in analysis.summary
    ]
    return Utilisation(first=analysis.window.first, last=analysis.window.last, groups=analysis.use, rooms=tuple(rooms))


def _classes(analysis: Analysis) -> dict[str, str]:
    """Return the class of each room; of a personal room it is told only where that shows no single absence."""
    rooms = rooms_of(analysis)
    shared: dict[str, str] = {row.room.id: row.standing.value for row in rooms.shared}
    return shared | {row.room.id: row.standing.value for row in rooms.personal}
