"""E11: meters that do not add up, and trees of which that cannot be said."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

import pytest

from analytics.power import EXPORT
from sensors.readings import ReadingBatch
from sensors.topology import CircuitItem, Device, Registry
from sensors.verdicts import Finding, Severity, Verdict
from tests.analytics.sites import MONDAY, about, analysed, batch, circuit, days_from, meter, metered, registry, sampled

MAIN = "circuit:main"
SIX_WEEKS = days_from(MONDAY, 42)
CHANGE_DAY = SIX_WEEKS[35]


def tree(*unmetered: str, extra: tuple[Device, ...] = ()) -> Registry:
    circuits = [
        circuit("main", CircuitItem.TOTAL),
        circuit("light", CircuitItem.LIGHTING, parent="main"),
        circuit("plugs", CircuitItem.PLUGS, parent="main"),
    ]
    meters = [meter(f"m-{one.id}", one.id) for one in circuits if one.id not in unmetered]
    return registry(circuits=circuits, devices=[*meters, *extra])


def counted(days: list[date], **watts: float) -> ReadingBatch:
    readings = batch()
    for name, power_w in watts.items():
        metered(readings, f"m-{name}", days, _step(power_w, power_w))
    return readings


def changed(**watts: tuple[float, float]) -> ReadingBatch:
    """Return six weeks of meters, each at its first power until CHANGE_DAY and at its second from then on."""
    readings = batch()
    for name, (before_w, after_w) in watts.items():
        metered(readings, f"m-{name}", SIX_WEEKS, _step(before_w, after_w))
    return readings


def _step(before_w: float, after_w: float) -> Callable[[datetime], float]:
    return lambda time: before_w if time.date() < CHANGE_DAY else after_w


def latest(place: Registry, readings: ReadingBatch) -> Finding:
    return about(analysed(place, readings, "E11"), MAIN)[-1]


def test_more_below_than_above_is_a_fault_with_its_figure() -> None:
    finding = latest(tree(), counted(SIX_WEEKS, main=1000, light=630, plugs=400))
    assert (finding.verdict, finding.value, finding.threshold, finding.unit) == (Verdict.FAULT, 3.0, 2, "%")
    assert finding.severity is Severity.BLUE


def test_exactly_two_percent_more_passes() -> None:
    assert latest(tree(), counted(SIX_WEEKS, main=1000, light=620, plugs=400)).verdict is Verdict.PASS


@pytest.mark.parametrize(("plugs_w", "verdict"), [(349, Verdict.FAULT), (350, Verdict.PASS), (451, Verdict.FAULT)])
def test_the_unmetered_share_is_held_against_its_own_median(plugs_w: float, verdict: Verdict) -> None:
    finding = latest(tree(), changed(main=(1000, 1000), light=(500, 500), plugs=(400, plugs_w)))
    assert finding.verdict is verdict
    if verdict is Verdict.FAULT:
        assert (finding.value, finding.threshold, finding.unit) == ((400 - plugs_w) / 10, 5, "points")


def test_a_high_unmetered_share_that_was_always_so_passes() -> None:
    assert latest(tree(), counted(SIX_WEEKS, main=1000, light=200, plugs=100)).verdict is Verdict.PASS


def test_quiet_weekends_with_another_share_are_no_change() -> None:
    readings = batch()
    for name, working_w in {"main": 1000.0, "light": 500.0, "plugs": 300.0}.items():
        idle_w = 200.0 if name == "main" else 10.0
        metered(readings, f"m-{name}", SIX_WEEKS, _weekly(working_w, idle_w))
    assert {finding.verdict for finding in about(analysed(tree(), readings, "E11"), MAIN)} == {Verdict.PASS}


def _weekly(working_w: float, idle_w: float) -> Callable[[datetime], float]:
    return lambda time: working_w if time.weekday() < 5 else idle_w


def test_two_weeks_tell_no_change_but_an_excess() -> None:
    two_weeks = SIX_WEEKS[:14]
    thin = latest(tree(), counted(two_weeks, main=1000, light=500, plugs=400))
    assert (thin.verdict, thin.missing) == (Verdict.INSUFFICIENT_DATA, ("15 workdays of energy_import_kwh",))
    assert latest(tree(), counted(two_weeks, main=1000, light=700, plugs=400)).verdict is Verdict.FAULT


def test_an_incomplete_tree_names_every_circuit_without_a_meter() -> None:
    finding = latest(tree("plugs", "light"), counted(SIX_WEEKS[:7], main=1000))
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert finding.missing == ("meter on circuit light", "meter on circuit plugs")


def test_a_meter_that_fell_silent_is_no_fault_of_the_others() -> None:
    readings = counted(SIX_WEEKS, main=1000, light=500)
    metered(readings, "m-plugs", SIX_WEEKS[:28], lambda _t: 400.0)
    finding = latest(tree(), readings)
    assert finding.verdict is Verdict.INSUFFICIENT_DATA


def solar(*, parent: str | None = "main", export: bool = True) -> Registry:
    circuits: Mapping[str, CircuitItem] = {"light": CircuitItem.LIGHTING, "plugs": CircuitItem.PLUGS}
    main_metrics = ("energy_import_kwh", "energy_export_kwh") if export else ("energy_import_kwh",)
    main = meter("m-main", "main")
    return registry(
        circuits=[
            circuit("main", CircuitItem.TOTAL),
            *(circuit(name, item, parent="main") for name, item in circuits.items()),
            circuit("pv", CircuitItem.PV, parent=parent),
        ],
        devices=[
            Device(id=main.id, placements=main.placements, metrics=main_metrics, interval_s=300),
            *(meter(f"m-{name}", name) for name in (*circuits, "pv")),
        ],
    )


def test_pv_below_the_main_meter_feeds_what_the_others_take() -> None:
    readings = counted(SIX_WEEKS, main=500, light=500, plugs=400, pv=450)
    sampled(readings, "m-main", EXPORT, SIX_WEEKS, lambda _t: 0.0)
    assert latest(solar(), readings).verdict is Verdict.PASS


def test_what_flowed_out_unheard_is_missing_and_not_nothing() -> None:
    readings = counted(SIX_WEEKS, main=500, light=500, plugs=400, pv=450)
    sampled(readings, "m-main", EXPORT, SIX_WEEKS[:21], lambda _t: 0.0)
    assert latest(solar(), readings).verdict is Verdict.INSUFFICIENT_DATA


def test_pv_that_may_flow_out_uncounted_makes_the_sum_unknowable() -> None:
    finding = latest(solar(export=False), counted(SIX_WEEKS[:7], main=500, light=500, plugs=400, pv=450))
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("energy_export_kwh on circuit main",))


def test_pv_that_hangs_nowhere_makes_the_sum_unknowable() -> None:
    finding = latest(solar(parent=None), counted(SIX_WEEKS[:7], main=500, light=500, plugs=400, pv=450))
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("parent of circuit pv",))
