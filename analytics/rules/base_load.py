"""E03: a building whose load hardly falls at night."""

from collections.abc import Iterable

import polars as pl

from analytics.frame import DayVerdicts, RunData, above, confirmed, is_workday, latched, not_applicable, verdict
from analytics.net_load import AT_NIGHT, WORK, by_day
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building, Circuit, CircuitItem, Registry
from sensors.verdicts import Finding, Severity

RULE = "E03"
ALWAYS_ON_ROOMS = frozenset({"server", "server_room", "duty", "fire_control"})
"""Rooms that run all night by right; without a meter of their own the ratio says nothing."""
METER_METRICS = ("energy_import_kwh", "active_power_w")
BRIDGED_DAYS = 2
"""So many workdays without data do not end a period, nor does the last one, whose night is still to come."""


def base_load(data: RunData) -> list[Finding]:
    """Return the verdict about each building from (night − always on) ÷ (working hours − always on).

    The night is the one that follows the workday, without hours in which people of the building worked overtime; load
    is import + PV − export.
    """
    applicable, refused = [], []
    for building in data.registry.buildings.values():
        lacking = tuple(_lacking(data, building))
        subject = Subject(SubjectKind.BUILDING, building.id)
        if lacking:
            refused.append(not_applicable(data, RULE, subject, *lacking))
        else:
            applicable.append((subject, building))
    if not applicable:
        return refused
    states = pl.concat([_states(data, subject, building) for subject, building in applicable])
    subjects = [subject for subject, _ in applicable]
    return refused + _words(data).findings(states.sort("subject", "day"), data, subjects)


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "night_ratio"),
        unit="ratio",
        missing="night and working-hours load on enough workdays",
        severity=Severity.YELLOW,
        evidence=("night_w", "work_w", "always_on_night_w", "always_on_work_w", "night_excess_wm2"),
    )


def _lacking(data: RunData, building: Building) -> Iterable[str]:
    supplies = mains(data.registry, building)
    if building.gross_area_m2 is None:
        yield "gross_area_m2"
    if not supplies:
        yield "circuit of item total"
    for circuit in supplies:
        if not data.has_points(_subject(circuit), METER_METRICS):
            yield f"meter on circuit {circuit.id}"
    metered = {room for circuit in _always_on(data.registry, building) for room in circuit.serves}
    for room in data.registry.rooms.values():
        if room.building == building.id and room.subtype in ALWAYS_ON_ROOMS and room.id not in metered:
            yield f"always-on circuit for room {room.id}"


def mains(registry: Registry, building: Building) -> list[Circuit]:
    """Return the circuits by which a building is supplied."""
    return [
        circuit
        for circuit in registry.circuits.values()
        if circuit.item is CircuitItem.TOTAL
        and circuit.parent is None
        and registry.circuit_building(circuit.id) == building.id
    ]


def _always_on(registry: Registry, building: Building) -> list[Circuit]:
    """Return the topmost circuits that run all night by right."""
    return [
        circuit
        for circuit in registry.circuits.values()
        if circuit.always_on
        and registry.circuit_building(circuit.id) == building.id
        and not any(above.always_on for above in registry.above(circuit.id))
    ]


def pv_circuits(registry: Registry, building: Building) -> list[Circuit]:
    """Return the circuits by which a building supplies itself."""
    return [
        circuit
        for circuit in registry.circuits.values()
        if circuit.item is CircuitItem.PV and registry.circuit_building(circuit.id) == building.id
    ]


def _subject(circuit: Circuit) -> Subject:
    return Subject(SubjectKind.CIRCUIT, circuit.id)


def _states(data: RunData, subject: Subject, building: Building) -> pl.DataFrame:
    value = data.thresholds.value
    area = building.gross_area_m2 or 0.0
    loads = _loads(data, building)
    excess = pl.col("night_w") - pl.col("always_on_night_w")
    judged = loads.with_columns(
        subject=pl.lit(str(subject)),
        value=excess / (pl.col("work_w") - pl.col("always_on_work_w")),
        night_excess_wm2=excess / area,
    ).with_columns(value=pl.when(pl.col("value").is_finite()).then(pl.col("value")))
    high = above("value", value(RULE, "night_ratio"))
    large = above("night_excess_wm2", value(RULE, "night_excess_wm2"))
    clear = (pl.col("value") <= value(RULE, "night_ratio") - value(RULE, "clear_margin")) | ~large
    known = pl.col("value").is_not_null()
    with_state = judged.with_columns(faulty=pl.when(known).then(latched(faulty=high & large, clear=clear)))
    held = confirmed(
        with_state.filter(is_workday()), faulty="faulty", days=int(value(RULE, "nights_hold"))
    ).with_columns(pl.col("held").forward_fill(limit=BRIDGED_DAYS).over("subject"))
    state = verdict(known=pl.col("held").is_not_null(), fault=pl.col("held"))
    return held.with_columns(state=state).filter(data.in_window())


def _loads(data: RunData, building: Building) -> pl.DataFrame:
    """Return per day the mean load of its working hours and of the night that follows it, W."""
    share = data.thresholds.value(RULE, "coverage_pct") / 100
    parts = {"work": WORK, "night": AT_NIGHT}
    supplied = by_day(
        data, mains(data.registry, building), **{f"{name}_w": part.net_w(share) for name, part in parts.items()}
    )
    always_on = by_day(
        data,
        _always_on(data.registry, building),
        **{f"always_on_{name}_w": part.net_w(share) for name, part in parts.items()},
    )
    generated = by_day(
        data,
        pv_circuits(data.registry, building),
        **{f"pv_{name}_w": part.made_w(share) for name, part in parts.items()},
    )
    frame = data.days.join(supplied, on="day").join(always_on, on="day").join(generated, on="day")
    frame = frame.with_columns(pl.col(f"{period}_w") + pl.col(f"pv_{period}_w") for period in parts)
    nights = [pl.col(name).shift(-1) for name in ("night_w", "always_on_night_w")]
    return frame.sort("day").with_columns(nights)
