from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pytest

from sensors.events import EventState, EventType
from sensors.subjects import Subject
from simulators.chance import Chance, key, noise, uniform
from simulators.faults import Fault, FaultKind, FaultPlanError
from simulators.tables import readings_rows
from simulators.world import ClockError, Tick, World
from tests.simulators.worlds import MONDAY, ZONE, broken, building, local, series, ticks, world


def text(found: list[Tick]) -> str:
    return "".join(readings_rows(tick, ZONE) for tick in found)


def test_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    registry = building()
    assert text(ticks(registry, 2, seed=5)) == text(ticks(registry, 2, seed=5))
    assert text(ticks(registry, 2, seed=5)) != text(ticks(registry, 2, seed=6))


def test_chance_is_the_same_on_every_machine() -> None:
    chance = Chance(7, "room", "a-201")
    assert [chance.whole(0, 999) for _ in range(4)] == [202, 989, 394, 310]
    of, moment = np.array([key(7, "aq-201", "co2_ppm")], dtype=np.uint64), np.array([1_795_392_000_000])
    assert uniform(of, moment).tolist() == [0.5671369538416163]
    assert noise(of, moment).tolist() == [-0.33005922567099333]


def test_readings_are_the_same_on_every_machine() -> None:
    """A change here is a change of what every seed gives: say so in the changelog."""
    assert (
        sha256(text(ticks(building(3), 1, seed=1)).encode()).hexdigest()
        == "cd5a7296199ef125f98dc9974e7d7ac559b39d69d0b6811b0a2d684ab5a6991c"
    )


def test_history_and_then_live_is_one_run() -> None:
    registry = building()
    once = ticks(registry, 2)
    place = world(registry)
    history = list(place.run(local(MONDAY, 31.5)))
    live = list(place.run(local(MONDAY, 48)))
    assert text([*history, *live]) == text(once)


def test_live_steps_tell_what_one_long_stretch_tells() -> None:
    registry = building(4)
    live, bulk = world(registry), world(registry)
    until, step = local(MONDAY, 36), timedelta(minutes=7)
    list(bulk.run(local(MONDAY, 30)))
    want = list(bulk.run(until, step))
    for tick in want:
        told = live.step(tick.time)
        assert text([replace(told, events=())]) == text([replace(tick, events=())])


def test_blocks_are_the_ticks_in_columns() -> None:
    registry = building(4)
    blocks = [stretch.block for stretch in world(registry).stretches(local(MONDAY, 30))]
    told = ticks(registry, 30 / 24)
    assert [len(block.times_ms) for block in blocks] == [288, 72]
    assert sum(block.count for block in blocks) == sum(len(tick.readings) for tick in told)
    values = np.concatenate([block.values for block in blocks], axis=1)
    assert values.T.ravel().tolist() == [value for tick in told for value in tick.readings.value]


def test_every_event_is_told_once_however_time_is_cut() -> None:
    registry = building()
    ids = [
        [event.id for tick in ticks(registry, 2, step=step) for event in tick.events]
        for step in (timedelta(minutes=5), timedelta(minutes=7), timedelta(hours=11))
    ]
    assert ids[0][: len(ids[2])] == ids[2]
    assert ids[0][: len(ids[1])] == ids[1] or ids[1][: len(ids[0])] == ids[0]


def test_world_does_not_go_back() -> None:
    place = world(building(2))
    place.step(local(MONDAY, 3))
    with pytest.raises(ClockError, match="does not go back"):
        place.step(local(MONDAY, 2))


def test_world_needs_an_offset() -> None:
    with pytest.raises(ClockError, match="no offset"):
        World(building(2), 1, datetime(2026, 10, 19))  # noqa: DTZ001 - that is what is refused


@pytest.mark.parametrize(
    ("subject", "kind", "reason"),
    [
        ("room:a-999", FaultKind.HIGH_CO2, "no such room"),
        ("device:aq-201", FaultKind.HIGH_CO2, "concerns a room"),
        ("room:a-201", FaultKind.GAPS, "concerns a device"),
    ],
)
def test_fault_that_the_building_cannot_have_is_refused(subject: str, kind: FaultKind, reason: str) -> None:
    with pytest.raises(FaultPlanError, match=reason):
        world(building(), faults=[broken(kind, subject, local(MONDAY))])


def test_fault_that_ends_before_it_starts_is_refused() -> None:
    fault = broken(FaultKind.IDLE_ROOM, "room:a-201", local(MONDAY, 5), local(MONDAY, 4))
    with pytest.raises(FaultPlanError, match="ends before"):
        world(building(), faults=[fault])


def test_silent_device_says_nothing_from_then_on_and_the_others_go_on() -> None:
    fault = broken(FaultKind.SILENT_DEVICE, "device:aq-201", local(MONDAY, 6))
    told = series(world(building(), faults=[fault]).run(local(MONDAY, 12)))
    assert len(told["aq-201", "co2_ppm"]) == 72
    assert len(told["aq-202", "co2_ppm"]) == 144


def test_gaps_lose_their_share_of_the_samples_and_end() -> None:
    fault = broken(FaultKind.GAPS, "device:aq-201", local(MONDAY), local(MONDAY, 48), 3.0)
    told = series(world(building(), faults=[fault]).run(local(MONDAY, 72)))["aq-201", "co2_ppm"]
    lost = 1 - sum(time < local(MONDAY, 48) for time in told) / (2 * 288)
    assert lost == pytest.approx(0.3, abs=0.005)
    assert sum(time >= local(MONDAY, 48) for time in told) == 288


def test_load_left_on_burns_after_work_until_it_is_mended() -> None:
    registry = building()
    fault = Fault(
        kind=FaultKind.LOAD_LEFT_ON,
        subject=Subject.parse("room:a-201"),
        start=local(MONDAY),
        mended=local(MONDAY, 48),
        severity=8.0,
    )
    power = series(world(registry, faults=[fault]).run(local(MONDAY, 72)))["m-201-plugs", "active_power_w"]
    late = [power[local(MONDAY, 24 * day + 22.5)] for day in range(3)]
    assert late[0] - late[2] == pytest.approx(880, rel=0.02)
    assert late[1] - late[2] == pytest.approx(880, rel=0.02)


def test_fire_is_told_from_active_to_cleared_with_its_zone() -> None:
    start = local(MONDAY, 10.05)
    fault = broken(FaultKind.FIRE, "device:panel-1", start)
    events = [e for tick in world(building(), faults=[fault]).run(local(MONDAY, 12)) for e in tick.events]
    panel = [event for event in events if event.device == "panel-1" and event.type is not EventType.ROLL_CALL]
    assert [(event.type, event.state) for event in panel] == [
        (EventType.FIRE, EventState.ACTIVE),
        (EventType.SILENCED, EventState.MOMENTARY),
        (EventType.FIRE, EventState.CLEARED),
        (EventType.RESET, EventState.MOMENTARY),
    ]
    assert panel[0].zone == "2F"
    assert all(one.time < other.time for one, other in pairwise(panel))


def test_forced_door_is_open_while_the_event_lasts() -> None:
    fault = broken(FaultKind.FORCED_DOOR, "opening:d-main", local(MONDAY, 2), local(MONDAY, 2.1))
    found = list(world(building(), faults=[fault]).run(local(MONDAY, 3)))
    states = [event.state for tick in found for event in tick.events if event.type is EventType.FORCED]
    door = series(found)["door-main", "open"]
    assert states == [EventState.ACTIVE, EventState.CLEARED]
    assert [time for time, is_open in door.items() if is_open] == [local(MONDAY, 2), local(MONDAY, 2 + 1 / 12)]
