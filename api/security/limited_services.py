"""The services as somebody with limits gets them: the one place where reach is enforced, below the routes."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Lock

from alerts.policy import Policy
from api.alert_ports import AlertDesk, Call, Telling
from api.data_ports import (
    Adopting,
    Asked,
    DataDesk,
    GatewayAccount,
    KeptHeap,
    KeptMessage,
    ReplayOutcome,
    UnknownDevice,
)
from api.messages import Language
from api.papers import Paper
from api.plan_papers import PlanPapers
from api.ports import (
    EnergyAsked,
    IngestHealth,
    Records,
    RecordsTransaction,
    RoomNow,
    RoomQueries,
    SavingsAsked,
    SavingsTold,
    Series,
    SeriesName,
    Services,
)
from api.security.held import HeldActor
from api.security.limited_records import LimitedRecords, out_of_reach
from rectification.plans import Plan
from sensors.actors import Actor, Limit, Permission
from sensors.reach import Reach
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, RoomId, SiteId
from sensors.utilisation import Utilisation, visible_utilisation

Within = frozenset[frozenset[Limit]]


class KnownReaches:
    """Reaches with their registries, kept from one request to the next: to narrow 1,000 rooms takes 33 ms."""

    MOST = 32

    def __init__(self) -> None:
        """Know none."""
        self._lock = Lock()
        self._kept: OrderedDict[tuple[int, Within], tuple[Reach, Registry]] = OrderedDict()

    def of(self, registry: Registry, within: Within) -> tuple[Reach, Registry]:
        """Return what lies within, made where it is not known of this very registry."""
        key = (id(registry), within)
        with self._lock:
            known = self._kept.get(key)
            if known is not None and known[0].registry is registry:
                self._kept.move_to_end(key)
                return known
        reach = Reach(registry, within)
        made = (reach, reach.narrowed())
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self.MOST:
                self._kept.popitem(last=False)
        return made


_KNOWN = KnownReaches()


class ReachOf:
    """What an actor reaches now: where they may read, and do all that was asked of them in this request."""

    def __init__(self, services: Services, actor: HeldActor) -> None:
        """Keep whose it is."""
        self._services = services
        self._actor = actor

    def reach(self) -> Reach:
        """Return what is within reach."""
        return self._now()[0]

    def registry(self) -> Registry:
        """Return the registry of what is within reach."""
        return self._now()[1]

    def sees(self, subject: Subject) -> bool:
        """Say whether a subject is within reach."""
        return self.reach().sees(subject)

    def _now(self) -> tuple[Reach, Registry]:
        places = (self._actor.where(permission) for permission in {Permission.READ, *self._actor.asked})
        return _KNOWN.of(self._services.registry(), frozenset(each for each in places if each is not None))


def limit_services(services: Services, actor: HeldActor) -> Services:
    """Return the services within the actor's reach. What is of the whole site is left out."""
    within = ReachOf(services, actor)
    records = LimitedRecords(services.records, actor, within.reach)
    papers = services.plan_papers
    return replace(
        services,
        records=records,
        registry=within.registry,
        rooms=LimitedRooms(services.rooms, within),
        data=LimitedData(services.data, within, actor),
        alerts=LimitedAlerts(services.alerts, records),
        utilisation=lambda: _utilisation(within.registry(), services.utilisation()),
        energy=lambda asked: services.energy(asked) if _is_whole(within, asked) else None,
        savings=lambda asked: _savings(services, within, asked),
        reallocation=None,
        duty_sheet=None,
        energy_reports=None,
        plan_papers=None if papers is None else LimitedPapers(papers.over(within.registry), actor),
    )


def _utilisation(registry: Registry, found: Utilisation | None) -> Utilisation | None:
    return None if found is None else visible_utilisation(registry, found)


def _is_whole(within: ReachOf, asked: EnergyAsked) -> bool:
    """Say whether the use is asked of one building that lies within reach as a whole."""
    return asked.building is not None and within.sees(Subject(SubjectKind.BUILDING, asked.building))


def _savings(services: Services, within: ReachOf, asked: SavingsAsked) -> SavingsTold | None:
    return services.savings(asked) if within.sees(asked.subject) else None


@dataclass(frozen=True, slots=True)
class LimitedRooms:
    """Keeps `RoomQueries` within reach."""

    rooms: RoomQueries
    within: ReachOf

    def rooms_now(self, site: SiteId) -> Sequence[RoomNow]:
        """Return the present state of the rooms within reach."""
        known = self.within.registry().rooms
        return [state for state in self.rooms.rooms_now(site) if state.room in known]

    def room_series(
        self, room: RoomId, names: Sequence[SeriesName], *, start: datetime, end: datetime, points: int
    ) -> Series:
        """Return the series of a room, empty of one that is out of reach."""
        if room not in self.within.registry().rooms:
            return Series(time_ms=())
        return self.rooms.room_series(room, names, start=start, end=end, points=points)

    def ingest_health(self) -> IngestHealth:
        """Return how the way in fares, with the gateways within reach."""
        whole = self.rooms.ingest_health()
        return replace(whole, gateways=tuple(each for each in whole.gateways if _sees(self.within, each.gateway)))


