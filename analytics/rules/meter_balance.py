"""E11: a main meter and the meters below it that do not add up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import polars as pl

from analytics.frame import DayVerdicts, RunData, above, below, is_workday, not_applicable, quotient
from analytics.meter_trees import circuits_below
from analytics.net_load import by_day, day_kwh, made, net
from analytics.power import EXPORT, IMPORT
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Circuit, CircuitItem, Registry
from sensors.verdicts import Finding, Severity, Verdict

RULE = "E11"
RECENT_WORKDAYS = 5
"""Meters are compared over so many workdays: their registers step, and a week is one cycle. The project's own choice.

Only workdays: on days off the unmetered share is another, and nothing is wrong.
"""
BASELINE_WORKDAYS = 10
"""The median needs so many workdays before the recent ones. The project's own choice."""
BRIDGED_DAYS = 2
"""So many workdays without data do not end a period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """A circuit, those right below it, and the PV that feeds it."""

    main: Circuit
    loads: tuple[Circuit, ...]
    pv: tuple[Circuit, ...]

    @property
    def subject(self) -> Subject:
        return _subject(self.main)


def meter_balance(data: RunData) -> list[Finding]:
    """Return the verdict about each circuit with others below it: what they took ÷ what it gave, on workdays.

    What it gave is its import and the PV below it, less its export. More below than above is a fault; else the
    unmetered share is held against its own median. Every circuit right below must have a meter with a register.
    """
    judged, refused, subjects = [], [], []
    for tree in _trees(data.registry):
        lacking = tuple(_lacking(data, tree))
        if lacking:
            refused.append(not_applicable(data, RULE, tree.subject, *lacking))
        else:
            judged.append(_days(data, tree))
            subjects.append(tree.subject)
    if not judged:
        return refused
    states = _states(data, pl.concat(judged).sort("subject", "day"))
    return refused + [_in_its_unit(finding, data) for finding in _words(data).findings(states, data, subjects)]


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "sum_above_main_pct"),
        unit="%",
        missing=f"{RECENT_WORKDAYS + BASELINE_WORKDAYS} workdays of {IMPORT}",
        severity=Severity.BLUE,
        evidence=("sum_above_main_pct", "unmetered_pct", "unmetered_median_pct", "main_kwh", "sub_kwh"),
        lead_days=RECENT_WORKDAYS - 1,
    )


def _trees(registry: Registry) -> Iterator[_Tree]:
    below_of = circuits_below(registry)
    for main in registry.circuits.values():
        if main.id in below_of and main.item is not CircuitItem.PV:
            children = below_of[main.id]
            yield _Tree(
                main=main,
                loads=tuple(child for child in children if child.item is not CircuitItem.PV),
                pv=tuple(child for child in children if child.item is CircuitItem.PV),
            )


def _lacking(data: RunData, tree: _Tree) -> Iterable[str]:
    if not tree.loads:
        yield f"circuits below {tree.main.id}"
    for circuit in (tree.main, *tree.loads):
        if not data.has_points(_subject(circuit), (IMPORT,)):
            yield f"meter on circuit {circuit.id}"
    for circuit in tree.pv:
        if not data.has_points(_subject(circuit), (IMPORT, EXPORT)):
            yield f"meter on circuit {circuit.id}"
    if tree.pv and not data.has_points(tree.subject, (EXPORT,)):
        yield f"{EXPORT} on circuit {tree.main.id}"
    if tree.main.parent is None and tree.main.item is CircuitItem.TOTAL:
        yield from _stray_pv(data.registry, tree.main)


def _stray_pv(registry: Registry, main: Circuit) -> Iterator[str]:
    """Yield the PV of the building that hangs under no meter: it may feed this one or not."""
    building = registry.circuit_building(main.id)
    for circuit in registry.circuits.values():
        is_stray = circuit.item is CircuitItem.PV and circuit.parent is None
        if is_stray and registry.circuit_building(circuit.id) == building:
            yield f"parent of circuit {circuit.id}"


def _subject(circuit: Circuit) -> Subject:
    return Subject(SubjectKind.CIRCUIT, circuit.id)


def _days(data: RunData, tree: _Tree) -> pl.DataFrame:
    """Return per workday `main_kwh` and `sub_kwh`, null where any of their meters is not known well enough."""
    taken, given = day_kwh(data.thresholds.value(RULE, "coverage_pct") / 100)
    parts = [
        by_day(data, [tree.main], given_kwh=net(taken, given)),
        by_day(data, tree.loads, sub_kwh=net(taken, given)),
        by_day(data, tree.pv, pv_kwh=made(taken, given)),
    ]
    frame = data.days.filter(is_workday()).select("day")
    for part in parts:
        frame = frame.join(part, on="day", how="left")
    frame = frame.filter(pl.col("day") <= data.window.last)
    return frame.with_columns(subject=pl.lit(str(tree.subject)), main_kwh=pl.col("given_kwh") + pl.col("pv_kwh"))


def _states(data: RunData, days: pl.DataFrame) -> pl.DataFrame:
    """Return a state per workday of the window, from the recent workdays whose meters are all known."""
    value = data.thresholds.value
    known = days.drop_nulls(["main_kwh", "sub_kwh"]).filter(pl.col("main_kwh") > 0)
    compared = _compared(known, int(value(RULE, "median_days")))
    excess = above("sum_above_main_pct", value(RULE, "sum_above_main_pct"))
    limit = value(RULE, "unmetered_change_points")
    changed = above("change_points", limit) | below("change_points", -limit)
    fault = pl.lit(Verdict.FAULT.value)
    state = pl.when(excess | changed).then(fault).when(pl.col("change_points").is_not_null())
    judged = compared.with_columns(
        state=state.then(pl.lit(Verdict.PASS.value)).otherwise(pl.lit(Verdict.INSUFFICIENT_DATA.value)),
        value=pl.when(excess | changed.fill_null(value=False).not_())
        .then("sum_above_main_pct")
        .otherwise("change_points"),
    )
    all_days = days.select("subject", "day").join(judged, on=["subject", "day"], how="left").sort("subject", "day")
    told = ["state", "value", *_words(data).evidence]
    bridged = all_days.with_columns(pl.col(told).forward_fill(limit=BRIDGED_DAYS).over("subject"))
    return bridged.with_columns(pl.col("state").fill_null(Verdict.INSUFFICIENT_DATA.value)).filter(data.in_window())


def _compared(known: pl.DataFrame, median_days: int) -> pl.DataFrame:
    sums = {name: pl.col(name).rolling_sum(RECENT_WORKDAYS).over("subject") for name in ("main_kwh", "sub_kwh")}
    share = 100 * (1 - quotient("sub_kwh", "main_kwh"))
    before = (
        pl.col("share_pct")
        .rolling_median_by("day", f"{median_days}d", min_samples=BASELINE_WORKDAYS, closed="left")
        .shift(RECENT_WORKDAYS - 1)
    )
    return (
        known.with_columns(share_pct=share)
        .with_columns(unmetered_median_pct=before.over("subject"), **sums)
        .with_columns(unmetered_pct=100 * (1 - quotient("sub_kwh", "main_kwh")))
        .with_columns(
            sum_above_main_pct=-pl.col("unmetered_pct"),
            change_points=pl.col("unmetered_pct") - pl.col("unmetered_median_pct"),
        )
    )


def _in_its_unit(finding: Finding, data: RunData) -> Finding:
    """Return a finding of a changed share with the limit of that; it has no more below than above."""
    if finding.verdict is not Verdict.FAULT or finding.value == finding.evidence["sum_above_main_pct"]:
        return finding
    return replace(finding, threshold=data.thresholds.value(RULE, "unmetered_change_points"), unit="points")
