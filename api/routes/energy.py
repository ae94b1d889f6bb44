"""What the electricity went to, by unit, zone or item."""

from fastapi import APIRouter

from analytics.submetering import By
from api.dependencies import Reader, ServicesOf
from api.energy import BuildingAsked, Day, EnergyView, energy_asked, energy_of

router = APIRouter(tags=["energy"])


@router.get("/energy")
def get_energy(
    services: ServicesOf,
    _: Reader,
    *,
    by: By = By.ITEM,
    first: Day = None,
    last: Day = None,
    building: BuildingAsked = "",
) -> EnergyView:
    """Return the use of local days, both inclusive, divided; of the last 30 whole days where none are given."""
    return energy_of(services, energy_asked(services, by, first, last, building))
