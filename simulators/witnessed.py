"""Discomfort that somebody was there to feel: A05 speaks only of rooms with people in them at work."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.readings import epoch_ms
from sensors.seasons import conditioned_season
from sensors.topology import RoomId
from simulators.arithmetic import Flags
from simulators.days import MINUTE_MS, local_day, next_day, working_spans
from simulators.grid import DayGrid
from simulators.site_day import Model
from simulators.truth import TruthKind, TruthRow

RULE = "A05"
HOUR_MIN = 60


def witnessed(rows: Iterable[TruthRow], model: Model) -> Iterator[TruthRow]:
    """Yield the rows without faults of A05 during which nobody worked in the room for the time of its mean."""
    for row in rows:
        if row.rule != RULE or row.kind is TruthKind.NEAR_MISS or _is_felt(row, model):
            yield row


def _is_felt(row: TruthRow, model: Model) -> bool:
    length = round(CATALOGUE[RULE].parameter("mean_h") * HOUR_MIN)
    enough = CATALOGUE[RULE].parameter("coverage_pct") / 100 * length
    return any(
        _most_of(minutes, length) >= enough for grid in _grids(row, model) for minutes in _worked(row, grid, model)
    )


def _grids(row: TruthRow, model: Model) -> Iterator[DayGrid]:
    """Yield the workdays in season that a row touches."""
    day = local_day(epoch_ms(row.start), model.zone)
    while (grid := DayGrid.of(day, model.zone)).start_ms < epoch_ms(row.end):
        if model.is_workday(day) and conditioned_season(model.registry.site, day) is not None:
            yield grid
        day = next_day(day)


def _worked(row: TruthRow, grid: DayGrid, model: Model) -> Iterator[Flags]:
    """Yield for each span of working hours at which of its minutes somebody was in the room while it lasted."""
    present = model.people_day(grid).present[:, model.rooms.column[RoomId(row.subject.id)]] > 0
    first, last = (_minute(moment, grid) for moment in (row.start, row.end))
    for begin, end in working_spans(model.registry.site):
        yield present[max(begin, first) : max(min(end, last), 0)]


def _minute(moment: datetime, grid: DayGrid) -> int:
    return (epoch_ms(moment) - grid.start_ms) // MINUTE_MS


def _most_of(minutes: Flags, length: int) -> float:
    """Return the most minutes of any stretch of a length, 0 where there is none so long."""
    if len(minutes) < length:
        return 0.0
    counted = np.concatenate([[0], np.cumsum(minutes)])
    return float(np.max(counted[length:] - counted[:-length]))