@dataclass(frozen=True, slots=True)
class LimitedData:
    """Keeps `DataDesk` within reach: what no registry places, and what lies in quarantine, is nobody's with limits."""

    data: DataDesk
    within: ReachOf
    actor: HeldActor

    def accounts(self) -> Sequence[GatewayAccount]:
        """Return the books of the gateways within reach."""
        return [each for each in self.data.accounts() if _sees(self.within, each.gateway)]

    def heaps(self) -> Sequence[KeptHeap]:
        """Return what is in quarantine, to those who manage the data of the whole site."""
        return self.data.heaps() if self._manages_all() else ()

    def kept(self, *, reason: str | None, gateway: str | None, limit: int) -> Sequence[KeptMessage]:
        """Return messages in quarantine, likewise."""
        return self.data.kept(reason=reason, gateway=gateway, limit=limit) if self._manages_all() else ()

    def unknown_devices(self) -> Sequence[UnknownDevice]:
        """Return the devices that nobody knows, likewise."""
        return self.data.unknown_devices() if self._manages_all() else ()

    def replay(self, asked: Asked) -> ReplayOutcome:
        """Judge messages again, likewise. Raises NotPermittedError."""
        self._must_manage_all()
        return self.data.replay(asked)

    def adopt(self, adopting: Adopting) -> ReplayOutcome:
        """Put a device into the registry, likewise. Raises NotPermittedError."""
        self._must_manage_all()
        return self.data.adopt(adopting)

    def _manages_all(self) -> bool:
        return self.actor.may(Permission.MANAGE_DATA) and self.actor.where(Permission.MANAGE_DATA) is None

    def _must_manage_all(self) -> None:
        if not self._manages_all():
            raise out_of_reach(self.actor)


@dataclass(frozen=True, slots=True)
class LimitedAlerts:
    """Keeps `AlertDesk` within reach."""

    desk: AlertDesk
    records: Records

    def policy(self) -> Policy:
        """Return who is told of what."""
        return self.desk.policy()

    def is_workday(self, day: date) -> bool:
        """Say whether a local day is worked."""
        return self.desk.is_workday(day)

    def tellings(self, alert_ids: Collection[str]) -> Mapping[str, Telling]:
        """Return what was decided of the alerts within reach."""
        return self.desk.tellings(self._seen(alert_ids))

    def calls(self, alert_id: str) -> Sequence[Call]:
        """Return every call of an alert within reach."""
        return self.desk.calls(alert_id) if self._seen([alert_id]) else ()

    def undelivered(self, *, limit: int = 100) -> Sequence[Call]:
        """Return the calls that were given up, of alerts within reach."""
        calls = self.desk.undelivered(limit=limit)
        seen = set(self._seen([call.alert_id for call in calls]))
        return [call for call in calls if call.alert_id in seen]

    def retry(self, numbers: Collection[int] | None = None) -> int:
        """Make calls of alerts within reach once more."""
        theirs = {call.number for call in self.undelivered(limit=1_000)}
        return self.desk.retry(theirs if numbers is None else theirs & set(numbers))

    def told(self, *, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:  # noqa: ARG002 - the port's
        """Tell of nobody: who was told how often is of the whole site."""
        return {}

    def _seen(self, alert_ids: Collection[str]) -> Sequence[str]:
        with self.records.reading() as tx:
            return [each for each in dict.fromkeys(alert_ids) if tx.alert(each) is not None]


@dataclass(frozen=True, slots=True)
class LimitedPapers:
    """Keeps `PlanPapers` within reach: over its registry, from a transaction that is; edited ledgers stay outside."""

    papers: PlanPapers
    actor: HeldActor

    def over(self, registry: Callable[[], Registry]) -> "LimitedPapers":
        """Return the same over another registry."""
        return replace(self, papers=self.papers.over(registry))

    def ledger(self, tx: RecordsTransaction, form: Paper, language: Language, plan: Plan | None = None, /) -> bytes:
        """Return the ledger of what is within reach."""
        return self.papers.ledger(tx, form, language, plan)

    def plan(self, tx: RecordsTransaction, identifier: str, form: Paper, language: Language, /) -> bytes:
        """Return a plan."""
        return self.papers.plan(tx, identifier, form, language)

    def closing(self, tx: RecordsTransaction, identifier: str, form: Paper, language: Language, /) -> bytes:
        """Return the closing sheet of an item."""
        return self.papers.closing(tx, identifier, form, language)

    def take_in(
        self, content: bytes, name: str, *, actor: Actor, is_dry: bool, takes_rest: bool
    ) -> Mapping[str, object]:
        """Take in what somebody wrote who may manage items everywhere. Raises NotPermittedError."""
        if self.actor.where(Permission.MANAGE_ITEM) is not None:
            raise out_of_reach(self.actor)
        return self.papers.take_in(content, name, actor=actor, is_dry=is_dry, takes_rest=takes_rest)


def _sees(within: ReachOf, gateway: str) -> bool:
    return within.sees(Subject(SubjectKind.GATEWAY, gateway))
