"""The port's solver over OR-Tools' CP-SAT: the rules as linear constraints, one aim after the other."""

from dataclasses import dataclass, field
from typing import Any

from ortools.sat.python import cp_model

from analytics.reallocation.asking import Limits, Undecided
from analytics.reallocation.model import Aim, Answer, Party, Placing, Question, Reached, Rule, Space
from analytics.reallocation.rules import TOLERANCE, allowed_excess, may_sit, today
from sensors.topology import RoomId

MOST_SHARE = 0.5
"""So much of what is left of the time each aim may take. The project's own choice."""

Expr = Any
"""A linear expression of the solver, which has no common public type."""


class CpSat:
    """One worker and a seed: the same question has the same answer unless the time runs out."""

    def best(self, question: Question, limits: Limits) -> Answer | None:
        """Return the best placing found, None where none keeps to the rules. Raises Undecided."""
        written = _Written(question)
        reached: list[Reached] = []
        placing: Placing | None = None
        left_s = limits.seconds
        for aim, aimed in written.aims().items():
            written.model.maximize(aimed)
            solver = _solver(left_s if aim is Aim.MOVES else left_s * MOST_SHARE, limits.seed)
            status = solver.solve(written.model)
            left_s = max(0.5, left_s - solver.wall_time)
            if status == cp_model.INFEASIBLE and placing is None:
                return None
            if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
                # The aims before this one are met by what was found for them.
                break
            placing = written.placing(solver)
            value = round(solver.objective_value)
            reached.append(Reached(aim=aim, value=value, bound=max(value, int(solver.best_objective_bound))))
            written.model.add(aimed >= value)
            written.begin_from(solver)
        if placing is None:
            raise Undecided(limits.seconds)
        return Answer(placing=placing, reached=tuple(reached))


def _solver(seconds: float, seed: int) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = seconds
    return solver


