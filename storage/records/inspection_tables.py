"""The tables of inspections and of what brings them round; lines and answers lie in them as JSON."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Date, Index, Integer, Table, Text

from rectification.checklists import Interval, Line
from rectification.evidence import MediaType
from rectification.inspections import Answer, InspectionState, LinePhoto, Result
from rectification.notices import NoticeKind
from sensors.catalogue.model import Confidence
from sensors.topology import Name
from sensors.verdicts import Severity
from storage.records.columns import UtcMs, Written, canonical_json, subject_column
from storage.records.tables import METADATA


def _told_name(name: Name) -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}


def _told_line(line: Line) -> dict[str, object]:
    return {
        "id": line.id,
        "text": _told_name(line.text),
        "severity": line.severity,
        "clause": _told_name(line.clause),
        "source": line.source,
        "confidence": line.confidence,
        "item_id": line.item_id,
    }


def _told_answer(answer: Answer) -> dict[str, object]:
    photos = [
        {"sha256": photo.sha256, "media_type": photo.media_type, "size_bytes": photo.size_bytes}
        for photo in answer.photos
    ]
    return {
        "line": answer.line,
        "result": answer.result,
        "note": answer.note,
        "photos": photos,
        "at": None if answer.at is None else answer.at.isoformat(),
        "item_id": answer.item_id,
        "proves": answer.proves,
    }


def _lines(text: str) -> tuple[Line, ...]:
    return tuple(
        Line(
            id=told["id"],
            text=Name(**told["text"]),
            severity=Severity(told["severity"]),
            clause=Name(**told["clause"]),
            source=told["source"],
            confidence=Confidence(told["confidence"]),
            item_id=told["item_id"],
        )
        for told in json.loads(text)
    )


def _answers(text: str) -> tuple[Answer, ...]:
    return tuple(
        Answer(
            line=told["line"],
            result=None if told["result"] is None else Result(told["result"]),
            note=told["note"],
            photos=tuple(
                LinePhoto(
                    sha256=photo["sha256"],
                    media_type=MediaType(photo["media_type"]),
                    size_bytes=photo["size_bytes"],
                )
                for photo in told["photos"]
            ),
            at=None if told["at"] is None else datetime.fromisoformat(told["at"]),
            item_id=told["item_id"],
            proves=told["proves"],
        )
        for told in json.loads(text)
    )


def _write_lines(lines: Sequence[Line]) -> str:
    return canonical_json([_told_line(line) for line in lines])


def _write_answers(answers: Sequence[Answer]) -> str:
    return canonical_json([_told_answer(answer) for answer in answers])


def _name_column() -> Written:
    return Written(lambda text: Name(**json.loads(text)), lambda name: canonical_json(_told_name(name)))


INSPECTION_SCHEDULES = Table(
    "inspection_schedules",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("checklist", Text, nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("floor", Text, nullable=False),
    Column("interval", Written(Interval), nullable=False),
    Column("assignee", Text, nullable=False),
    Column("first", Date, nullable=False),
    Column("made", UtcMs, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("ended", UtcMs),
    Column("opened_to", Date),
)
INSPECTIONS = Table(
    "inspections",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("site", Text, nullable=False),
    Column("checklist", Text, nullable=False),
    Column("name", _name_column(), nullable=False),
    Column("category", _name_column(), nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("floor", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("opened", UtcMs, nullable=False),
    Column("opens", Date, nullable=False),
    Column("due", Date, nullable=False),
    Column("state", Written(InspectionState), nullable=False),
    Column("lines", Written(_lines, _write_lines), nullable=False),
    Column("answers", Written(_answers, _write_answers), nullable=False),
    Column("schedule_id", Text),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("corrects", Text),
    Column("submitted", UtcMs),
    Column("submitted_by", Text),
    Column("overdue_item", Text),
    Column("told", Written(NoticeKind)),
    Column("why", Text, nullable=False),
    Index("inspections_by_state", "state", "due"),
    Index("inspections_by_number", "number", "version", unique=True),
    Index("inspections_by_place", "checklist", "subject", "floor"),
)
