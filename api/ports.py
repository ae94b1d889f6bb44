"""What the API needs from the records, the readings and the program around it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, Protocol

from alerts.episodes import AlertHistory
from alerts.logs.ports import LogTransaction
from alerts.ports import StandingTransaction
from alerts.replies import ReplyTransaction
from analytics.ledger import FindingTransaction
from analytics.savings.terms import Period
from analytics.submetering import By
from api.alert_ports import AlertDesk, NoDeliveries
from api.data_ports import DataDesk, NoData
from api.energy_report_ports import EnergyReportDesk
from api.evidence_ports import EvidenceFiles, NoEvidence
from api.papers import DutySheets
from api.plan_papers import PlanPapers
from api.security.passwords import Argon2Passwords, Passwords
from api.security.waiting import WaitingForCode
from api.sign_on_ports import SignOn
from api.sms_replies import SmsReplies
from api.wecom_replies import WecomReplies
from rectification.by_savings import ItemSavings
from rectification.checklists import Checklists
from rectification.commands import Deadlines
from rectification.energy_reports import EnergyReportTransaction
from rectification.evidence import MAX_BYTES
from rectification.inspection_ports import InspectionTransaction
from rectification.look_back import LookBacks, after_half_a_year
from rectification.model import Item
from rectification.ports import NoticeTransaction, PlanTransaction, RepairTransaction
from rectification.reallocations import ReallocationTransaction
from rectification.report_ports import ReportTransaction
from sensors.accounts import Account, ApiToken, Session, SetUpToken
from sensors.actors import Actor, Role
from sensors.bills import BillTransaction
from sensors.clock import Clock
from sensors.journal import AuditEntry, Change
from sensors.subjects import Subject
from sensors.topology import BuildingId, Registry, RoomId, SiteId
from sensors.utilisation import Utilisation


class AccountTransaction(Protocol):
    """One transaction over accounts, sessions, set-up links and failures to sign in."""

    def account(self, account_id: str) -> Account | None:
        """Return an account."""
        ...

    def account_named(self, user_name: str) -> Account | None:
        """Return the account of a user name, compared exactly; callers normalise."""
        ...

    def account_of_sign_on(self, sign_on: str) -> Account | None:
        """Return the account that somebody at the house's sign-on has."""
        ...

    def accounts(self) -> Sequence[Account]:
        """Return all accounts, by user name."""
        ...

    def save_account(self, account: Account) -> None:
        """Insert or update an account; adds a row of kind `account` to `changes`."""
        ...

    def session(self, token_hash: str) -> Session | None:
        """Return a session."""
        ...

    def save_session(self, session: Session) -> None:
        """Insert or update a session."""
        ...

    def end_session(self, token_hash: str) -> None:
        """Delete a session; nothing happens where there is none."""
        ...

    def end_sessions_of(self, account_id: str) -> None:
        """Delete all sessions of an account."""
        ...

    def end_sessions_older_than(self, *, created: datetime, seen: datetime) -> None:
        """Delete the sessions created before `created` or last seen before `seen`."""
        ...

    def api_token(self, token_id: str) -> ApiToken | None:
        """Return a token of a program."""
        ...

    def api_token_of_hash(self, token_hash: str) -> ApiToken | None:
        """Return the token of a hash."""
        ...

    def api_tokens(self, account_id: str | None = None) -> Sequence[ApiToken]:
        """Return the tokens of an account, or all, the newest first."""
        ...

    def save_api_token(self, token: ApiToken) -> None:
        """Insert or update a token."""
        ...

    def set_up_token(self, token_hash: str) -> SetUpToken | None:
        """Return a set-up link."""
        ...

    def save_set_up_token(self, token: SetUpToken) -> None:
        """Insert or update a set-up link."""
        ...

    def forget_set_up_tokens(self, account_id: str | None) -> None:
        """Delete the links of an account, with None those for the first account."""
        ...

    def add_sign_in_failure(self, key: str, *, at: datetime) -> None:
        """Note a failure under a key (`account:anna`, `address:192.0.2.7`)."""
        ...

    def sign_in_failures(self, key: str, *, since: datetime) -> Sequence[datetime]:
        """Return the times of the failures under a key at or after `since`, the oldest first."""
        ...

    def forget_sign_in_failures(self, key: str, *, at: datetime | None = None) -> None:
        """Delete the failures under a key, or only the one noted at that time."""
        ...

    def forget_sign_in_failures_before(self, time: datetime) -> None:
        """Delete the failures before a time, under all keys."""
        ...