@dataclass(slots=True)
class _Written:
    """A question as variables and constraints."""

    question: Question
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    sits: dict[tuple[str, RoomId], cp_model.IntVar] = field(default_factory=dict)
    free: dict[RoomId, cp_model.IntVar] = field(default_factory=dict)
    inside: dict[RoomId, list[Party]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.inside = {space.id: [] for space in self.question.spaces}
        self.free = {space.id: self.model.new_bool_var(f"free {space.id}") for space in self.question.spaces}
        for party in self.question.parties:
            self._place(party)
        for space in self.question.spaces:
            if not space.is_shared:
                self._room(space)
        self._meetings()
        self._begin_today()

    def aims(self) -> dict[Aim, Expr]:
        """Return what is maximised, in order."""
        spaces = self.question.spaces
        moves = [self.sits[party.id, party.room] for party in self.question.parties if party.room is not None]
        return {
            Aim.FREE_M2: sum(space.parts * self.free[space.id] for space in spaces),
            Aim.LEASED_M2: sum(space.parts * self.free[space.id] for space in spaces if space.is_leased),
            Aim.WHOLE_FLOORS: sum(self._whole(rooms) for rooms in self.question.floors.values()),
            Aim.MOVES: sum(moves) - len(moves),
        }

    def placing(self, solver: cp_model.CpSolver) -> Placing:
        """Return what the solver found."""
        shared = [space.id for space in self.question.spaces if space.is_shared]
        return Placing(
            rooms={party: room for (party, room), var in self.sits.items() if solver.boolean_value(var)},
            closed=frozenset(room for room in shared if solver.boolean_value(self.free[room])),
        )

    def begin_from(self, solver: cp_model.CpSolver) -> None:
        """Let the next aim begin where this one ended."""
        self.model.clear_hints()  # type: ignore[no-untyped-call] # the library's own
        for index in range(len(self.model.proto.variables)):
            var = self.model.get_bool_var_from_proto_index(index)
            self.model.add_hint(var, solver.boolean_value(var))

    def _place(self, party: Party) -> None:
        rooms = [space.id for space in self.question.spaces if may_sit(self.question, party, space)]
        for room in rooms:
            self.sits[party.id, room] = self.model.new_bool_var(f"{party.id} in {room}")
            self.inside[room].append(party)
        self.model.add_exactly_one(self.sits[party.id, room] for room in rooms)

    def _room(self, space: Space) -> None:
        parties = self.inside[space.id]
        for party in parties:
            self.model.add_implication(self.sits[party.id, space.id], ~self.free[space.id])
        self.model.add_bool_or([self.free[space.id], *(self.sits[party.id, space.id] for party in parties)])
        own = next((party for party in parties if party.room == space.id), None)
        comers = [party for party in parties if party is not own]
        if comers:
            self._limits(space, own, comers)

    def _limits(self, space: Space, own: Party | None, comers: list[Party]) -> None:
        """Hold a room into which somebody may come to the rules, as `rules.keeps` has them in words."""
        comes = self.model.new_bool_var(f"comes to {space.id}")
        self.model.add_hint(comes, value=False)
        for party in comers:
            self.model.add_implication(self.sits[party.id, space.id], comes)
        parties = [*comers, *([own] if own else [])]
        self._alone(space, parties)
        if self.question.holds(Rule.CAPACITY):
            people = sum(party.people * self.sits[party.id, space.id] for party in parties)
            over = max(0, own.people - space.capacity) if own else 0
            self.model.add(people <= space.capacity + over * (self.sits[own.id, space.id] if own else 0))
        if self.question.holds(Rule.ONE_UNIT):
            self._one_unit(space, parties)
        if self.question.holds(Rule.QUOTA):
            self._quota(space, own, parties, comes)

    def _alone(self, space: Space, parties: list[Party]) -> None:
        for special in (party for party in parties if party.is_alone):
            for other in parties:
                if other is not special:
                    self.model.add_at_most_one(self.sits[special.id, space.id], self.sits[other.id, space.id])

    def _one_unit(self, space: Space, parties: list[Party]) -> None:
        units = {party.unit: self.model.new_bool_var(f"{party.unit} in {space.id}") for party in parties}
        for party in parties:
            self.model.add_implication(self.sits[party.id, space.id], units[party.unit])
        for unit, var in units.items():
            self.model.add_hint(var, any(party.room == space.id and party.unit == unit for party in parties))
        self.model.add_at_most_one(units.values())

    def _quota(self, space: Space, own: Party | None, parties: list[Party], comes: cp_model.IntVar) -> None:
        quotas = sum(party.quota_parts * self.sits[party.id, space.id] for party in parties)
        more = allowed_excess(space, own) - TOLERANCE
        stays = more * self.sits[own.id, space.id] if own else 0
        # A special room has no quota: its own area stands for it.
        special = sum(space.parts * self.sits[party.id, space.id] for party in parties if party.is_alone)
        self.model.add(quotas + special + stays >= space.parts - TOLERANCE).only_enforce_if(comes)

    def _meetings(self) -> None:
        shared = [space for space in self.question.spaces if space.is_shared]
        demands = {each.building: each for each in self.question.meetings}
        for building in {space.building: None for space in shared}:
            own = [space.id for space in shared if space.building == building]
            demand = demands.get(building)
            if demand is None:
                self.model.add(sum(self.free[room] for room in own) == 0)
            elif self.question.holds(Rule.MEETING):
                self.model.add(self.free[demand.largest] == 0)
                self.model.add(sum(self.free[room] for room in own) <= max(0, len(own) - demand.keep))

    def _whole(self, rooms: tuple[RoomId, ...]) -> cp_model.IntVar:
        whole = self.model.new_bool_var("")
        for room in rooms:
            self.model.add_implication(whole, self.free[room])
        return whole

    def _begin_today(self) -> None:
        now = today(self.question).rooms
        for (party, room), var in self.sits.items():
            self.model.add_hint(var, now.get(party) == room)
        shared = {space.id for space in self.question.spaces if space.is_shared}
        used = {*now.values(), *shared}
        for room, var in self.free.items():
            self.model.add_hint(var, room not in used)
