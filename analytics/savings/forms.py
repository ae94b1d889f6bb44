"""The candidates: which levels and columns each takes, from the simplest on; change points are searched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from analytics.savings.gram import Floats, Ints, Sums, reduced
from analytics.savings.shapes import DEGREES, HOURS_A_WEEK, DegreeShape
from analytics.savings.slots import DAYS_A_WEEK, FIRST_RESTDAY, HOURS_A_DAY
from analytics.savings.weather import BASES_C


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A candidate: a name, levels joined, columns taken, change points searched."""

    name: str
    level_of: Ints
    picked: Ints
    searched: int = 0

    @property
    def parameters(self) -> int:
        """Return how many numbers are estimated."""
        return int(self.level_of.max()) + 1 + len(self.picked) + self.searched


def hourly_forms(names: Sequence[str]) -> list[Form]:
    """Return hour of the day or of the week, without weather, with it, and with its memory."""
    week = np.arange(HOURS_A_WEEK)
    rest = (week // HOURS_A_DAY >= FIRST_RESTDAY).astype(np.int64)
    day = rest * HOURS_A_DAY + week % HOURS_A_DAY
    every = np.arange(len(names))
    degrees, air, memory = (every[[name.startswith(kind) for name in names]] for kind in ("degrees", "air", "memory"))
    none, both = every[:0], np.concatenate([air, memory])
    return [
        Form(name="hour_of_day", level_of=day, picked=none),
        Form(name="hour_of_day_degrees", level_of=day, picked=degrees),
        Form(name="hour_of_day_temperature", level_of=day, picked=air),
        Form(name="time_of_week", level_of=week, picked=none),
        Form(name="time_of_week_degrees", level_of=week, picked=degrees),
        Form(name="time_of_week_temperature", level_of=week, picked=air),
        Form(name="time_of_week_temperature_memory", level_of=week, picked=both),
    ]


def degree_forms(shape: DegreeShape, total: Sums) -> list[Form]:
    """Return a mean, then change-point models of 3 to 5 parameters, by the day with workdays apart."""
    if not shape.has_workdays:
        return [_plain("bills_mean", np.zeros(1, dtype=np.int64)), *_change_points("bills", shape, total, 1)]
    one = np.zeros(DAYS_A_WEEK, dtype=np.int64)
    two = (np.arange(DAYS_A_WEEK) < FIRST_RESTDAY).astype(np.int64)
    return [
        _plain("daily_mean", one),
        _plain("daily_workdays", two),
        *_change_points("daily", shape, total, 2),
        *_split(total, two),
        *_change_points("daily_weekdays", shape, total, DAYS_A_WEEK),
        *_change_points("daily_memory", shape, total, 2, first=2 * len(DEGREES)),
        *_change_points("daily_weekdays_memory", shape, total, DAYS_A_WEEK, first=2 * len(DEGREES)),
    ]


def _plain(name: str, level_of: Ints) -> Form:
    return Form(name=name, level_of=level_of, picked=np.arange(0))


def _level_of(levels: int, of: int) -> Ints:
    if levels == of:
        return np.arange(of)
    return (np.arange(of) < FIRST_RESTDAY).astype(np.int64)


def _change_points(name: str, shape: DegreeShape, total: Sums, levels: int, first: int = 0) -> Iterator[Form]:
    level_of = _level_of(levels, shape.levels)
    bases = len(BASES_C)
    below, above = np.arange(bases), np.arange(bases) + bases
    kinds = {
        "3p_heating": below[:, None],
        "3p_cooling": above[:, None],
        "4p": np.column_stack([below, above]),
        "5p": _pairs(bases),
    }
    for kind, choices in kinds.items():
        picked = _best(total, level_of, choices + first)
        if picked is not None:
            yield Form(
                name=f"{name}_{kind}", level_of=level_of, picked=picked, searched=len({int(p) % bases for p in picked})
            )


def _split(total: Sums, two: Ints) -> Iterator[Form]:
    """Yield 5 parameters with slopes of their own on workdays."""
    bases = len(BASES_C)
    pairs = _pairs(bases)
    picked = _best(total, two, np.concatenate([pairs, pairs + len(DEGREES)], axis=1), signed=2)
    if picked is not None:
        yield Form(name="daily_5p_workday_slopes", level_of=two, picked=picked, searched=2)


def _pairs(bases: int) -> Ints:
    return np.array([(b, a + bases) for b, a in product(range(bases), repeat=2) if b < a])


def _best(total: Sums, level_of: Ints, choices: Ints, signed: int | None = None) -> Ints | None:
    """Return the columns, one row of choices, that explain most with slopes ≥ 0; None where none has them."""
    every = np.arange(total.products.shape[1])
    inner, right = reduced(total.narrowed(level_of, every))
    systems = inner[0][choices[:, :, None], choices[:, None, :]]
    wanted = right[0][choices]
    slopes: Floats = np.linalg.solve(systems, wanted[:, :, None])[:, :, 0]
    explained = np.where((slopes[:, :signed] > 0).all(axis=1), (slopes * wanted).sum(axis=1), -np.inf)
    best = int(np.argmax(explained))
    return choices[best] if explained[best] > 0 else None
