"""Room use over HTTP: what may be shown by the registry as it stands, however it was written down."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from api.app import create_app
from sensors.actors import Role
from sensors.topology import RoomId
from sensors.utilisation import GroupUse, HourCell, RoomStanding, Scope, Utilisation
from tests.api.bench import Bench

OPEN, HELD, CLOSED = RoomId("a-201"), RoomId("a-202"), RoomId("a-203")


def group(scope: Scope, identifier: str, *rooms: RoomId) -> GroupUse:
    return GroupUse(
        scope=scope,
        id=identifier,
        rooms=rooms,
        mean_pct=40.0,
        vacancies=3,
        longest_vacancy_h=4.0,
        mean_vacancy_h=2.0,
        cells=(HourCell(0, 9, 80.0), HourCell(1, 9, 90.0)),
    )


TOLD = Utilisation(
    first=date(2026, 10, 12),
    last=date(2026, 11, 22),
    groups=(
        group(Scope.ROOM, OPEN, OPEN),
        group(Scope.ROOM, HELD, HELD),
        group(Scope.FLOOR, "a/2", OPEN, HELD),
        group(Scope.BUILDING, "a", OPEN),
    ),
    rooms=tuple(RoomStanding(room=room, use="idle", workdays=29) for room in (OPEN, HELD, CLOSED)),
)


def bench(folder: Path, told: Utilisation | None) -> Bench:
    made = Bench(folder)
    made.services = replace(made.services, utilisation=lambda: told)
    made.app = create_app(made.services)
    return made


def test_figures_of_rooms_that_are_shielded_now_are_left_out_with_every_sum_they_are_in(tmp_path: Path) -> None:
    answer = bench(tmp_path, TOLD).signed_in(Role.VIEWER).get("/utilisation").json()
    assert [(each["scope"], each["id"]) for each in answer["groups"]] == [("room", "a-201"), ("building", "a")]
    assert answer["groups"][0]["peak"] == {"weekday": 1, "hour": 9, "used_pct": 90.0}
    assert [each["room"] for each in answer["rooms"]] == [OPEN, HELD]


def test_one_scope_may_be_asked_for(tmp_path: Path) -> None:
    answer = bench(tmp_path, TOLD).signed_in(Role.VIEWER).get("/utilisation?scope=building").json()
    assert [each["id"] for each in answer["groups"]] == ["a"]


def test_before_anybody_looked_there_is_nothing(tmp_path: Path) -> None:
    answer = bench(tmp_path, None).signed_in(Role.VIEWER).get("/utilisation").json()
    assert answer == {"first": None, "last": None, "groups": [], "rooms": []}
