"""Rooms as they are now and over time, and how the way in fares."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import Reader, ServicesOf
from api.ports import RoomNow, SeriesName, Services
from api.privacy import visible_rooms
from api.problems import Problem, ProblemError, not_found
from api.routes.bodies import Time
from api.routes.views import IngestView, RoomView, SeriesView
from sensors.topology import Room, RoomId

router = APIRouter(tags=["rooms"])

USUAL_SPAN = timedelta(days=7)
LONGEST_SPAN = timedelta(days=400)


@router.get("/rooms")
def get_rooms(services: ServicesOf, _: Reader) -> Sequence[RoomView]:
    """Return all rooms with their present state, restricted ones left out."""
    registry = services.registry()
    states = visible_rooms(registry, services.rooms.rooms_now(registry.site.id))
    return [RoomView.of(registry.rooms[state.room], state) for state in states]


@router.get("/rooms/{room_id}")
def get_room(services: ServicesOf, _: Reader, room_id: str) -> RoomView:
    """Return a room with its present state."""
    room = _room(services, room_id)
    registry = services.registry()
    states = visible_rooms(registry, services.rooms.rooms_now(registry.site.id))
    state = next((each for each in states if each.room == room.id), RoomNow(room=room.id))
    return RoomView.of(room, state)


@router.get("/rooms/{room_id}/series")
def get_series(
    services: ServicesOf,
    _: Reader,
    room_id: str,
    *,
    start: Time | None = None,
    end: Time | None = None,
    points: Annotated[int, Query(ge=2, le=5000)] = 1000,
    names: Annotated[list[SeriesName] | None, Query()] = None,
) -> SeriesView:
    """Return what was measured in a room in [start, end), the last 7 days unless asked otherwise."""
    room = _room(services, room_id)
    if room.is_personal:
        advice = "of a room with one or two holders no time line is shown"
        raise ProblemError(Problem(status=403, code="personal_room", detail=advice))
    until = end or services.clock.now()
    since = start or until - USUAL_SPAN
    if not timedelta(0) < until - since <= LONGEST_SPAN:
        advice = f"start must lie before end, by at most {LONGEST_SPAN.days} days"
        raise ProblemError(Problem(status=422, code="period", detail=advice))
    wanted = names or list(SeriesName)
    return SeriesView.of(services.rooms.room_series(room.id, wanted, start=since, end=until, points=points))


@router.get("/ingest")
def get_ingest(services: ServicesOf, _: Reader) -> IngestView:
    """Return how the way in fares: what waits, and each gateway's account."""
    return IngestView.of(services.rooms.ingest_health())


def _room(services: Services, room_id: str) -> Room:
    room = services.registry().rooms.get(RoomId(room_id))
    if room is None or room.restricted:
        raise not_found(kind="room")
    return room
