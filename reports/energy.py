"""What the answer tells of energy used while nobody was there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analytics.runs import Analysis
from analytics.summary import CircuitUse
from reports.rooms import AGGREGATE_ROOMS
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Circuit, CircuitId, CircuitItem, Registry, RoomId
from sensors.verdicts import Finding, Verdict

EMPTY_LOAD_RULE = "E05"


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitRow:
    """A circuit's energy over the window. `counted` circuits enter the sums: the lowest meters that may be off."""

    circuit: Circuit
    use: CircuitUse
    counted: bool

    @property
    def empty_pct(self) -> float | None:
        """Return the share used while empty, None where that or the energy is unknown."""
        return share_pct(self.use.kwh_while_empty, self.use.kwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Energy of several circuits whose occupancy is known."""

    kwh: float
    kwh_while_empty: float

    @property
    def empty_pct(self) -> float | None:
        """Return the share used while empty."""
        return share_pct(self.kwh_while_empty, self.kwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyLoad:
    """The findings of E05 about one load, in order of time."""

    subject: Subject
    findings: tuple[Finding, ...]

    @property
    def energy_kwh(self) -> float:
        """Return what was used above standby in all."""
        return sum(finding.energy_kwh or 0 for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """`total` is None where no meter has occupancy beside it; `personal` only where enough rooms blur it."""

    rows: tuple[CircuitRow, ...]
    personal_rooms: int
    personal: Sum | None
    total: Sum | None
    empty_loads: tuple[EmptyLoad, ...]

    @property
    def largest_kwh(self) -> float:
        """Return the longest bar's energy."""
        return max((row.use.kwh for row in self.rows), default=0.0)


def energy_of(analysis: Analysis) -> Energy:
    """Return the energy of the circuits in the summary, those of personal rooms only as one sum."""
    metered = {circuit: use for room in analysis.summary for circuit, use in room.circuits.items()}
    rows = [_row(analysis.registry, circuit, use, metered) for circuit, use in metered.items()]
    shown = [row for row in rows if not is_personal(analysis.registry, row.circuit)]
    hidden = [row for row in rows if is_personal(analysis.registry, row.circuit)]
    blurred = {room for row in hidden for room in personal_rooms(analysis.registry, row.circuit)}
    personal = _sum(hidden) if len(blurred) >= AGGREGATE_ROOMS else None
    return Energy(
        rows=tuple(sorted(shown, key=lambda row: (row.use.kwh_while_empty or 0, row.use.kwh), reverse=True)),
        personal_rooms=len(blurred),
        personal=personal,
        total=_sum([*shown, *hidden] if personal else shown),
        empty_loads=_empty_loads(analysis),
    )


def share_pct(part: float | None, whole: float | None) -> float | None:
    """Return part ÷ whole in percent, None where either is unknown or the whole is nothing."""
    return 100 * part / whole if part is not None and whole else None


def personal_rooms(registry: Registry, circuit: Circuit) -> list[RoomId]:
    """Return the personal rooms behind a circuit."""
    return [room for room in circuit.serves if registry.rooms[room].is_personal]


def is_personal(registry: Registry, circuit: Circuit) -> bool:
    """Say whether a circuit's empty hours would tell of a few people when they were away."""
    return 0 < len(personal_rooms(registry, circuit)) < AGGREGATE_ROOMS


def tells_of_person(registry: Registry, subject: Subject) -> bool:
    """Say whether occupancy at the subject is one or two people's attendance."""
    if subject.kind is SubjectKind.ROOM and subject.id in registry.rooms:
        return registry.rooms[RoomId(subject.id)].is_personal
    if subject.kind is SubjectKind.CIRCUIT and subject.id in registry.circuits:
        return is_personal(registry, registry.circuits[CircuitId(subject.id)])
    return False


def _row(
    registry: Registry, circuit: CircuitId, use: CircuitUse, metered: Mapping[CircuitId, CircuitUse]
) -> CircuitRow:
    """Return the row; a circuit with metered ones below it is not counted twice, one that must stay on is no waste."""
    has_parts = any(circuit in {above.id for above in registry.above(other)} for other in metered)
    itself = registry.circuits[circuit]
    counted = not (has_parts or itself.always_on or itself.item is CircuitItem.PV)
    return CircuitRow(circuit=itself, use=use, counted=counted)


def _sum(rows: Iterable[CircuitRow]) -> Sum | None:
    known = [row.use for row in rows if row.counted and row.use.kwh_while_empty is not None]
    if not known:
        return None
    return Sum(kwh=sum(use.kwh for use in known), kwh_while_empty=sum(use.kwh_while_empty or 0 for use in known))


def _empty_loads(analysis: Analysis) -> tuple[EmptyLoad, ...]:
    by_subject: dict[Subject, list[Finding]] = {}
    for finding in analysis.findings:
        told = not tells_of_person(analysis.registry, finding.subject)
        if finding.rule == EMPTY_LOAD_RULE and finding.verdict is Verdict.FAULT and told:
            by_subject.setdefault(finding.subject, []).append(finding)
    loads = [
        EmptyLoad(subject=subject, findings=tuple(sorted(findings, key=lambda finding: finding.start)))
        for subject, findings in by_subject.items()
    ]
    return tuple(sorted(loads, key=lambda load: load.energy_kwh, reverse=True))
