from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from alerts.event_rules import signal
from sensors.catalogue import CATALOGUE
from sensors.events import Event, EventState, EventType
from sensors.signals import SignalKind
from simulators.building import office_building
from simulators.equipment import Equipment
from simulators.faults import Fault, FaultKind
from simulators.routines import is_drill_day
from tests.simulators.worlds import MONDAY, broken, local, world

WEEKS = 5
HALF_AN_HOUR = timedelta(minutes=30)


def lived(*faults: Fault, equipment: Equipment = Equipment.USUAL, days: int = 7 * WEEKS) -> list[Event]:
    """Return the events of a building that is a few rooms large."""
    registry = office_building(4, start=MONDAY, equipment=equipment)
    end = local(MONDAY, 24 * days)
    return [
        event for stretch in world(registry, faults=faults).stretches(end, HALF_AN_HOUR) for event in stretch.events
    ]


def of(events: Sequence[Event], *types: EventType) -> list[Event]:
    return [event for event in events if event.type in types]


def lengths(events: Sequence[Event], kind: EventType) -> list[timedelta]:
    """Return how long each state lasted; every one must have ended."""
    found = of(events, kind)
    assert [event.state for event in found] == [EventState.ACTIVE, EventState.CLEARED] * (len(found) // 2)
    return [over.time - begun.time for begun, over in zip(found[::2], found[1::2], strict=True)]


def test_everyday_raises_no_alert_and_says_each_thing_once() -> None:
    events = lived(equipment=Equipment.FULL)
    assert len({event.id for event in events}) == len(events)
    registry = office_building(4, start=MONDAY, equipment=Equipment.FULL)
    signals = [told for each in events if (told := signal(each, registry)) is not None]
    assert [told for told in signals if not told.test and told.kind is SignalKind.ACTIVE] == []
    assert of(events, EventType.FORCED, EventType.HELD, EventType.LEAK, EventType.TAMPER) == []
    assert len(events) < 150 * 7 * WEEKS


def test_roll_calls_are_answered_less_than_two_hours_apart() -> None:
    calls = [event.time for event in of(lived(days=8), EventType.ROLL_CALL)]
    assert len(calls) == 24 * 8
    assert max(after - before for before, after in pairwise(calls)) <= timedelta(minutes=90)


def test_isolations_and_manual_mode_return_within_what_the_rules_allow() -> None:
    events = lived(days=7 * 20)
    isolated, manual = lengths(events, EventType.ISOLATION), lengths(events, EventType.MANUAL_MODE)
    assert 3 <= len(isolated) <= 25
    assert max(isolated) < timedelta(minutes=CATALOGUE["F05"].parameter("unapproved_min"))
    assert all(each < timedelta(minutes=CATALOGUE["F06"].parameter("manual_min")) for each in manual)


def test_drill_is_on_the_third_wednesday_of_a_quarter_and_marked_as_a_test() -> None:
    fires = of(lived(), EventType.FIRE, EventType.SILENCED, EventType.RESET)
    assert all(event.test for event in fires)
    assert fires[0].time == datetime.fromisoformat("2026-10-21T15:00:00+08:00")
    year = [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]
    assert [day.month for day in year if is_drill_day(day)] == [1, 4, 7, 10]


def test_wrong_card_is_one_and_the_right_one_follows() -> None:
    door = [e for e in lived() if e.device == "door-main" and e.type in {EventType.GRANTED, EventType.DENIED}]
    after = [(one, other) for one, other in pairwise(door) if one.type is EventType.DENIED]
    assert len(after) >= 5
    run = longest = 0
    for event in door:
        run = run + 1 if event.type is EventType.DENIED else 0
        longest = max(longest, run)
    assert longest < CATALOGUE["D03"].parameter("denials") - 2


def test_cleaners_pass_the_door_before_work_on_workdays_only() -> None:
    early = [e for e in of(lived(days=7), EventType.GRANTED, EventType.EXIT_REQUEST) if (e.time.hour + 8) % 24 < 8]
    assert [event.type for event in early] == [EventType.GRANTED, EventType.EXIT_REQUEST] * 5


def test_each_passes_by_one_door_and_none_by_a_fire_door() -> None:
    told = of(lived(days=1, equipment=Equipment.FULL), EventType.GRANTED, EventType.EXIT_REQUEST)
    alone = of(lived(days=1), EventType.GRANTED, EventType.EXIT_REQUEST)
    assert {event.device for event in told} == {"door-main", "door-side"}
    assert len(told) == len(alone)


def test_panel_that_is_cut_off_answers_no_call_and_one_with_a_fault_has_no_work_done() -> None:
    cut = broken(FaultKind.LOST_LINK, "device:panel-1", local(MONDAY, 6), local(MONDAY, 12))
    calls = [event.time for event in of(lived(cut, days=1), EventType.ROLL_CALL)]
    assert len(calls) == 18
    isolated = broken(FaultKind.ISOLATION, "device:panel-1", local(MONDAY, 1), local(MONDAY, 24 * 7 * WEEKS - 1))
    assert len(of(lived(isolated), EventType.ISOLATION)) == 2
