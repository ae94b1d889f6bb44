"""A saving as it is kept in the evidence of a step, and read from there."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from rectification.by_savings import AskedDays, Days, ItemSavings, Saved
from rectification.model import ItemAction, ItemStep
from sensors.topology import CircuitId

DECIMALS = 3


def savings_json(savings: ItemSavings) -> dict[str, object]:
    """Return a saving as JSON values: figures null where the data allow none, and then `sufficiency` says why."""
    saved, days = savings.saved, savings.days
    return {
        "conclusion": savings.conclusion.value,
        "savings_kwh": None if saved is None else _rounded(saved.kwh),
        "savings_pct": None if saved is None else _rounded(saved.pct),
        "ci90_kwh": None if saved is None else _range(saved.ci90_kwh),
        "ci90_pct": None if saved is None else _range(saved.ci90_pct),
        "model": None if savings.model is None else {"name": savings.model, "cv_rmse_pct": savings.cv_rmse_pct},
        "method": None if days is None else days.method.value,
        "model_days": None if days is None else _span(days.model),
        "with_fault_days": None if days is None else _span(days.with_fault),
        "since_days": None if days is None else _span(days.since),
        "circuits": list(savings.circuits),
        "inside": sorted(savings.inside),
        "sufficiency": list(savings.lacks),
    }


def of_json(item_id: str, told: Mapping[str, object]) -> ItemSavings:
    """Return what `savings_json` wrote. Raises KeyError, TypeError, ValueError where it did not write that."""
    text = json.loads(json.dumps(told))
    days = [Days(*map(date.fromisoformat, text[name])) for name in _SPANS] if text["method"] else None
    kwh = text["savings_kwh"]
    return ItemSavings(
        item_id=item_id,
        circuits=tuple(map(CircuitId, text["circuits"])),
        inside=frozenset(map(CircuitId, text["inside"])),
        days=None if days is None else AskedDays(model=days[0], with_fault=days[1], since=days[2]),
        saved=None
        if kwh is None
        else Saved(
            kwh=kwh, pct=text["savings_pct"], ci90_kwh=tuple(text["ci90_kwh"]), ci90_pct=tuple(text["ci90_pct"])
        ),
        model=text["model"] and text["model"]["name"],
        cv_rmse_pct=text["model"] and text["model"]["cv_rmse_pct"],
        lacks=tuple(text["sufficiency"]),
    )


_SPANS = ("model_days", "with_fault_days", "since_days")


def proven(item_id: str, steps: Sequence[ItemStep]) -> ItemSavings | None:
    """Return the saving beside an item's last proof; None where the proof tells of none."""
    for step in reversed(steps):
        if step.action is ItemAction.VERIFY:
            told = json.loads(step.evidence or "{}").get("savings")
            return None if told is None else of_json(item_id, told)
    return None


def was_sent_back(steps: Iterable[ItemStep]) -> bool:
    """Say whether the meter has sent the item back before: then a person has looked, and the figure only stands by."""
    return any(
        step.action is ItemAction.REFUTE and json.loads(step.evidence or "{}").get("outcome") == MORE_USED
        for step in steps
    )


MORE_USED = "more_used"
"""What the evidence of an item says that the meter sent back: its rule passes, and more is used than before."""


def _rounded(value: float) -> float:
    return round(value, DECIMALS) + 0.0  # adding zero turns a rounded -0.0 into 0.0


def _range(bounds: tuple[float, float]) -> list[float]:
    return [_rounded(bound) for bound in bounds]


def _span(days: Days) -> list[str]:
    return [days.first.isoformat(), days.last.isoformat()]
