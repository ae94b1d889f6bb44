"""Registers put right: whatever they say, the total is kept, and what is not known is said."""

from collections.abc import Callable
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.meters import Meters, corrected
from tests.analytics.registers import DAY_MS, HOUR_MS, MINUTE_MS, MONDAY_MS, Register, office_register

TOLERANCE = 0.001
HALF = 650


def hourly(meters: Meters, *, days: int = 15, step_ms: int = HOUR_MS) -> pl.DataFrame:
    return meters.amounts(pl.Series(range(MONDAY_MS, MONDAY_MS + days * DAY_MS + 1, step_ms)))


def total(register: Register) -> float:
    return float(hourly(corrected(register.frame()))["amount"].sum())


def kinds(register: Register) -> list[str]:
    return corrected(register.frame()).problems["kind"].to_list()


def about(register: Register) -> object:
    """Return the true total, give or take a thousandth and what the register's unit hides."""
    return pytest.approx(register.true_total, abs=TOLERANCE * register.true_total + 2 * register.quantum)


def spoilt(register: Register, at: int, *values: float) -> Register:
    said = list(register.said)
    said[at : at + len(values)] = values
    return register.saying(said)


def from_there(register: Register, at: int, shown: Callable[[float], float]) -> Register:
    later = [register.shows(shown(kwh)) for kwh in register.true_kwh[at:]]
    return register.saying([*register.said[:at], *later])


def test_a_clean_register_gives_each_hour_what_flowed_in_it() -> None:
    register = office_register()
    found = hourly(corrected(register.frame()))
    assert found.height == 14 * 24
    assert not found["estimated"].any()
    by_hand = [register.said[index + 4] - register.said[index] for index in range(0, 14 * 96, 4)]
    assert found["amount"].to_list() == pytest.approx(by_hand)
    assert kinds(register) == []


def test_edges_between_readings_share_a_step_by_time() -> None:
    step = pl.DataFrame({"time_ms": [MONDAY_MS + 30 * MINUTE_MS, MONDAY_MS + 90 * MINUTE_MS], "value": [0.0, 10.0]})
    series = {"device": pl.lit("m"), "metric": pl.lit("energy_import_kwh"), "phase": pl.lit(""), "quality": pl.lit(0)}
    found = hourly(corrected(step.with_columns(**series)))
    assert found["amount"].to_list() == [5.0, 5.0]


@pytest.mark.parametrize(
    "wrong", [(0.0,), (0.0, 0.0), (0.0, 0.0, 0.0, 0.0), (99999.9,), (0.0, 88888.8), (1e9, 0.0, 3.0)]
)
def test_a_glitch_is_not_counted(wrong: tuple[float, ...]) -> None:
    register = office_register()
    assert total(spoilt(register, HALF, *wrong)) == about(register)


def test_two_glitches_with_one_reading_between_are_not_counted() -> None:
    register = office_register()
    both = spoilt(spoilt(register, HALF, 0.0), HALF + 2, 0.0)
    assert total(both) == about(register)
    assert kinds(both) == ["glitch", "glitch"]


def test_a_glitch_of_a_day_is_a_gap_and_the_hours_in_it_are_estimated() -> None:
    register = office_register()
    found = hourly(corrected(spoilt(register, HALF, *[0.0] * 96).frame()))
    assert found["amount"].sum() == about(register)
    assert 24 <= found["estimated"].sum() <= 26


def test_an_hour_whose_ends_were_read_is_known_whatever_happened_within() -> None:
    register = office_register()
    inside = spoilt(register, HALF, 0.0)  # 2:30 is no full hour
    assert not hourly(corrected(inside.frame()))["estimated"].any()


@pytest.mark.parametrize("modulus", [10_000.0, 100_000.0, 1_000_000.0, 2**32 / 1000, 2**31 / 1000, 2**16 * 0.1])
def test_a_register_that_turns_over_goes_on(modulus: float) -> None:
    register = office_register()
    offset = modulus - register.true_kwh[HALF] - 0.02
    turned = register.saying([register.shows((kwh + offset) % modulus) for kwh in register.true_kwh])
    assert total(turned) == about(register)
    assert kinds(turned) == ["rollover"]
    assert not hourly(corrected(turned.frame()))["estimated"].any()


def test_a_register_turns_over_where_it_is_said_to() -> None:
    register = office_register()
    modulus = 7_777.0
    offset = modulus - register.true_kwh[HALF] - 0.02
    turned = register.saying([register.shows((kwh + offset) % modulus) for kwh in register.true_kwh])
    limits = pl.DataFrame(
        [("m", "energy_import_kwh", None, None, modulus)],
        schema={
            "device": pl.String,
            "metric": pl.String,
            "limit_per_h": pl.Float64,
            "floor_per_h": pl.Float64,
            "rolls_at": pl.Float64,
        },
        orient="row",
    )
    meters = corrected(turned.frame(), limits=limits)
    assert hourly(meters)["amount"].sum() == about(register)
    assert meters.problems["kind"].to_list() == ["rollover"]


