"""People: who is in which room, by individual schedules. Times are minutes since local midnight.

Someone comes, works in their own room, is away from it now and then, goes to meetings, has lunch and leaves.
The shapes of the distributions are the project's own choice.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from sensors.hours import Hours, parse_hours
from sensors.topology import Person, PersonId, Registry, Room, RoomId
from simulators.chance import Chance
from simulators.days import working_spans
from simulators.timeline import Span, joined, without

AWAY_DAY = 0.06
"""The probability that someone is on duty elsewhere or ill on a workday."""
AT_DESK = 0.85
"""The probability of being in one's own room between arrival and departure, meetings apart."""
MOBILITY = 0.2
"""How often someone changes between room and elsewhere: Page's parameter of mobility, μ."""
SLOT_MIN = 10
NAP_AT_DESK = 0.5
"""The probability of spending the later part of the lunch break in one's own room (午休)."""
LEAST_MEETING, LARGEST_MEETING = 3, 8
CLEANING_MIN = (4, 9)


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody in a room; `cleaning` where they are there to clean it."""

    room: RoomId
    span: Span
    cleaning: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody at the building's door."""

    minute: int
    inward: bool


@dataclass(frozen=True, slots=True)
class HouseDay:
    """Where people are on one local day."""

    stays: tuple[Stay, ...] = ()
    passages: tuple[Passage, ...] = ()

    def spans(self, room: RoomId, *, cleaning: bool) -> list[Span]:
        """Return when each of the workers, or of the cleaners, is in a room."""
        return [stay.span for stay in self.stays if stay.room == room and stay.cleaning is cleaning]


@dataclass(slots=True)
class _Agenda:
    room: RoomId
    blocks: list[Span]
    at_desk: list[Span]
    passages: list[Passage]
    meetings: list[Span] = field(default_factory=list)

    def is_free(self, span: Span) -> bool:
        inside = any(start <= span[0] and span[1] <= end for start, end in self.blocks)
        return inside and all(span[1] <= start or end <= span[0] for start, end in self.meetings)


def house_day(registry: Registry, seed: int, day: date, *, idle: AbstractSet[RoomId] = frozenset()) -> HouseDay:
    """Return where people are on a workday; the holders of `idle` rooms stay away, only the cleaners come there."""
    work = working_spans(registry.site)
    agendas = [
        _agenda(room, work, Chance(seed, "person", person.id, day))
        for person, room in _desks(registry)
        if room.id not in idle and not _on_leave(person, day)
    ]
    present = [agenda for agenda in agendas if agenda is not None]
    meetings = list(_meetings(registry, present, work, Chance(seed, "meetings", day)))
    desks = [Stay(a.room, span) for a in present for span in without(a.at_desk, a.meetings)]
    cleaning = list(_cleaning(registry, Chance(seed, "cleaning", day)))
    passages = sorted((p for agenda in present for p in agenda.passages), key=lambda p: (p.minute, p.inward))
    return HouseDay((*desks, *meetings, *cleaning), tuple(passages))


def _desks(registry: Registry) -> Iterator[tuple[Person, Room]]:
    """Yield each person with the first of their rooms."""
    seated: set[PersonId] = set()
    for room in registry.rooms.values():
        for holder in room.holders:
            if holder not in seated:
                seated.add(holder)
                yield registry.people[holder], room


def _on_leave(person: Person, day: date) -> bool:
    return any(absence.first <= day <= absence.last for absence in person.absences)


def _agenda(room: Room, work: Hours, chance: Chance) -> _Agenda | None:
    if chance.happens(AWAY_DAY) or room.restricted:
        return None
    start, end = work[0][0], work[-1][1]
    arrival = int(chance.mostly(start - 30, start - 8, start + 20))
    departure = int(chance.mostly(end - 20, end + 5, end + 75))
    if len(work) == 1:
        blocks = [(arrival, departure)]
        passages = [Passage(arrival, inward=True), Passage(departure, inward=False)]
    else:
        blocks, passages = _with_lunch(arrival, departure, (work[0][1], work[1][0]), chance)
    at_desk = [span for block in blocks for span in _presence(block, chance)]
    return _Agenda(room=room.id, blocks=blocks, at_desk=at_desk, passages=passages)


def _with_lunch(arrival: int, departure: int, lunch: Span, chance: Chance) -> tuple[list[Span], list[Passage]]:
    out, pause = lunch[0] + chance.whole(-5, 10), lunch[1] - lunch[0]
    back = lunch[1] - (chance.whole(pause // 4, pause // 2) if chance.happens(NAP_AT_DESK) else chance.whole(-8, 10))
    passages = [Passage(out, inward=False), Passage(back, inward=True)]
    return [(arrival, out), (back, departure)], [
        Passage(arrival, inward=True),
        *passages,
        Passage(departure, inward=False),
    ]


def _presence(block: Span, chance: Chance) -> list[Span]:
    """Return when somebody is at their desk within a block: a Markov chain of two states, present at first.

    With the probability of presence P constant over the block, the chances of leaving and of coming back per
    slot are 2μ/(μ+1)·(1−P) and 2μ/(μ+1)·P.
    Source: Page, Robinson, Morel, Scartezzini, "A generalised stochastic model for the simulation of occupant
    presence", Energy and Buildings 40 (2008) 83-98.
    """
    change = 2 * MOBILITY / (MOBILITY + 1)
    present, spans = True, []
    for slot in range(block[0], block[1], SLOT_MIN):
        if present:
            spans.append((slot, min(slot + SLOT_MIN, block[1])))
        if chance.happens(change * ((1 - AT_DESK) if present else AT_DESK)):
            present = not present
    return joined(spans)


def _meetings(registry: Registry, agendas: list[_Agenda], work: Hours, chance: Chance) -> Iterator[Stay]:
    """Yield the stays of those who meet, and enter the meeting into their agendas."""
    for room in registry.rooms.values():
        if not room.is_meeting_room or room.restricted:
            continue
        for span in _bookings(work, chance):
            free = [agenda for agenda in agendas if agenda.is_free(span)]
            most = min(LARGEST_MEETING, room.capacity or LARGEST_MEETING)
            invited = chance.some(free, chance.whole(min(LEAST_MEETING, most), most))
            for agenda in invited if len(invited) > 1 else ():
                agenda.meetings.append(span)
                yield Stay(room.id, span)


def _bookings(work: Iterable[Span], chance: Chance) -> Iterator[Span]:
    for start, end in work:
        begin = start + chance.whole(15, 50)
        while (finish := begin + chance.whole(45, 100)) <= end:
            yield begin, finish
            begin = finish + chance.whole(30, 100)


def _cleaning(registry: Registry, chance: Chance) -> Iterator[Stay]:
    """Yield one cleaner's way through the rooms of each floor, within the site's cleaning hours."""
    hours = parse_hours(registry.site.cleaning_hours)
    if not hours:
        return
    start, end = hours[0]
    minute: dict[str, int] = {}
    for room in registry.rooms.values():
        if room.restricted:
            continue
        begin = minute.get(room.floor, start)
        finish = begin + chance.whole(*CLEANING_MIN)
        minute[room.floor] = finish + 1
        if finish <= end:
            yield Stay(room.id, (begin, finish), cleaning=True)
