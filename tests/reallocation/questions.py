"""Small questions with every kind of room and need, and all their placings by brute force."""

import random
from collections.abc import Iterator
from itertools import chain, combinations, product
from typing import Any

from analytics.reallocation.model import Meetings, Party, Placing, Question, Space
from analytics.reallocation.rules import keeps, worth
from sensors.topology import BuildingId, DepartmentId, RoomId

HOUSE = BuildingId("a")
UNITS = (DepartmentId("admin"), DepartmentId("law"))


def space(name: str, *, floor: int = 1, area_m2: float = 18, capacity: int = 2, **more: Any) -> Space:  # noqa: ANN401 - fields of any type
    """Return an office of the house."""
    return Space(
        id=RoomId(name),
        building=HOUSE,
        floor=f"a/{floor}",
        area_m2=area_m2,
        capacity=capacity,
        **more,
    )


def party(name: str, *, people: int = 1, unit: DepartmentId = UNITS[0], moves: bool = True, **more: Any) -> Party:  # noqa: ANN401 - fields of any type
    """Return those in the room of this name, each with a quota of 9 m²."""
    given: dict[str, Any] = {"quota_m2": 9.0 * people, "room": RoomId(name), **more}
    return Party(id=name, unit=unit, people=people, may_move=moves, **given)


def any_question(seed: int) -> Question:
    """Return a random question of at most five rooms and five parties."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    rooms = [f"r{number}" for number in range(chance.randint(2, 5))]
    spaces = tuple(
        space(
            name,
            floor=chance.randint(1, 2),
            area_m2=chance.choice([9.0, 12.5, 18.0, 27.25]),
            capacity=chance.randint(1, 4),
            is_leased=chance.random() < 0.3,
            is_reachable=chance.random() < 0.5,
            is_shared=chance.random() < 0.2,
        )
        for name in rooms
    )
    seated = [each for each in spaces if not each.is_shared and chance.random() < 0.8]
    parties = [
        party(
            each.id,
            people=chance.randint(1, 3),
            unit=chance.choice(UNITS),
            moves=chance.random() < 0.8,
            needs_access=chance.random() < 0.2,
        )
        for each in seated
    ]
    if chance.random() < 0.5:
        parties.append(party("need", people=chance.randint(1, 2), unit=chance.choice(UNITS), room=None))
    elif chance.random() < 0.5:
        parties.append(party("hall", people=0, unit=chance.choice(UNITS), room=None, least_m2=12.0))
    shared = [each for each in spaces if each.is_shared]
    largest = max(shared, key=lambda each: each.area_m2, default=None)
    meetings = () if largest is None else (Meetings(building=HOUSE, keep=chance.randint(1, 2), largest=largest.id),)
    homes = {unit: frozenset({f"a/{floor}" for floor in (1, 2) if chance.random() < 0.8}) for unit in UNITS}
    floors = {
        floor: tuple(each.id for each in spaces if each.floor == floor) for floor in {each.floor for each in spaces}
    }
    return Question(spaces=spaces, parties=tuple(parties), meetings=meetings, floors=floors, homes=homes)


def all_placings(question: Question) -> Iterator[Placing]:
    """Yield every placing that keeps to the rules."""
    rooms = [each.id for each in question.spaces]
    shared = [each.id for each in question.spaces if each.is_shared]
    subsets = list(chain.from_iterable(combinations(shared, size) for size in range(len(shared) + 1)))
    for chosen in product(rooms, repeat=len(question.parties)):
        seats = {each.id: room for each, room in zip(question.parties, chosen, strict=True)}
        for closed in subsets:
            placing = Placing(rooms=seats, closed=frozenset(closed))
            if keeps(question, placing):
                yield placing


def best_by_force(question: Question) -> Placing | None:
    """Return a placing of the greatest worth, None where none keeps to the rules."""
    return max(all_placings(question), key=lambda placing: worth(question, placing), default=None)