class AuditTransaction(Protocol):
    """The audit log, to which rows are only ever added, chained by hash."""

    def audit(
        self, *, actor_id: str, action: str, subject: str, at: datetime, detail: Mapping[str, str] | None = None
    ) -> None:
        """Add a row."""
        ...

    def audit_entries(self, *, before: int | None = None, limit: int = 100) -> Sequence[AuditEntry]:
        """Return rows, the newest first, those with a smaller number than `before` where it is given."""
        ...

    def verify_audit(self) -> AuditEntry | None:
        """Return the first row that does not fit its chain, None when all do."""
        ...


class ChangesReader(Protocol):
    """The table `changes`, from which pages are kept live."""

    def changes(self, *, after: int, limit: int = 500) -> Sequence[Change]:
        """Return changes with a greater number than `after`, in order."""
        ...

    def last_change(self) -> int:
        """Return the number of the newest change, 0 before the first."""
        ...


class RecordsTransaction(
    ReplyTransaction,
    NoticeTransaction,
    PlanTransaction,
    RepairTransaction,
    ReportTransaction,
    EnergyReportTransaction,
    ReallocationTransaction,
    InspectionTransaction,
    FindingTransaction,
    AccountTransaction,
    BillTransaction,
    LogTransaction,
    StandingTransaction,
    AlertHistory,
    AuditTransaction,
    ChangesReader,
    Protocol,
):
    """Everything that the API does in the records, together or not at all."""


class Records(Protocol):
    """The records. A transaction left by an exception leaves nothing behind."""

    def transaction(self) -> AbstractContextManager[RecordsTransaction]:
        """Return a transaction that may write; one thread uses it."""
        ...

    def reading(self) -> AbstractContextManager[RecordsTransaction]:
        """Return a transaction that only reads: it sees one state and waits for nobody."""
        ...


class RoomClass(StrEnum):
    """How a room is used: the only thing shown of a personal room. 闲置, 低效, 正常, 数据不足."""

    IDLE = "idle"
    UNDERUSED = "underused"
    NORMAL = "normal"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomNow:
    """The present state of a room; None is unknown. The API takes away what a personal room must not show."""

    room: RoomId
    use: RoomClass = RoomClass.UNKNOWN
    occupied: bool | None = None
    probability: float | None = None
    """How probable it is that somebody is there, 0 to 1, where that is inferred: no sensor sees people."""
    people: int | None = None
    co2_ppm: float | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    last_reading: datetime | None = None