@pytest.mark.parametrize("begins_at", [0.0, 0.01, 123.4, 4_000.0, 60_000.0])
def test_a_meter_that_begins_anew_keeps_the_total_and_says_so(begins_at: float) -> None:
    register = office_register()
    anew = from_there(register, HALF, lambda kwh: kwh - register.true_kwh[HALF] + begins_at)
    assert total(anew) == about(register)
    assert len(kinds(anew)) == 1
    found = hourly(corrected(anew.frame()))
    assert found["estimated"].sum() == 1


def test_what_a_reset_register_counted_since_is_counted() -> None:
    register = office_register()
    reset = from_there(register, HALF, lambda kwh: kwh - register.true_kwh[HALF - 1])
    assert total(reset) == pytest.approx(register.true_total, abs=2 * register.quantum)
    assert kinds(reset) == ["reset"]


def test_an_impossible_leap_is_not_energy() -> None:
    register = office_register()
    leapt = from_there(register, HALF, lambda kwh: kwh + 50_000.0)
    assert total(leapt) == about(register)
    assert kinds(leapt) == ["jump"]


def test_a_leap_within_what_the_circuit_carries_is_energy() -> None:
    register = office_register()
    leapt = from_there(register, HALF, lambda kwh: kwh + 200.0)
    limits = pl.DataFrame(
        [("m", "energy_import_kwh", 1000.0, None, None)],
        schema={
            "device": pl.String,
            "metric": pl.String,
            "limit_per_h": pl.Float64,
            "floor_per_h": pl.Float64,
            "rolls_at": pl.Float64,
        },
        orient="row",
    )
    assert hourly(corrected(leapt.frame(), limits=limits))["amount"].sum() == pytest.approx(
        register.true_total + 200, abs=1
    )
    assert total(leapt) == about(register)


def test_a_gap_is_spread_by_the_usual_load_and_its_total_is_exact() -> None:
    register = office_register(days=28)
    start, end = 21 * 96 + 20, 23 * 96 + 60
    found = hourly(corrected(register.without(start, end).frame()), days=28)
    whole = hourly(corrected(register.frame()), days=28)
    assert found["amount"].sum() == pytest.approx(whole["amount"].sum())
    lost = found.with_columns(true=whole["amount"]).filter("estimated")
    assert lost.height == (end - start) // 4 + 1
    error = pl.col("amount") - pl.col("true"), pl.mean("amount") - pl.col("true")
    by_shape, by_time = lost.select(shape=error[0].abs().sum(), time=error[1].abs().sum()).row(0)
    assert by_shape < 0.25 * by_time


def test_hours_of_a_meter_read_once_a_day_are_estimated_and_its_days_are_not() -> None:
    register = office_register()
    said = corrected(register.frame().gather_every(96))
    assert hourly(said, days=14)["estimated"].all()
    days = hourly(said, days=14, step_ms=24 * HOUR_MS)
    assert not days["estimated"].any()
    assert days["amount"].sum() == pytest.approx(hourly(said, days=14)["amount"].sum())


def test_a_frozen_register_that_catches_up_is_spread() -> None:
    register = office_register()
    frozen = spoilt(register, 60, *[register.said[59]] * 500)
    meters = corrected(frozen.frame())
    assert hourly(meters)["amount"].sum() == about(register)
    assert meters.problems["kind"].to_list() == ["stale"]


def test_a_reset_in_a_gap_is_guessed_by_the_usual_load_and_is_at_least_what_was_counted_since() -> None:
    register = office_register(days=28)
    start, end = 21 * 96 + 40, 21 * 96 + 60
    reset = from_there(register, end, lambda kwh: kwh - register.true_kwh[start + 8]).without(start, end)
    meters = corrected(reset.frame())
    assert hourly(meters, days=28)["amount"].sum() == pytest.approx(register.true_total, rel=0.01)
    assert meters.problems["kind"].to_list() == ["reset"]


def test_the_order_of_the_rows_and_repeats_of_them_change_nothing() -> None:
    register = office_register()
    frame = register.frame()
    shuffled = pl.concat([frame, frame.head(300)]).sample(fraction=1.0, shuffle=True, seed=3)
    assert hourly(corrected(shuffled)).equals(hourly(corrected(frame)))


def test_a_clock_set_back_lays_two_runs_over_each_other_and_loses_nothing() -> None:
    register = office_register()
    back_ms = 9 * 15 * MINUTE_MS + 5 * MINUTE_MS
    times = [time if index < HALF else time - back_ms for index, time in enumerate(register.times_ms)]
    said = register.frame().with_columns(time_ms=pl.Series(times))
    assert hourly(corrected(said))["amount"].sum() == about(register)


