"""How rooms, floors, buildings and departments were used over the last weeks."""

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import Reader, ServicesOf
from api.privacy import told_utilisation
from sensors.utilisation import GroupUse, HourCell, RoomStanding, Scope

router = APIRouter(tags=["rooms"])


class CellView(BaseModel):
    """An hour of the week, Monday 0, and the share of it with somebody there."""

    weekday: int
    hour: int
    used_pct: float

    @classmethod
    def of(cls, cell: HourCell) -> "CellView":
        """Return the view of a cell."""
        return cls(weekday=cell.weekday, hour=cell.hour, used_pct=cell.used_pct)


class GroupView(BaseModel):
    """The use of some rooms: the mean over working hours, the busiest hour, vacancies, all hours of the week."""

    scope: Scope
    id: str
    rooms: Sequence[str]
    mean_pct: float
    peak: CellView | None
    vacancies: int
    longest_vacancy_h: float
    mean_vacancy_h: float
    hours: Sequence[CellView]

    @classmethod
    def of(cls, group: GroupUse) -> "GroupView":
        """Return the view of a group."""
        return cls(
            scope=group.scope,
            id=group.id,
            rooms=group.rooms,
            mean_pct=group.mean_pct,
            peak=None if group.peak is None else CellView.of(group.peak),
            vacancies=group.vacancies,
            longest_vacancy_h=group.longest_vacancy_h,
            mean_vacancy_h=group.mean_vacancy_h,
            hours=[CellView.of(cell) for cell in group.cells],
        )


class StandingView(BaseModel):
    """The class of a room, and on how many workdays it rests."""

    room: str
    use: str
    workdays: int | None

    @classmethod
    def of(cls, standing: RoomStanding) -> "StandingView":
        """Return the view of a room's class."""
        return cls(room=standing.room, use=standing.use, workdays=standing.workdays)


class UtilisationView(BaseModel):
    """What is known of the days `first` to `last`, both inclusive; null before anybody looked."""

    first: date | None = None
    last: date | None = None
    groups: Sequence[GroupView] = ()
    rooms: Sequence[StandingView] = ()


@router.get("/utilisation")
def get_utilisation(services: ServicesOf, _: Reader, scope: Scope | None = None) -> UtilisationView:
    """Return how rooms were used, of one scope or of all; of a room with one or two holders its class alone."""
    told = told_utilisation(services.registry(), services.utilisation())
    if told is None:
        return UtilisationView()
    return UtilisationView(
        first=told.first,
        last=told.last,
        groups=[GroupView.of(group) for group in told.groups if scope in {None, group.scope}],
        rooms=[StandingView.of(room) for room in told.rooms],
    )
