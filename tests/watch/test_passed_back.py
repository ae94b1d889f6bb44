"""D05: one card that comes in twice without leaving, live and over the past."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.watch.machines import LIVE
from alerts.watch.past import Window, findings_of
from alerts.watch.site import Site
from alerts.watch.watcher import Watcher
from premises.simulated.simulation import Wish
from sensors.events import Event, EventState, EventType
from sensors.readings import epoch_ms
from sensors.topology import DeviceId, Direction, OpeningId, Placement, Registry
from sensors.verdicts import Finding, Verdict
from simulators.equipment import Equipment
from tests.alerts.factories import event
from tests.memory_records import NOON
from tests.simulators.test_every_rule import asked_in, astray, held_by, scores
from tests.watch.machines import NOON_MS, Told, device, site_of
from tests.watch.test_past import DAY_MS, NOBODY_WROTE, events_of, readings_of

CARD, OTHER = "0a1b2c3d." + "a" * 32, "0a1b2c3d." + "b" * 32
DOOR = "opening:d-wired"
IN, OUT = "reader-in", "reader-out"


def site_with_readers(*directions: Direction) -> Registry:
    small = site_of()
    readers = [
        replace(device(f"reader-{direction}", Placement(opening=OpeningId("d-wired"))), direction=direction)
        for direction in directions
    ]
    return replace(small, devices={**small.devices, **{each.id: each for each in readers}})


BOTH = site_with_readers(Direction.IN, Direction.OUT)


def read(second: float, reader: str, card: str = CARD, kind: EventType = EventType.GRANTED) -> Event:
    at = NOON + timedelta(seconds=second)
    return replace(event(kind, device=reader, zone="", state=EventState.MOMENTARY, at=at), credential=card, received=at)


def live(*events: Event, site: Registry = BOTH) -> Told:
    told = Told()
    told.watcher = Watcher(LIVE, Site(site, live=True, facts=NOBODY_WROTE))
    for each in events:
        told.edges += told.watcher.event(each, epoch_ms(each.time))
    return told


def past(*events: Event, site: Registry = BOTH) -> list[Finding]:
    window = Window(start_ms=NOON_MS, end_ms=NOON_MS + DAY_MS)
    return findings_of(events_of(*events), readings_of(), site, window=window, facts=NOBODY_WROTE, rules=("D05",))


def faults(found: list[Finding]) -> list[tuple[str, float | None]]:
    return [(str(each.subject), each.value) for each in found if each.verdict is Verdict.FAULT]


def test_card_that_comes_in_twice_is_told_at_its_door_and_only_for_a_while() -> None:
    told = live(read(0, IN), read(30, IN), read(3600, OUT))
    (begun, over) = [each for each in told.edges if each.rule == "D05"]
    assert (str(begun.subject), begun.severity, begun.value, over.severity) == (DOOR, "blue", 0.5, None)
    assert over.at_ms - begun.at_ms == 600_000
    assert faults(past(read(0, IN), read(30, IN), read(3600, OUT)))[0][0] == DOOR


@pytest.mark.parametrize(
    "between",
    [
        (read(20, OUT),),
        (read(20, IN, "", EventType.EXIT_REQUEST),),
        (read(20, "panel1", "", EventType.FIRE),),
    ],
    ids=["left", "somebody left by the button", "a fire let all out"],
)
def test_card_that_may_have_left_in_between_is_not_told(between: tuple[Event, ...]) -> None:
    events = (read(0, IN), *between, read(30, IN))
    assert live(*events).said("D05") == []
    assert faults(past(*events)) == []


def test_card_read_twice_at_once_other_cards_and_yesterdays_entry_are_not_told() -> None:
    day_s = 15 * 3600
    events = (read(0, IN), read(3, IN), read(10, IN, OTHER), read(20, OUT, OTHER), read(day_s, IN))
    assert live(*events).said("D05") == []
    assert faults(past(*events)) == []


def test_third_entry_is_told_again() -> None:
    assert live(read(0, IN), read(30, IN), read(1000, IN)).said("D05") == ["blue", None, "blue"]


@pytest.mark.parametrize(
    ("site", "events", "missing"),
    [
        (site_with_readers(Direction.IN), (read(0, IN), read(30, IN)), "device.direction"),
        (BOTH, (read(0, IN, ""), read(30, IN, "")), "credential digests"),
    ],
)
def test_what_keeps_it_from_judging_is_named(site: Registry, events: tuple[Event, ...], missing: str) -> None:
    assert live(*events, site=site).said("D05") == []
    (found,) = past(*events, site=site)
    assert (str(found.subject), found.verdict, found.missing) == (DOOR, Verdict.NOT_APPLICABLE, (missing,))


def test_rule_is_off_where_no_direction_is_registered() -> None:
    assert past(read(0, "contact1"), read(30, "contact1"), site=site_of()) == []
    assert DeviceId("contact1") in site_of().devices


def test_simulated_card_that_is_handed_back_is_found_and_its_look_alike_is_not(tmp_path: Path) -> None:
    faults = asked_in(
        tmp_path,
        'rule: D05, subject: "opening:d-gate", start: 2026-10-20T10:00, days: 1',
        'rule: D05, subject: "opening:d-gate", start: 2026-10-22T10:00, kind: near_miss',
    )
    wish = Wish(faults=faults, days=5, rooms=4, seed=1, interval_s=900, equipment=Equipment.FULL)
    found = scores(wish, tmp_path, rules=("D05",), only=lambda device: device.id.startswith(("gate", "counter")))
    assert astray(found) == {}
    assert held_by(found) == {"D05": (True, True)}