def test_a_negative_register_is_said_and_not_counted() -> None:
    register = spoilt(office_register(), HALF, -1.0)
    assert total(register) == about(register)
    assert sorted(kinds(register)) == ["gap", "negative"]


def test_a_register_marked_estimated_is_not_measured() -> None:
    register = office_register(days=1)
    frame = register.frame().with_columns(quality=pl.when(pl.int_range(pl.len()) == 10).then(1).otherwise(0))
    found = hourly(corrected(frame))
    assert found.filter("estimated")["start_ms"].to_list() == [MONDAY_MS + 2 * HOUR_MS]
    assert found["amount"].sum() == about(register)


def test_steps_bridge_what_is_not_believed_without_losing_a_span() -> None:
    register = office_register(days=2)
    steps = corrected(spoilt(register, 50, 0.0).frame()).steps()
    assert steps.height == len(register.said) - 1
    assert steps["amount"].sum() == about(register)
    assert steps["measured"].to_list().count(False) == 2


def test_many_meters_are_put_right_at_once_each_by_itself() -> None:
    clean = office_register(days=3)
    bad = spoilt(clean, 100, 0.0)
    both = pl.concat([clean.frame("a"), bad.frame("b"), clean.without(40, 80).frame("c")])
    totals = hourly(corrected(both)).group_by("device").agg(pl.sum("amount")).sort("device")["amount"].to_list()
    assert totals == [about(clean)] * 3


def test_nothing_gives_nothing() -> None:
    empty = office_register(days=1).frame().clear()
    meters = corrected(empty)
    assert hourly(meters).is_empty()
    assert meters.steps().is_empty()
    assert meters.problems.is_empty()
    one = corrected(office_register(days=1).frame().head(1))
    assert hourly(one).is_empty()


STEPS_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS]


@st.composite
def spoilt_registers(draw: st.DrawFn) -> Register:
    """Registers of a fortnight at least, spoilt in several ways at once, some way apart."""
    step_ms = draw(st.sampled_from(STEPS_MS))
    days = 3 if step_ms == MINUTE_MS else 60 if step_ms == HOUR_MS else 21
    register = office_register(
        days=days, step_ms=step_ms, quantum=draw(st.sampled_from([0.001, 0.01, 0.1])), seed=draw(st.integers(0, 9))
    )
    size = len(register.said)
    random = Random(draw(st.integers(0, 10**6)))  # noqa: S311 - not a secret
    for part in range(draw(st.integers(1, 4))):
        at = size * (part + 1) // 5 + random.randrange(size // 20)
        register = draw(st.sampled_from(WAYS))(register, at, random)
    return register


def _glitch(register: Register, at: int, random: Random) -> Register:
    return spoilt(register, at, *[0.0] * random.randint(1, 12))


def _spike(register: Register, at: int, random: Random) -> Register:
    return spoilt(register, at, *[register.said[at] + random.uniform(1e4, 1e6)] * random.randint(1, 3))


def _begins_anew(register: Register, at: int, random: Random) -> Register:
    """Return the register that goes on from another value, as read at `at`."""
    said = register.said[at]
    begins_at = random.choice([0.0, said * random.uniform(0.1, 0.6), said + random.uniform(1e4, 1e6)])
    offset = begins_at - said
    return register.saying([*register.said[:at], *[register.shows(max(kwh + offset, 0)) for kwh in register.said[at:]]])


def _rolls_over(register: Register, at: int, random: Random) -> Register:
    modulus = random.choice([100_000.0, 1_000_000.0, 2**32 / 1000])
    offset = modulus - register.said[at]
    return register.saying([register.shows((kwh + offset) % modulus) for kwh in register.said])


def _gap(register: Register, at: int, random: Random) -> Register:
    return register.without(at, at + random.randint(1, len(register.said) // 30))


def _jitter(register: Register, at: int, random: Random) -> Register:
    said = [
        kwh - register.quantum * (at < place < at + 50 and random.random() < 0.2)
        for place, kwh in enumerate(register.said)
    ]
    return register.saying([max(kwh, 0.0) for kwh in said])


WAYS = [_glitch, _spike, _begins_anew, _rolls_over, _gap, _jitter]


@given(register=spoilt_registers())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_however_a_register_is_spoilt_the_total_holds(register: Register) -> None:
    meters = corrected(register.frame())
    by_hour = hourly(meters, days=61)
    assert by_hour["amount"].sum() == pytest.approx(register.true_total, rel=TOLERANCE, abs=5 * register.quantum)
    assert by_hour["amount"].min() >= 0  # type: ignore[operator]  # a number, not None
    assert meters.steps()["amount"].sum() == pytest.approx(by_hour["amount"].sum())
