"""A question taken apart where rooms have nothing to do with one another: each part is small, and the sum is best."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from analytics.reallocation.asking import Limits, Solver, Undecided
from analytics.reallocation.model import Aim, Answer, Placing, Question, Reached
from analytics.reallocation.rules import keeps, may_sit, today, worth
from sensors.topology import RoomId


@dataclass(frozen=True, slots=True)
class ByParts:
    """Solves the parts one by one. All aims are sums over parts, so the best of each is the best of all."""

    inner: Solver

    def best(self, question: Question, limits: Limits) -> Answer | None:
        """Return the best placing found, None where some part has none. Raises Undecided."""
        questions = sorted(parts(question), key=lambda each: len(each.spaces))
        ends = monotonic() + limits.seconds
        answers: list[Answer] = []
        for done, part in enumerate(questions):
            share_s = max(0.5, (ends - monotonic()) / (len(questions) - done))
            answer = _found(self.inner, part, replace(limits, seconds=share_s))
            if answer is None:
                return None
            answers.append(answer)
        return _together(answers)


def _found(solver: Solver, part: Question, limits: Limits) -> Answer | None:
    """Return the part's answer; where the time was up before there was one, today's placing if that may stay."""
    try:
        return solver.best(part, limits)
    except Undecided:
        if not keeps(part, today(part)):
            raise
        return Answer(placing=today(part), reached=_unproven(part))


def _unproven(part: Question) -> tuple[Reached, ...]:
    """Return what today reaches of each aim, with bounds that hold for any placing."""
    now = worth(part, today(part))
    return (
        Reached(aim=Aim.FREE_M2, value=now.free_parts, bound=sum(space.parts for space in part.spaces)),
        Reached(
            aim=Aim.LEASED_M2,
            value=now.leased_parts,
            bound=sum(space.parts for space in part.spaces if space.is_leased),
        ),
        Reached(aim=Aim.WHOLE_FLOORS, value=now.whole_floors, bound=len(part.floors)),
        Reached(aim=Aim.MOVES, value=0, bound=0),
    )


def parts(question: Question) -> Sequence[Question]:
    """Return the questions that share no room: a party ties the rooms it may be in, a floor and meetings theirs."""
    may = {
        party.id: [space.id for space in question.spaces if may_sit(question, party, space)]
        for party in question.parties
    }
    shared = [space for space in question.spaces if space.is_shared]
    meeting = [
        [space.id for space in shared if space.building == building]
        for building in dict.fromkeys(space.building for space in shared)
    ]
    root = _roots((space.id for space in question.spaces), [*may.values(), *question.floors.values(), *meeting])
    homeless = [party for party in question.parties if not may[party.id]]
    if homeless:
        return [question]
    return [
        _part(question, {room for room in root if root[room] == first}, may) for first in sorted(set(root.values()))
    ]


def _part(question: Question, rooms: set[RoomId], may: dict[str, list[RoomId]]) -> Question:
    return replace(
        question,
        spaces=tuple(space for space in question.spaces if space.id in rooms),
        parties=tuple(party for party in question.parties if may[party.id][0] in rooms),
        meetings=tuple(each for each in question.meetings if each.largest in rooms),
        floors={name: own for name, own in question.floors.items() if rooms.issuperset(own)},
    )


def _roots(rooms: Iterable[RoomId], ties: Iterable[Sequence[RoomId]]) -> dict[RoomId, RoomId]:
    """Return for each room one that stands for all it is tied to."""
    above = {room: room for room in rooms}

    def root(room: RoomId) -> RoomId:
        while above[room] != room:
            above[room] = above[above[room]]
            room = above[room]
        return room

    for tie in ties:
        for room in tie[1:]:
            above[root(room)] = root(tie[0])
    return {room: root(room) for room in above}


def _together(answers: Sequence[Answer]) -> Answer:
    rooms = {party: room for answer in answers for party, room in answer.placing.rooms.items()}
    closed = frozenset(room for answer in answers for room in answer.placing.closed)
    reached = tuple(
        Reached(aim=each[0].aim, value=sum(one.value for one in each), bound=sum(one.bound for one in each))
        for each in zip(*(answer.reached for answer in answers), strict=False)
    )
    return Answer(placing=Placing(rooms=rooms, closed=closed), reached=reached)
