"""A placing beside today: what becomes of each room, what a person decides, what it saves, and how sure that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from analytics.reallocation.gathering import Gathered
from analytics.reallocation.model import Answer, Party, Placing, Reached
from analytics.reallocation.rules import free_rooms, moved, sitting, today
from sensors.topology import CircuitId, DepartmentId, Registry, RoomId

SURE_DAYS, FAIR_DAYS = 25, 20
"""So many workdays of evidence make a proposal well founded, and fairly so. The project's own choice."""
MONTH_DAYS = 30


class Kind(StrEnum):
    """What a person decides about."""

    MERGE = "merge"
    """合并: to others of the unit, who stay."""
    MOVE = "move"
    """搬迁: into a room that is empty."""
    HAND_OVER = "hand_over"
    """划转: into an empty room of another unit."""
    SEAT = "seat"
    """安排: a need gets its room."""
    CLOSE = "close"
    """统筹: a meeting room is given up."""
    RELEASE = "release"
    """收回: a room that stands empty and is not needed."""


class Confidence(StrEnum):
    """How well the readings bear a proposal."""

    GOOD = "good"
    FAIR = "fair"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One decision: `room` is left (for a need, taken); `to` is where its people go. `why` is how it is used."""

    id: str
    kind: Kind
    room: RoomId
    to: RoomId | None = None
    people: int = 0
    unit: DepartmentId | None = None
    why: str = ""
    workdays: int | None = None
    confidence: Confidence = Confidence.FAIR
    area_m2: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChange:
    """One room now and as proposed: people and units in it, and whether it is then free."""

    room: RoomId
    people_now: int
    people_then: int
    units_now: tuple[DepartmentId, ...]
    units_then: tuple[DepartmentId, ...]
    is_free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitDays:
    """What a circuit used: kWh a day over all days measured, and over those on which nobody works."""

    days: int
    mean_kwh: float
    days_off: int = 0
    mean_off_kwh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergySaved:
    """kWh in 30 days at the use that was measured, between what runs by itself and everything.

    `low_kwh` is the use of days on which nobody works: it ends with the room. `high_kwh` is all of it; what is between
    may go along with the people. Of `unmetered` rooms nothing is said.
    """

    low_kwh: float
    high_kwh: float
    days: int
    circuits: tuple[CircuitId, ...]
    unmetered: tuple[RoomId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """All that is proposed; `energy` is None where no circuit serves freed rooms alone."""

    moves: tuple[Move, ...]
    rooms: tuple[RoomChange, ...]
    freed_m2: float
    empty_now_m2: float
    leased_m2: float
    whole_floors: tuple[str, ...]
    energy: EnergySaved | None
    reached: tuple[Reached, ...] = field(default=())


def propose(
    registry: Registry, gathered: Gathered, answer: Answer, energy: Mapping[CircuitId, CircuitDays]
) -> Proposal:
    """Return the answer in words of rooms."""
    question, placing = gathered.question, answer.placing
    before, after = free_rooms(question, today(question)), free_rooms(question, placing)
    area_m2 = {space.id: space.area_m2 for space in question.spaces}
    leased = {space.id for space in question.spaces if space.is_leased}
    return Proposal(
        moves=tuple(_moves(gathered, placing)),
        rooms=tuple(_changes(gathered, placing)),
        freed_m2=_sum(area_m2, after) - _sum(area_m2, before),
        empty_now_m2=_sum(area_m2, before),
        leased_m2=_sum(area_m2, after & leased),
        whole_floors=tuple(floor for floor, rooms in question.floors.items() if after.issuperset(rooms)),
        energy=_energy(registry, after - before, energy),
        reached=answer.reached,
    )


def _sum(area_m2: Mapping[RoomId, float], rooms: Iterable[RoomId]) -> float:
    return round(sum(area_m2[room] for room in rooms), 2)


def _moves(gathered: Gathered, placing: Placing) -> Iterable[Move]:
    question = gathered.question
    for party in moved(question, placing):
        if party.room is not None:
            to = placing.rooms[party.id]
            yield _move(gathered, _kind(gathered, placing, party, to), party.room, to=to, party=party)
    for party in question.parties:
        if party.room is None:
            yield _move(gathered, Kind.SEAT, placing.rooms[party.id], to=placing.rooms[party.id], party=party)
    for room in sorted(placing.closed):
        yield _move(gathered, Kind.CLOSE, room)
    stood_empty = free_rooms(question, today(question)) & free_rooms(question, placing)
    for room in sorted(stood_empty):
        yield _move(gathered, Kind.RELEASE, room)


def _kind(gathered: Gathered, placing: Placing, party: Party, to: RoomId) -> Kind:
    others = [each for each in sitting(gathered.question, placing)[to] if each is not party]
    if any(each.room == to for each in others):
        return Kind.MERGE
    owner = next(space.unit for space in gathered.question.spaces if space.id == to)
    return Kind.MOVE if owner in {None, party.unit} else Kind.HAND_OVER


def _move(
    gathered: Gathered, kind: Kind, room: RoomId, *, to: RoomId | None = None, party: Party | None = None
) -> Move:
    days = gathered.workdays.get(room)
    return Move(
        id=f"{kind}-{party.id if party is not None and kind is Kind.SEAT else room}",
        kind=kind,
        room=room,
        to=to,
        people=0 if party is None else party.people,
        unit=None if party is None else party.unit,
        why=gathered.uses.get(room, ""),
        workdays=days,
        confidence=_confidence(days),
        area_m2=next(space.area_m2 for space in gathered.question.spaces if space.id == room),
    )


def _confidence(days: int | None) -> Confidence:
    """Return how sure it is; of a room with one or two holders no more is told than that there were 20 days."""
    if days is None:
        return Confidence.FAIR
    return Confidence.GOOD if days >= SURE_DAYS else Confidence.FAIR if days >= FAIR_DAYS else Confidence.WEAK


def _changes(gathered: Gathered, placing: Placing) -> Iterable[RoomChange]:
    question = gathered.question
    now, then = sitting(question, today(question)), sitting(question, placing)
    free = free_rooms(question, placing)
    for space in question.spaces:
        before, after = now.get(space.id, []), then.get(space.id, [])
        yield RoomChange(
            room=space.id,
            people_now=sum(party.people for party in before),
            people_then=sum(party.people for party in after),
            units_now=tuple(sorted({party.unit for party in before})),
            units_then=tuple(sorted({party.unit for party in after})),
            is_free=space.id in free,
        )


def _energy(
    registry: Registry, freed: frozenset[RoomId], energy: Mapping[CircuitId, CircuitDays]
) -> EnergySaved | None:
    own = [
        circuit
        for circuit in registry.circuits.values()
        if circuit.serves and freed.issuperset(circuit.serves) and not circuit.always_on and circuit.id in energy
    ]
    inner = {circuit.id for circuit in own}
    # A circuit below another that counts is in its reading already.
    counted = [circuit for circuit in own if circuit.parent not in inner]
    if not counted:
        return None
    used = [energy[circuit.id] for circuit in counted]
    metered = {room for circuit in counted for room in circuit.serves}
    return EnergySaved(
        low_kwh=MONTH_DAYS * sum(min(each.mean_off_kwh, each.mean_kwh) if each.days_off else 0.0 for each in used),
        high_kwh=MONTH_DAYS * sum(each.mean_kwh for each in used),
        days=min(each.days for each in used),
        circuits=tuple(circuit.id for circuit in counted),
        unmetered=tuple(sorted(freed - metered)),
    )
