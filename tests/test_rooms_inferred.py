"""Rooms that no sensor watches show whether somebody is likely there, but not those of one or two people."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from api.ports import RoomClass, RoomNow
from api.privacy import visible_rooms
from premises.queries import ReadingQueries
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Registry
from storage.readings.memory import MemoryReadingStore
from tests.analytics.test_occupancy_rooms import blind
from tests.simulators.worlds import MONDAY, all_readings, building, local, ticks

AFTERNOON_H, NIGHT_H = 2 * 24 + 15.5, 2 * 24 + 3.0


class SetClock:
    """A clock that stands at an hour after Monday's midnight."""

    def __init__(self, hour: float) -> None:
        self.now_ms = epoch_ms(local(MONDAY)) + round(hour * 3_600_000)

    def now(self) -> object:
        return from_epoch_ms(self.now_ms)


@cache
def filled() -> tuple[Registry, MemoryReadingStore]:
    watched, store = building(12), MemoryReadingStore()
    store.append(all_readings(watched, ticks(watched, 3)))
    return blind(watched), store


def rooms_at(hour: float, folder: Path) -> dict[str, RoomNow]:
    registry, store = filled()
    asked = ReadingQueries(
        store=store,
        registry=lambda: registry,
        clock=SetClock(hour),  # type: ignore[arg-type] # as much of a clock as is needed
        spool=folder / "spool.db",
        ingest_runs=lambda: False,
        uses=dict,
    )
    return {each.room: each for each in asked.rooms_now(registry.site.id)}


def test_rooms_without_sensors_show_what_is_inferred_and_how_sure_that_is(tmp_path: Path) -> None:
    by_day, by_night = (rooms_at(hour, tmp_path) for hour in (AFTERNOON_H, NIGHT_H))
    likely = [each.probability for each in by_day.values() if each.probability is not None]
    assert len(likely) >= 6
    assert all(0 <= each <= 1 for each in likely)
    assert sum(each.occupied is True for each in by_day.values()) >= 4
    assert not any(each.occupied for each in by_night.values())
    assert all((each.probability is None) or each.people is None for each in by_day.values())


def test_what_was_heard_long_ago_says_nothing_of_now(tmp_path: Path) -> None:
    assert {each.probability for each in rooms_at(3 * 24 + 2.0, tmp_path).values()} == {None}


def test_room_of_one_or_two_people_shows_no_probability() -> None:
    registry, _ = filled()
    personal = next(room for room in registry.rooms.values() if room.is_personal)
    shown = visible_rooms(registry, [RoomNow(room=personal.id, occupied=True, probability=0.9, use=RoomClass.NORMAL)])
    assert shown == [RoomNow(room=personal.id, use=RoomClass.NORMAL)]
    assert replace(shown[0], use=RoomClass.UNKNOWN) == RoomNow(room=personal.id)
