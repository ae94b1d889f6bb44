"""A compound: several buildings alike on one site, each of its own gateways, meters and doors."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from sensors.errors import InputFault
from sensors.topology import (
    BuildingId,
    Circuit,
    CircuitId,
    Device,
    DeviceId,
    Name,
    Opening,
    OpeningId,
    Person,
    PersonId,
    Placement,
    Registry,
    Room,
    RoomId,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
K = TypeVar("K")
V = TypeVar("V")


class CompoundSizeError(InputFault):
    """A number of buildings that no compound is made of."""

    def __init__(self, buildings: int) -> None:
        """Say what is possible."""
        super().__init__(f"--buildings {buildings}: simulate 1 to {len(LETTERS)} buildings")


def compound(first: Registry, buildings: int) -> Registry:
    """Return the site of a building with so many like it: `a` as it was, of the others each id with their letter.

    Raises CompoundSizeError.
    """
    if not 1 <= buildings <= len(LETTERS):
        raise CompoundSizeError(buildings)
    parts = [first, *(_like(first, letter) for letter in LETTERS[1:buildings])]
    return replace(
        first,
        people=_joined(part.people for part in parts),
        buildings=_joined(part.buildings for part in parts),
        rooms=_joined(part.rooms for part in parts),
        circuits=_joined(part.circuits for part in parts),
        openings=_joined(part.openings for part in parts),
        devices=_joined(part.devices for part in parts),
    )


def _joined(parts: Iterable[Mapping[K, V]]) -> dict[K, V]:
    return {key: value for part in parts for key, value in part.items()}


def _like(first: Registry, letter: str) -> Registry:
    """Return a building like the first: a room is b-201, whatever else has its letter behind its id."""
    return replace(
        first,
        people={each.id: each for each in _people(first, letter)},
        buildings={
            BuildingId(letter): replace(
                each, id=BuildingId(letter), name=Name(zh=f"{letter.upper()}楼", en=f"Building {letter.upper()}")
            )
            for each in first.buildings.values()
        },
        rooms={each.id: each for each in _rooms(first, letter)},
        circuits={each.id: each for each in _circuits(first, letter)},
        openings={each.id: each for each in _openings(first, letter)},
        devices={each.id: each for each in _devices(first, letter)},
    )


def _people(first: Registry, letter: str) -> Iterator[Person]:
    for each in first.people.values():
        yield replace(each, id=PersonId(_of(each.id, letter)))


def _rooms(first: Registry, letter: str) -> Iterator[Room]:
    for each in first.rooms.values():
        holders = tuple(PersonId(_of(holder, letter)) for holder in each.holders)
        yield replace(each, id=_room(each.id, letter), building=BuildingId(letter), holders=holders)


def _circuits(first: Registry, letter: str) -> Iterator[Circuit]:
    for each in first.circuits.values():
        yield replace(
            each,
            id=CircuitId(_of(each.id, letter)),
            building=None if each.building is None else BuildingId(letter),
            parent=None if each.parent is None else CircuitId(_of(each.parent, letter)),
            serves=tuple(_room(room, letter) for room in each.serves),
        )


def _openings(first: Registry, letter: str) -> Iterator[Opening]:
    for each in first.openings.values():
        room = None if each.room is None else _room(each.room, letter)
        yield replace(each, id=OpeningId(_of(each.id, letter)), room=room)


def _devices(first: Registry, letter: str) -> Iterator[Device]:
    for each in first.devices.values():
        yield replace(
            each,
            id=DeviceId(_of(each.id, letter)),
            gateway=None if each.gateway is None else _of(each.gateway, letter),
            placements=tuple(_place(place, letter) for place in each.placements),
        )


def _place(place: Placement, letter: str) -> Placement:
    return replace(
        place,
        room=None if place.room is None else _room(place.room, letter),
        circuit=None if place.circuit is None else CircuitId(_of(place.circuit, letter)),
        opening=None if place.opening is None else OpeningId(_of(place.opening, letter)),
        building=None if place.building is None else BuildingId(letter),
    )


def _of(identifier: str, letter: str) -> str:
    return f"{identifier}-{letter}"


def _room(room: RoomId, letter: str) -> RoomId:
    return RoomId(f"{letter}-{room.partition('-')[2]}")
