"""Records over real databases, and things to put into them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from alerts.model import Alert, AlertAction, AlertStep
from analytics.ledger import FindingRecord
from rectification.model import Item, ItemAction, ItemState, ItemStep
from sensors.accounts import Account
from sensors.actors import Role
from sensors.subjects import Subject
from sensors.topology import SiteId
from sensors.verdicts import Severity
from storage.records import SqlRecords
from tests.servers import postgres

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HQ = SiteId("hq")
ROOM = Subject.parse("room:a-201")


@dataclass(slots=True)
class StillClock:
    """A clock that stands until it is moved."""

    time: datetime = NOON

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.time


@dataclass(frozen=True, slots=True)
class Place:
    """A database for one test. `open` may be called again and again; every opening is closed at the end."""

    url: str
    opened: list[SqlRecords] = field(default_factory=list)

    def open(self, *, busy_s: float = 10) -> SqlRecords:
        """Return the records with a clock that stands still."""
        records = SqlRecords(self.url, clock=StillClock(), busy_s=busy_s)
        self.opened.append(records)
        return records


@contextmanager
def sqlite_place() -> Iterator[Place]:
    """Yield a file of its own."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "records.db"
        path.write_bytes(_new_sqlite_file())
        yield from _closed_after(Place(f"sqlite:///{path}"))


@contextmanager
def postgres_place() -> Iterator[Place]:
    """Yield a database of its own."""
    server = postgres()
    database = server.new_database(_new_postgres_database())
    try:
        yield from _closed_after(Place(server.address(database)))
    finally:
        server.drop(database)


PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {"sqlite": sqlite_place, "postgresql": postgres_place}
"""Every database that the records promise to work on."""


def _closed_after(place: Place) -> Iterator[Place]:
    try:
        yield place
    finally:
        for records in place.opened:
            records.close()


@cache
def _new_sqlite_file() -> bytes:
    """A new database is copied, for making one takes a quarter of a second."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "records.db"
        SqlRecords(f"sqlite:///{path}").close()
        return path.read_bytes()


@cache
def _new_postgres_database() -> str:
    database = postgres().new_database()
    SqlRecords(postgres().address(database)).close()
    return database


_numbers = count(1)


def alert(**fields: object) -> Alert:
    """Return an alert with an id of its own."""
    made = Alert(
        id=f"alert{next(_numbers)}",
        fingerprint="hq|F01|room:a-201|",
        site=HQ,
        rule="F01",
        subject=ROOM,
        severity=Severity.RED,
        onset=NOON,
        received=NOON + MINUTE,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def alert_step(of: Alert, action: AlertAction = AlertAction.RAISE, *, at: datetime = NOON, note: str = "") -> AlertStep:
    """Return a step that led to where the alert stands."""
    return AlertStep(alert_id=of.id, action=action, state=of.state, actor_id="anna", at=at, note=note)


def item(number: int = 1, **fields: object) -> Item:
    """Return an item with an id of its own."""
    made = Item(
        id=f"item{next(_numbers)}",
        number=number,
        site=HQ,
        rule="E04",
        subject=ROOM,
        severity=Severity.ORANGE,
        state=ItemState.DRAFT,
        opened=NOON,
        fault_from=NOON - timedelta(days=7),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def item_step(
    of: Item, action: ItemAction = ItemAction.PROPOSE, *, at: datetime = NOON, note: str = "", evidence: str = ""
) -> ItemStep:
    """Return a step that led to where the item stands."""
    return ItemStep(item_id=of.id, action=action, state=of.state, actor_id="anna", at=at, note=note, evidence=evidence)


def finding(**fields: object) -> FindingRecord:
    """Return an open finding with an id of its own."""
    made = FindingRecord(
        id=f"finding{next(_numbers)}",
        site=HQ,
        rule="E04",
        subject=ROOM,
        severity=Severity.YELLOW,
        started=NOON - timedelta(days=7),
        last_seen=NOON,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def account(user_name: str = "anna", **fields: object) -> Account:
    """Return an account with an id of its own."""
    made = Account(
        id=f"account{next(_numbers)}",
        user_name=user_name,
        name="Anna 安娜",
        password_hash="$argon2id$made-up",  # noqa: S106 - not the hash of anything
        roles=frozenset({Role.FACILITY_MANAGER, Role.VIEWER}),
        created=NOON,
        password_changed=NOON,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name
