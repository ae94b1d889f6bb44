"""What several items saved together, with an interval and no kWh twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot

from rectification.by_savings import ItemSavings, Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What several items saved together: kWh with a 90 % interval, which are in it and which are not."""

    kwh: float
    ci90_kwh: tuple[float, float]
    counted: tuple[str, ...]
    counted_elsewhere: tuple[str, ...]
    """Their circuits lie in another's figure over the same days: counting both would count one kWh twice."""
    without_number: tuple[str, ...]


def total(savings: Iterable[ItemSavings]) -> Total:
    """Return the sum over verified items, those that cannot be told from zero or are worse in it with their figures.

    The interval is the root of the summed squares: the items' errors are taken for independent. Of items that share
    circuits and days the one with the narrowest interval counts, whatever its sign: to choose by the sign would
    praise. What a wider one holds beyond it is in no sum.
    """
    every = list(savings)
    counted: list[tuple[ItemSavings, Saved]] = []
    elsewhere = []
    known = [(each, each.saved) for each in every if each.saved is not None]
    for each, saved in sorted(known, key=lambda pair: (_half_kwh(pair[1]), pair[0].item_id)):
        if any(_share(each, other) for other, _ in counted):
            elsewhere.append(each.item_id)
        else:
            counted.append((each, saved))
    kwh = sum(saved.kwh for _, saved in counted)
    half = hypot(*(_half_kwh(saved) for _, saved in counted))
    return Total(
        kwh=kwh,
        ci90_kwh=(kwh - half, kwh + half),
        counted=tuple(each.item_id for each, _ in counted),
        counted_elsewhere=tuple(elsewhere),
        without_number=tuple(each.item_id for each in every if each.saved is None),
    )


def _half_kwh(saved: Saved) -> float:
    low, high = saved.ci90_kwh
    return (high - low) / 2


def _share(one: ItemSavings, other: ItemSavings) -> bool:
    if one.days is None or other.days is None:
        return False
    return bool(one.inside & other.inside) and one.days.since.overlaps(other.days.since)
