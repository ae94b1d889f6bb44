"""A site of two buildings, in the second of which everything bears a mark; nobody of the first may ever read it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerts.commands import raise_alert
from alerts.model import fingerprint
from api.app import create_app
from api.data_ports import GatewayAccount, NoData
from api.ports import GatewayHealth, IngestHealth, RoomClass, RoomNow
from rectification.reporting import make_codes
from sensors.actors import Actor, Limit, LimitKind, Role
from sensors.alarms import Alarm
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject
from sensors.topology import (
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    Department,
    DepartmentId,
    Device,
    DeviceId,
    Name,
    Opening,
    OpeningId,
    OpeningKind,
    Placement,
    Registry,
    RoomId,
    SiteId,
)
from sensors.utilisation import GroupUse, RoomStanding, Scope, Utilisation
from sensors.verdicts import Severity
from storage.checklists_file import built_in
from tests.api.bench import HQ, NOON, Bench, Browser, GivenRooms, room
from tests.api.bench import registry as one_building
from tests.api.records import finding

MARK = "zbeta"
END = (NOON + timedelta(hours=1)).isoformat()
MANAGER = Actor(id="id-boss", name="Boss", roles=frozenset({Role.FACILITY_MANAGER}))
BOTH = (Role.FACILITY_MANAGER, Role.SAFETY_OFFICER)


def registry() -> Registry:
    """Building `a` with the unit `alpha`, building `zbeta` with the unit `zunit-zbeta`, and a meter for the site."""
    alone = one_building()
    mine = {key: replace(each, department=DepartmentId("alpha")) for key, each in alone.rooms.items()}
    theirs = replace(room(f"{MARK}-1"), building=BuildingId(MARK), department=DepartmentId(f"unit-{MARK}"))
    circuits = (
        Circuit(id=CircuitId("c-a"), item=CircuitItem.PLUGS, building=BuildingId("a"), serves=(RoomId("a-201"),)),
        Circuit(id=CircuitId(f"c-{MARK}"), item=CircuitItem.PLUGS, serves=(theirs.id,)),
    )
    devices = (
        Device(id=DeviceId("panel1"), gateway="gw1", placements=(Placement(building=BuildingId("a")),)),
        Device(id=DeviceId(f"panel-{MARK}"), gateway=f"gw-{MARK}", placements=(Placement(room=theirs.id),)),
    )
    return replace(
        alone,
        departments={
            DepartmentId(key): Department(id=DepartmentId(key), name=Name(zh=key, en=key))
            for key in ("alpha", f"unit-{MARK}")
        },
        buildings={
            **alone.buildings,
            BuildingId(MARK): Building(id=BuildingId(MARK), name=Name(zh=f"{MARK} 楼", en=f"{MARK} house")),
        },
        rooms={**mine, theirs.id: theirs},
        circuits={each.id: each for each in circuits},
        devices={each.id: each for each in devices},
        openings={OpeningId(f"d-{MARK}"): Opening(id=OpeningId(f"d-{MARK}"), kind=OpeningKind.ACCESS, room=theirs.id)},
    )


class TwoRooms(GivenRooms):
    """Every room of both buildings is occupied; both gateways were heard."""

    def rooms_now(self, site: SiteId) -> list[RoomNow]:
        assert site == HQ
        return [RoomNow(room=each, use=RoomClass.IDLE, occupied=True, people=3) for each in registry().rooms]

    def ingest_health(self) -> IngestHealth:
        heard = (GatewayHealth(gateway=each, received=9, accepted=8, quarantined=1) for each in ("gw1", f"gw-{MARK}"))
        return IngestHealth(ready=True, spooled=3, gateways=tuple(heard))


class TwoGateways(NoData):
    """The books of both gateways."""

    def accounts(self) -> list[GatewayAccount]:
        return [books(gateway) for gateway in ("gw1", f"gw-{MARK}")]


def books(gateway: str) -> GatewayAccount:
    return GatewayAccount(
        gateway=gateway,
        received=0,
        accepted=0,
        duplicate=0,
        quarantined=0,
        ignored=0,
        stored=0,
        spooled=0,
        dropped=0,
        missing=0,
        balances=True,
    )


def use_of_rooms() -> Utilisation:
    use = {"mean_pct": 40.0, "vacancies": 1, "longest_vacancy_h": 2.0, "mean_vacancy_h": 2.0}
    groups = (
        GroupUse(scope=Scope.BUILDING, id="a", rooms=(RoomId("a-201"),), **use),  # type: ignore[arg-type] # all are figures
        GroupUse(scope=Scope.BUILDING, id=MARK, rooms=(RoomId(f"{MARK}-1"),), **use),  # type: ignore[arg-type] # likewise
    )
    rooms = tuple(RoomStanding(room=each, use="idle") for each in registry().rooms)
    return Utilisation(first=NOON.date(), last=NOON.date(), groups=groups, rooms=rooms)


def two_buildings(folder: Path) -> Bench:
    """Return an application over both buildings."""
    bench = Bench(folder, rooms=TwoRooms())
    bench.services = replace(
        bench.services, registry=registry, checklists=built_in, data=TwoGateways(), utilisation=use_of_rooms
    )
    bench.app = create_app(bench.services)
    return bench


def limited(bench: Bench, *limits: str, roles: tuple[Role, ...] = BOTH, user_name: str = "anna") -> Browser:
    """Return the browser of somebody whose roles count in these places, `building:a`."""
    account = bench.account(*roles, user_name=user_name)
    places = [each.split(":") for each in limits]
    within = frozenset(Limit(role, LimitKind(kind), key) for role in roles for kind, key in places)
    with bench.records.transaction() as tx:
        tx.save_account(replace(account, limits=within))
    browser = bench.browser()
    browser.sign_in(user_name)
    return browser


@dataclass
class Filled:
    """What lies in one of the buildings, by the names that addresses use."""

    ids: dict[str, str] = field(default_factory=dict)

    def path(self, template: str) -> str:
        """Return an address with these ids in it."""
        return template.format_map({**dict.fromkeys(FREE, "none"), **self.ids})


FREE = ("app", "account_id", "entry_id", "report_id", "move_id", "token_id", "schedule_id", "photo_id", "file_id")


def fill(bench: Bench, boss: Browser, place: str, mark: str) -> Filled:
    """Put one of everything into a building, with a mark in its words, and return the ids."""
    room_id, panel = f"{place}-1" if place == MARK else "a-201", f"panel-{place}" if place == MARK else "panel1"
    found = Filled({"room_id": room_id, "alert_id": fire(bench, panel, zone=f"zone {mark}")})
    finding(bench, subject=f"room:{room_id}", identifier=f"f-{place}")
    found.ids["finding_id"] = f"f-{place}"
    found.ids["item_id"] = made(boss, f"/findings/f-{place}/propose")["id"]
    made(boss, f"/items/{found.ids['item_id']}/assign", {"responsible": "id-boss", "measure": f"timer {mark}"})
    items = {"title": f"plan {mark}", "items": [found.ids["item_id"]]}
    found.ids["plan_id"] = made(boss, "/plans", items)["plan"]["id"]
    found.ids["repair_id"] = made(boss, "/repairs", {"subject": f"room:{room_id}", "what": f"lamp {mark}"})["id"]
    test = {"kind": "annual_test", "subject": f"building:{place}", "day": "2026-03-02", "by": mark, "result": "passed"}
    found.ids["test_id"] = made(boss, "/fire-tests", test)["id"]
    away = {"subject": f"device:{panel}", "zone": mark, "reason": mark, "planned_end": END}
    found.ids["isolation_id"] = made(boss, "/isolations", away)["id"]
    silence = {"matcher": {"buildings": [place]}, "comment": f"works {mark}", "ends": END}
    found.ids["silence_id"] = made(boss, "/standing/silences", silence)["id"]
    out = {"subject": f"device:{panel}", "comment": mark, "until": END}
    found.ids["out_id"] = made(boss, "/standing/out-of-service", out)["id"]
    made(boss, "/duty", {"present": [f"Zhang {mark}", "Li"], "note": f"round {mark}"})
    bill = {"subject": f"building:{place}", "utility": "electricity", "first": "2026-01-01", "last": "2026-01-31"}
    made(boss, "/bills", {**bill, "quantity": 5.0, "note": mark})
    day = str(NOON.date())
    look = {"checklist": "fire-patrol", "subject": f"building:{place}", "floor": "2", "assignee": "id-boss"}
    found.ids["inspection_id"] = made(boss, "/inspections", {**look, "first": day, "due": day})["inspection"]["id"]
    with bench.records.transaction() as tx:
        make_codes(tx, [RoomId(room_id)], site=HQ, actor=MANAGER, clock=bench.clock)
    return found


def made(browser: Browser, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    answer = browser.post(path, body)
    assert answer.is_success, f"{path}: {answer.text}"
    return answer.json()


def fire(bench: Bench, panel: str, *, zone: str) -> str:
    subject = Subject.parse(f"device:{panel}")
    signal = Signal(
        kind=SignalKind.ACTIVE,
        mark=fingerprint(HQ, "F01", subject, zone),
        site=HQ,
        rule="F01",
        event=Alarm.FIRE,
        subject=subject,
        device=DeviceId(panel),
        severity=Severity.RED,
        time=NOON,
        received=NOON,
        zone=zone,
        parameters={"event": "fire", "zone": zone},
    )
    with bench.records.transaction() as tx:
        return raise_alert(tx, signal, clock=bench.clock).id
