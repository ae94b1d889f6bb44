"""The rules in plain words: whether a placing keeps to them, and what it is worth."""

from collections import defaultdict
from collections.abc import Mapping

from analytics.reallocation.model import (
    M2_PARTS,
    QUOTA_TOLERANCE_M2,
    Party,
    Placing,
    Question,
    Rule,
    Space,
    Worth,
)
from sensors.topology import RoomId

TOLERANCE = round(QUOTA_TOLERANCE_M2 * M2_PARTS)


def today(question: Question) -> Placing:
    """Return who sits where today; needs have no place yet."""
    return Placing(rooms={party.id: party.room for party in question.parties if party.room is not None})


def may_sit(question: Question, party: Party, space: Space) -> bool:
    """Say whether a party may be in a room as far as the two alone decide it."""
    if party.room is not None and (space.id == party.room or not party.may_move):
        return space.id == party.room
    if space.is_shared or space.area_m2 < party.least_m2:
        return False
    homes = question.homes.get(party.unit, frozenset())
    is_near = not question.holds(Rule.NEAR) or not homes or space.floor in homes
    is_reached = not question.holds(Rule.ACCESS) or not party.needs_access or space.is_reachable
    return is_near and is_reached


def keeps(question: Question, placing: Placing) -> bool:
    """Say whether a placing keeps to all rules of the question."""
    spaces = {space.id: space for space in question.spaces}
    placed = all(
        party.id in placing.rooms and may_sit(question, party, spaces[placing.rooms[party.id]])
        for party in question.parties
    )
    if not placed:
        return False
    inside = sitting(question, placing)
    return all(_room_keeps(question, spaces[room], parties) for room, parties in inside.items()) and _meetings_keep(
        question, placing
    )


def sitting(question: Question, placing: Placing) -> Mapping[RoomId, list[Party]]:
    """Return who is in each room that anybody is in."""
    inside = defaultdict[RoomId, list[Party]](list)
    for party in question.parties:
        if party.id in placing.rooms:
            inside[placing.rooms[party.id]].append(party)
    return inside


def _room_keeps(question: Question, space: Space, parties: list[Party]) -> bool:
    """Say whether a room is as it should be; one into which nobody comes stays as it is."""
    if all(party.room == space.id for party in parties):
        return True
    if len(parties) > 1 and any(party.is_alone for party in parties):
        return False
    stays = next((party for party in parties if party.room == space.id), None)
    seats = max(space.capacity, stays.people if stays else 0)
    is_full = question.holds(Rule.CAPACITY) and sum(party.people for party in parties) > seats
    is_mixed = question.holds(Rule.ONE_UNIT) and len({party.unit for party in parties}) > 1
    is_large = question.holds(Rule.QUOTA) and not _is_within_quota(space, parties, stays)
    return not (is_full or is_mixed or is_large)


def allowed_excess(space: Space, stays: Party | None) -> int:
    """Return by how much a room may be above quota: as today while its own stay, else by the tolerance."""
    return TOLERANCE if stays is None else max(TOLERANCE, space.parts - stays.quota_parts)


def _is_within_quota(space: Space, parties: list[Party], stays: Party | None) -> bool:
    if any(party.is_alone for party in parties):
        return True
    return space.parts - sum(party.quota_parts for party in parties) <= allowed_excess(space, stays)


def _meetings_keep(question: Question, placing: Placing) -> bool:
    shared = {space.id: space for space in question.spaces if space.is_shared}
    if not placing.closed <= shared.keys():
        return False
    demands = {each.building: each for each in question.meetings}
    for building in {space.building for space in shared.values()}:
        own = {room for room, space in shared.items() if space.building == building}
        demand = demands.get(building)
        if demand is None:
            if own & placing.closed:
                return False
        elif question.holds(Rule.MEETING) and (
            demand.largest in placing.closed or len(own - placing.closed) < min(demand.keep, len(own))
        ):
            return False
    return True


def free_rooms(question: Question, placing: Placing) -> frozenset[RoomId]:
    """Return the rooms that nobody is in and that are given up or stand empty."""
    used = set(placing.rooms.values())
    return frozenset(
        space.id
        for space in question.spaces
        if (space.id in placing.closed if space.is_shared else space.id not in used)
    )


def moved(question: Question, placing: Placing) -> tuple[Party, ...]:
    """Return the parties that are elsewhere than today; a need that gets its room does not move."""
    return tuple(
        party for party in question.parties if party.room is not None and placing.rooms.get(party.id) != party.room
    )


def worth(question: Question, placing: Placing) -> Worth:
    """Return what a placing reaches of each aim."""
    free = free_rooms(question, placing)
    return Worth(
        free_parts=sum(space.parts for space in question.spaces if space.id in free),
        leased_parts=sum(space.parts for space in question.spaces if space.id in free and space.is_leased),
        whole_floors=sum(free.issuperset(rooms) for rooms in question.floors.values()),
        fewer_moves=-len(moved(question, placing)),
    )