class SeriesName(StrEnum):
    """What can be drawn for a room over time."""

    OCCUPIED = "occupied"
    CO2_PPM = "co2_ppm"
    TEMPERATURE_C = "temperature_c"
    POWER_W = "power_w"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values on one axis of times, UTC milliseconds; None is a gap. All columns have the axis's length."""

    time_ms: tuple[int, ...]
    columns: Mapping[SeriesName, tuple[float | None, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the columns against change."""
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayHealth:
    """One gateway's account, in records, and when it was last heard."""

    gateway: str
    received: int
    accepted: int
    quarantined: int
    last_received: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestHealth:
    """How the way in fares: what waits in the spool, and each gateway's account."""

    ready: bool
    spooled: int
    gateways: tuple[GatewayHealth, ...] = ()
    last_reading: datetime | None = None


class RoomQueries(Protocol):
    """The readings as pages need them. Calls may block; the API makes them in its thread pool."""

    def rooms_now(self, site: SiteId) -> Sequence[RoomNow]:
        """Return the present state of every room, restricted ones left out, in the registry's order."""
        ...

    def room_series(
        self, room: RoomId, names: Sequence[SeriesName], *, start: datetime, end: datetime, points: int
    ) -> Series:
        """Return the series of a room in [start, end), thinned to about `points` times; empty where nothing is."""
        ...

    def ingest_health(self) -> IngestHealth:
        """Return how the way in fares."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyAsked:
    """Of which local days, both inclusive, the use is wanted, divided how, and of which building; None of all."""

    by: By
    first: date
    last: date
    building: BuildingId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsAsked:
    """Whose savings are wanted, over which local days, told in which language, and whether with a picture."""

    subject: Subject
    baseline: Period
    reporting: Period
    language: Literal["zh", "en"]
    adjust_events: bool = False
    draws: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsTold:
    """The answer as docs/savings.md says, in sentences, and as a picture where one was asked for and there is one."""

    document: Mapping[str, object]
    lines: Sequence[str]
    chart_svg: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """How the server is reached and how long a session lasts.

    `origin` is what people type (`https://premises.example`); cookies are secure exactly when it is https.
    `hosts` are further names under which requests are taken, without ports; loopback names are taken when the server
    listens on loopback. `proxies` are the addresses of reverse proxies whose word on the client's address is taken.
    `demo_actor` is who a visitor is signed in as, on loopback only. `metrics_token` lets others than this machine read
    the figures.
    """

    origin: str
    listens_on_loopback: bool = True
    hosts: frozenset[str] = frozenset()
    proxies: frozenset[str] = frozenset()
    demo_actor: Actor | None = None
    metrics_token: str | None = field(default=None, repr=False)
    second_factor_roles: frozenset[Role] = frozenset()
    """Roles whose people may do nothing before they have set up a second step of signing in."""
    session_idle: timedelta = timedelta(hours=8)
    session_lifetime: timedelta = timedelta(hours=24)
    request_timeout_s: float = 30.0
    max_body_bytes: int = 1024 * 1024
    max_upload_bytes: int = MAX_BYTES + 64 * 1024
    """The same where a file is sent: the file and what the form writes round it."""
    upload_timeout_s: float = 180.0
    live_poll_s: float = 0.25
    live_heartbeat_s: float = 15.0

    @property
    def secure(self) -> bool:
        """Say whether people come by https."""
        return self.origin.startswith("https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the application is given; it makes nothing of this itself."""

    records: Records
    rooms: RoomQueries
    registry: Callable[[], Registry]
    clock: Clock
    web: WebSettings
    deadline: Deadlines
    """Proposes by when something is to be mended."""
    look_back: LookBacks = after_half_a_year
    """Says when somebody looks again at what was signed off."""
    evidence: EvidenceFiles = field(default_factory=NoEvidence)
    checklists: Callable[[], Checklists] = field(default=lambda: MappingProxyType({}))
    """What can be inspected. It raises InputFault where the site's own file cannot be used."""
    ready: Callable[[], Mapping[str, str]] = field(default=lambda: MappingProxyType({}))
    """Parts that must work before all is well, each with why it does not, empty where it does."""
    data: DataDesk = field(default_factory=NoData)
    alerts: AlertDesk = field(default_factory=NoDeliveries)
    utilisation: Callable[[], Utilisation | None] = field(default=lambda: None)
    """How rooms were used over the last weeks; None before anybody looked."""
    energy: Callable[[EnergyAsked], Mapping[str, object] | None] = field(default=lambda _asked: None)
    """What the electricity went to, as docs/energy.md says; None where nothing is rolled up. It may block."""
    savings: Callable[[SavingsAsked], SavingsTold | None] = field(default=lambda _asked: None)
    """What was saved; None where no register of the subject is rolled up. It may block."""
    item_savings: Callable[[Item, datetime | None], ItemSavings | None] = field(default=lambda _item, _began: None)
    """What mending an item saved, from when work on it began; None where its fault is no energy. It may block."""
    reallocation: Callable[[float], Mapping[str, Any]] | None = None
    """Proposes a better use of rooms within so many seconds; None where nothing does. It blocks; raises InputFault."""
    figures: Callable[[], bytes] | None = None
    """What `/metrics` answers, in Prometheus' text format; None for nothing."""
    passwords: Passwords = field(default_factory=Argon2Passwords)
    sign_on: SignOn | None = None
    """The house's own sign-on; None where there is none."""
    waiting_for_code: WaitingForCode = field(default_factory=WaitingForCode)
    sms_replies: SmsReplies | None = None
    """Who may bring answers to SMS; None where nobody may."""
    duty_sheet: DutySheets | None = None
    """Makes duty sheets; None where nothing does."""
    plan_papers: PlanPapers | None = None
    """Makes ledgers, plans and closing sheets; None where nothing does."""
    energy_reports: EnergyReportDesk | None = None
    """Works out and writes energy reports; None where nothing does."""
    wecom_replies: Mapping[str, WecomReplies] = field(default_factory=lambda: MappingProxyType({}))
    """WeCom's applications whose members may answer, by their names in the settings."""
