"""An application over real records in a folder of the test, rooms that are given, and a clock that is moved by hand."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from httpx2 import Response
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import GatewayHealth, IngestHealth, RoomClass, RoomNow, Series, SeriesName, Services, WebSettings
from api.security.passwords import Argon2Passwords, Passwords
from sensors.accounts import Account
from sensors.actors import Actor, Role
from sensors.topology import (
    Building,
    BuildingId,
    Name,
    PersonId,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
)
from storage.evidence import EvidenceStore
from storage.records import SqlRecords

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HQ = SiteId("hq")
ORIGIN = "http://127.0.0.1:8088"
PASSWORD = "three blue herons"  # noqa: S105 - a test's own
QUICK = Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class HandClock:
    """Goes on only when told."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def go_on(self, step: timedelta) -> None:
        self.time += step


def room(identifier: str, *, holders: int = 4, restricted: bool = False) -> Room:
    return Room(
        id=RoomId(identifier),
        building=BuildingId("a"),
        floor="2",
        name=Name(zh=f"{identifier} 室", en=f"Room {identifier}"),
        category=RoomCategory.OFFICE,
        usable_area_m2=18.5,
        holders=tuple(PersonId(f"p{number}") for number in range(holders)),
        restricted=restricted,
    )


def registry() -> Registry:
    """A shared room a-201, a personal one a-202, a restricted one a-203."""
    rooms = (room("a-201"), room("a-202", holders=1), room("a-203", restricted=True))
    return Registry(
        site=Site(
            id=HQ, name=Name(zh="一号院", en="Compound 1"), timezone="Asia/Shanghai", working_hours="09:00-17:00"
        ),
        buildings={BuildingId("a"): Building(id=BuildingId("a"), name=Name(zh="主楼", en="Main"))},
        rooms={each.id: each for each in rooms},
    )


@dataclass
class GivenRooms:
    """Every room is occupied and warm; what was asked for is kept."""

    asked: list[tuple[RoomId, tuple[SeriesName, ...], datetime, datetime, int]] = field(default_factory=list)

    def rooms_now(self, site: SiteId) -> Sequence[RoomNow]:
        assert site == HQ
        return [
            RoomNow(room=each, use=RoomClass.IDLE, occupied=True, people=3, co2_ppm=900.0, last_reading=NOON)
            for each in registry().rooms
        ]

    def room_series(
        self, room: RoomId, names: Sequence[SeriesName], *, start: datetime, end: datetime, points: int
    ) -> Series:
        self.asked.append((room, tuple(names), start, end, points))
        return Series(time_ms=(0, 1000), columns=dict.fromkeys(names, (1.0, None)))

    def ingest_health(self) -> IngestHealth:
        return IngestHealth(
            ready=True, spooled=3, gateways=(GatewayHealth(gateway="gw1", received=9, accepted=8, quarantined=1),)
        )


def web(**changes: object) -> WebSettings:
    return replace(WebSettings(origin=ORIGIN, live_poll_s=0.01, live_heartbeat_s=0.1), **changes)  # type: ignore[arg-type] # names and values come from the tests


def in_three_days(found: datetime, _: timedelta) -> date:
    return found.date() + timedelta(days=3)


@dataclass
class Bench:
    """What a test of the API works with."""

    folder: Path
    web: WebSettings = field(default_factory=web)
    clock: HandClock = field(default_factory=HandClock)
    rooms: GivenRooms = field(default_factory=GivenRooms)
    passwords: Passwords = QUICK
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        self.records = SqlRecords(f"sqlite:///{self.folder / 'records.db'}", clock=self.clock)
        weakref.finalize(self, self.records.close)
        self.services = Services(
            records=self.records,
            rooms=self.rooms,
            registry=registry,
            clock=self.clock,
            web=self.web,
            deadline=in_three_days,
            passwords=self.passwords,
            evidence=EvidenceStore(self.folder / "evidence"),
        )
        self.app = create_app(self.services)

    def browser(self, *, address: str = "127.0.0.1", origin: str = ORIGIN) -> "Browser":
        return Browser(self, TestClient(self.app, base_url=origin, client=(address, 50_000), follow_redirects=False))

    def account(self, *roles: Role, user_name: str = "anna", disabled: bool = False) -> Account:
        """An account of these roles whose password is PASSWORD."""
        account = Account(
            id=f"id-{user_name}",
            user_name=user_name,
            name=user_name.title(),
            password_hash=QUICK.hash(PASSWORD),
            roles=frozenset(roles),
            created=NOON,
            password_changed=NOON,
            disabled=NOON if disabled else None,
        )
        with self.records.transaction() as tx:
            tx.save_account(account)
        return account

    def signed_in(self, *roles: Role, user_name: str = "anna") -> "Browser":
        """A browser in which somebody of these roles is signed in."""
        self.account(*roles, user_name=user_name)
        browser = self.browser()
        browser.sign_in(user_name)
        return browser

    def audited(self) -> list[str]:
        """The actions in the audit log, the oldest first."""
        with self.records.reading() as tx:
            assert tx.verify_audit() is None
            return [entry.action for entry in reversed(tx.audit_entries(limit=500))]


@dataclass
class Browser:
    """A client with its cookies, which adds the CSRF token to what it posts."""

    bench: Bench
    client: TestClient
    csrf_token: str = ""

    def sign_in(self, user_name: str = "anna", password: str = PASSWORD) -> int:
        answer = self.client.post("/api/v1/sign-in", json={"user_name": user_name, "password": password})
        if answer.status_code == 200:
            self.csrf_token = answer.json()["csrf_token"]
        return answer.status_code

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(f"/api/v1{path}", headers=headers)

    def post(self, path: str, body: object = None, *, method: str = "POST") -> Response:
        headers = {"X-CSRF-Token": self.csrf_token} if self.csrf_token else {}
        return self.client.request(method, f"/api/v1{path}", json=body or {}, headers=headers)


def code(response: Response) -> str:
    """Return the code of the problem that a response tells of."""
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"]).removeprefix("urn:premises:")


def demo_manager() -> Actor:
    return Actor(id="demo", name="Demo", roles=frozenset({Role.FACILITY_MANAGER}))
