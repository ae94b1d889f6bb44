"""What mending an item saved, as its meter stands now: also months after it was signed."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.dependencies import Reader, ServicesOf
from api.privacy import is_restricted, tells_of_presence
from api.problems import Problem, ProblemError, not_found
from rectification.by_savings import Conclusion, ItemSavings, Method, work_began
from rectification.savings_evidence import savings_json

router = APIRouter(tags=["items"])

Bounds = tuple[float, float]
LocalDays = tuple[str, str]


class ItemSavingsView(BaseModel):
    """Use with the fault less use since, kWh.

    Figures are null where the data allow none, and then `sufficiency` says why, in codes.
    """

    model_config = ConfigDict(extra="allow")

    conclusion: Conclusion
    savings_kwh: float | None
    savings_pct: float | None
    ci90_kwh: Bounds | None
    ci90_pct: Bounds | None
    method: Method | None
    model_days: LocalDays | None
    with_fault_days: LocalDays | None
    since_days: LocalDays | None
    circuits: Sequence[str]
    sufficiency: Sequence[str]

    @classmethod
    def of(cls, savings: ItemSavings) -> "ItemSavingsView":
        """Return the view of a saving."""
        document: dict[str, Any] = savings_json(savings)
        return cls.model_validate(document)


@router.get("/items/{item_id}/savings")
def get_item_savings(services: ServicesOf, _: Reader, item_id: str) -> ItemSavingsView:
    """Return what mending an energy item saved since it was reported done, up to yesterday; at most a year of it."""
    with services.records.reading() as tx:
        item = tx.item(item_id)
        steps = () if item is None else tx.item_steps(item_id)
    if item is None or is_restricted(services.registry(), item.subject):
        raise not_found(kind="item")
    if tells_of_presence(services.registry(), item.rule, item.subject):
        advice = "of a room with one or two holders no figures are shown"
        raise ProblemError(Problem(status=403, code="personal_room", detail=advice))
    found = services.item_savings(item, work_began(steps))
    if found is None:
        advice = "this item's fault is not energy that a meter counts: no saving follows from mending it"
        raise ProblemError(Problem(status=404, code="not_found", detail=advice))
    return ItemSavingsView.of(found)
