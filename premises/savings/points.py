"""The points of a saving as a table: what was measured and what was expected, interval by interval."""

from collections.abc import Iterator
from math import isnan
from pathlib import Path

from premises.table_out import write_table
from reports.savings_case import SavingsCase
from sensors.readings import from_epoch_ms

COLUMNS = ("timestamp", "actual_kwh", "baseline_kwh", "low_kwh", "high_kwh")
DIGITS = 4


def write_points(case: SavingsCase, path: Path) -> None:
    """Write the reporting period's points, whole or not at all; a cell is empty where nothing is known.

    Raises InputFault.
    """
    write_table(path, COLUMNS, _rows(case))


def _rows(case: SavingsCase) -> Iterator[tuple[str, ...]]:
    for time_ms, *amounts in case.savings.points.select("time_ms", *COLUMNS[1:]).iter_rows():
        yield (from_epoch_ms(time_ms).astimezone(case.zone).isoformat(), *map(_cell, amounts))


def _cell(kwh: float | None) -> str:
    return "" if kwh is None or isnan(kwh) else f"{round(kwh, DIGITS):g}"
