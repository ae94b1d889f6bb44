"""A reallocation proposal as a workbook: what it saves, each move to decide, rooms beside today, rooms left alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

from sensors.errors import InputFault

MOVES = {
    "kind": "类型 / kind", "room": "房间 / room", "to": "去处 / to", "people": "人数 / people", "unit": "单位 / unit",
    "area_m2": "面积 / m²", "why": "依据 / why", "workdays": "工作日 / workdays", "confidence": "把握 / confidence",
}  # fmt: skip
ROOMS = {
    "room": "房间 / room", "people_now": "现人数 / people now", "units_now": "现单位 / units now",
    "people_then": "建议人数 / people then", "units_then": "建议单位 / units then", "is_free": "空出 / free",
}  # fmt: skip
LEFT = {"room": "房间 / room", "reason": "原因 / reason"}
SAVED = ("first", "last", "feasible", "freed_m2", "empty_now_m2", "leased_m2")


def write_reallocation(told: Mapping[str, Any], path: Path) -> None:
    """Write the workbook. Raises InputFault where it cannot be written."""
    book = Workbook()
    book.remove(book.worksheets[0])
    saved = [{"what": name, "value": told.get(name)} for name in SAVED]
    saved += [{"what": f"{aim['aim']} (gap %)", "value": aim["gap_pct"]} for aim in told.get("aims", ())]
    energy = told.get("energy") or {"low_kwh": None, "high_kwh": None}
    saved += [{"what": f"{name} / 30 d", "value": energy[name]} for name in ("low_kwh", "high_kwh")]
    _sheet(book, "节省 Saved", {"what": "", "value": ""}, saved)
    _sheet(book, "建议 Moves", MOVES, told.get("moves", ()))
    _sheet(book, "对照 Beside today", ROOMS, told.get("rooms", ()))
    _sheet(book, "不动 Left", LEFT, told.get("untouched", ()))
    try:
        book.save(path)
    except OSError as exc:
        msg = f"{path}: cannot be written: {exc.strerror}; name another file"
        raise InputFault(msg) from exc


def _sheet(book: Workbook, title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    sheet = book.create_sheet(title)
    sheet.append(list(columns.values()))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([_cell(row.get(name)) for name in columns])
    sheet.freeze_panes = "A2"
    for column in "ABCDEFGHI"[: len(columns)]:
        sheet.column_dimensions[column].width = 22


def _cell(value: object) -> object:
    """Return what a cell holds: ids of a registry are slugs, so none begins a formula."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
