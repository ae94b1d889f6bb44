"""What the API answers: frozen values with names from the field; times are UTC, ISO 8601."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from alerts.commands import message_id
from alerts.escalation import ResponseClock
from alerts.model import Alert, AlertAction, AlertState, AlertStep
from analytics.ledger import FindingRecord, Judgement
from api.alert_ports import Call, Telling
from api.ports import IngestHealth, RoomClass, RoomNow, Series
from rectification.model import Item, ItemAction, ItemState, ItemStep
from sensors.accounts import Account
from sensors.actors import Actor, Limit, LimitKind, Permission, Role
from sensors.journal import AuditEntry
from sensors.topology import Room, RoomCategory
from sensors.verdicts import Severity

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitView:
    """A place within which a role counts."""

    role: Role
    kind: LimitKind
    id: str

    @classmethod
    def all_of(cls, limits: Iterable[Limit]) -> Sequence["LimitView"]:
        """Return the views of limits, in order."""
        return [cls(role=each.role, kind=each.kind, id=each.id) for each in sorted(limits)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who is signed in. `csrf_token` goes into the header X-CSRF-Token of every unsafe request; a token needs none."""

    id: str
    name: str
    roles: Sequence[Role]
    permissions: Sequence[Permission]
    limits: Sequence[LimitView]
    second_factor: bool
    csrf_token: str

    @classmethod
    def of(cls, account: Account, csrf_token: str, acting: Actor | None = None) -> "Me":
        """Return the view of an account that is signed in; `acting` is who a token lets act."""
        actor = acting or account.actor()
        return cls(
            id=account.id,
            name=account.name,
            roles=sorted(account.roles),
            permissions=[permission for permission in Permission if actor.may(permission)],
            limits=LimitView.all_of(account.limits),
            second_factor=bool(account.totp_secret),
            csrf_token=csrf_token,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be asked to do something."""

    id: str
    name: str
    roles: Sequence[Role]

    @classmethod
    def of(cls, account: Account) -> "Person":
        """Return the view of an account for others."""
        return cls(id=account.id, name=account.name, roles=sorted(account.roles))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account as its administrator sees it."""

    id: str
    user_name: str
    name: str
    roles: Sequence[Role]
    created: datetime
    disabled: datetime | None
    has_password: bool
    person: str | None
    limits: Sequence[LimitView]
    second_factor: bool

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        """Return the view of an account."""
        return cls(
            id=account.id,
            user_name=account.user_name,
            name=account.name,
            roles=sorted(account.roles),
            created=account.created,
            disabled=account.disabled,
            has_password=bool(account.password_hash),
            person=account.person,
            limits=LimitView.all_of(account.limits),
            second_factor=bool(account.totp_secret),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert; `message` and `parameters` are its text in any language."""

    id: str
    site: str
    rule: str
    message: str
    parameters: Mapping[str, str]
    subject: str
    severity: Severity
    state: AlertState
    onset: datetime
    received: datetime
    zone: str
    test: bool
    doubts: Sequence[str]

    @classmethod
    def of(cls, alert: Alert) -> "AlertView":
        """Return the view of an alert."""
        return cls(
            id=alert.id,
            site=alert.site,
            rule=alert.rule,
            message=message_id(alert),
            parameters=dict(alert.parameters),
            subject=str(alert.subject),
            severity=alert.severity,
            state=alert.state,
            onset=alert.onset,
            received=alert.received,
            zone=alert.zone,
            test=alert.test,
            doubts=alert.doubts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStepView:
    """One transition of an alert."""

    action: AlertAction
    state: AlertState
    actor_id: str
    actor_name: str
    at: datetime
    note: str
    on_behalf_of: str

    @classmethod
    def of(cls, step: AlertStep, names: Names) -> "AlertStepView":
        """Return the view of a step."""
        return cls(
            action=step.action,
            state=step.state,
            actor_id=step.actor_id,
            actor_name=names.get(step.actor_id, step.actor_id),
            at=step.at,
            note=step.note,
            on_behalf_of=step.on_behalf_of,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDetail:
    """An alert with its transitions, in order; the clocks that people answer against; who was called and is next."""

    alert: AlertView
    steps: Sequence[AlertStepView]
    clocks: Sequence[ResponseClock]
    calls: Sequence[Call]
    telling: Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """How many calls are made once more."""

    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One item of the plan."""

    id: str
    number: int
    site: str
    rule: str
    subject: str
    severity: Severity
    state: ItemState
    opened: datetime
    fault_from: datetime
    responsible: str | None
    responsible_name: str | None
    deadline: date | None
    measure: str
    reported_by: str | None
    reported_done: datetime | None
    verified: datetime | None
    signed_off_by: str | None
    recurrence_of: str | None
    revision: int
    plan_id: str | None
    is_apart: bool
    judged_from: datetime | None
    signed_off: datetime | None
    look_back: date | None
    looked_back: datetime | None
    looked_back_by: str | None

    @classmethod
    def of(cls, item: Item, names: Names) -> "ItemView":
        """Return the view of an item."""
        return cls(
            id=item.id,
            number=item.number,
            site=item.site,
            rule=item.rule,
            subject=str(item.subject),
            severity=item.severity,
            state=item.state,
            opened=item.opened,
            fault_from=item.fault_from,
            responsible=item.responsible,
            responsible_name=None if item.responsible is None else names.get(item.responsible, item.responsible),
            deadline=item.deadline,
            measure=item.measure,
            reported_by=item.reported_by,
            reported_done=item.reported_done,
            verified=item.verified,
            signed_off_by=item.signed_off_by,
            recurrence_of=item.recurrence_of,
            revision=item.revision,
            plan_id=item.plan_id,
            is_apart=item.is_apart,
            judged_from=item.judged_from,
            signed_off=item.signed_off,
            look_back=item.look_back,
            looked_back=item.looked_back,
            looked_back_by=item.looked_back_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStepView:
    """One transition of an item; `evidence` is JSON where the readings decided."""

    action: ItemAction
    state: ItemState
    actor_id: str
    actor_name: str
    at: datetime
    note: str
    evidence: str

    @classmethod
    def of(cls, step: ItemStep, names: Names, *, shows_evidence: bool) -> "ItemStepView":
        """Return the view of a step."""
        return cls(
            action=step.action,
            state=step.state,
            actor_id=step.actor_id,
            actor_name=names.get(step.actor_id, step.actor_id),
            at=step.at,
            note=step.note,
            evidence=step.evidence if shows_evidence else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDetail:
    """An item with its transitions, in order."""

    item: ItemView
    steps: Sequence[ItemStepView]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One period in which a rule found fault; open while `ended` is null."""

    id: str
    site: str
    rule: str
    subject: str
    severity: Severity
    started: datetime
    last_seen: datetime
    ended: datetime | None
    value: float | None
    threshold: float | None
    unit: str
    energy_kwh: float | None
    evidence: Mapping[str, float | int | str | None]
    item_id: str | None
    judged: Judgement | None
    judged_by: str | None
    judged_at: datetime | None
    judged_until: datetime | None

    @classmethod
    def of(cls, record: FindingRecord) -> "FindingView":
        """Return the view of a finding."""
        return cls(
            id=record.id,
            site=record.site,
            rule=record.rule,
            subject=str(record.subject),
            severity=record.severity,
            started=record.started,
            last_seen=record.last_seen,
            ended=record.ended,
            value=record.value,
            threshold=record.threshold,
            unit=record.unit,
            energy_kwh=record.energy_kwh,
            evidence=dict(record.evidence),
            item_id=record.item_id,
            judged=record.judged,
            judged_by=record.judged_by,
            judged_at=record.judged_at,
            judged_until=record.judged_until,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomView:
    """A room and its present state; of a personal room only `use` is told, the rest is null."""

    id: str
    name: Mapping[str, str]
    building: str
    floor: str
    category: RoomCategory
    personal: bool
    use: RoomClass
    occupied: bool | None
    probability: float | None
    people: int | None
    co2_ppm: float | None
    temperature_c: float | None
    power_w: float | None
    last_reading: datetime | None

    @classmethod
    def of(cls, room: Room, now: RoomNow) -> "RoomView":
        """Return the view of a room whose state may be shown."""
        return cls(
            id=room.id,
            name={"zh": room.name.zh, "en": room.name.en},
            building=room.building,
            floor=room.floor,
            category=room.category,
            personal=room.is_personal,
            use=now.use,
            occupied=now.occupied,
            probability=now.probability,
            people=now.people,
            co2_ppm=now.co2_ppm,
            temperature_c=now.temperature_c,
            power_w=now.power_w,
            last_reading=now.last_reading,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    """Columns on one axis of times, UTC milliseconds; null is a gap."""

    time_ms: Sequence[int]
    columns: Mapping[str, Sequence[float | None]]

    @classmethod
    def of(cls, series: Series) -> "SeriesView":
        """Return the view of a series."""
        return cls(time_ms=series.time_ms, columns={name.value: values for name, values in series.columns.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayView:
    """One gateway's account, in records."""

    gateway: str
    received: int
    accepted: int
    quarantined: int
    last_received: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestView:
    """How the way in fares."""

    ready: bool
    spooled: int
    last_reading: datetime | None
    gateways: Sequence[GatewayView]

    @classmethod
    def of(cls, health: IngestHealth) -> "IngestView":
        """Return the view of the way in."""
        gateways = [
            GatewayView(
                gateway=each.gateway,
                received=each.received,
                accepted=each.accepted,
                quarantined=each.quarantined,
                last_received=each.last_received,
            )
            for each in health.gateways
        ]
        return cls(ready=health.ready, spooled=health.spooled, last_reading=health.last_reading, gateways=gateways)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """One row of the audit log."""

    id: int
    at: datetime
    actor_id: str
    actor_name: str
    action: str
    subject: str
    detail: Mapping[str, str]
    hash: str

    @classmethod
    def of(cls, entry: AuditEntry, names: Names) -> "AuditView":
        """Return the view of a row."""
        return cls(
            id=entry.id,
            at=entry.at,
            actor_id=entry.actor_id,
            actor_name=names.get(entry.actor_id, entry.actor_id),
            action=entry.action,
            subject=entry.subject,
            detail=dict(entry.detail),
            hash=entry.hash,
        )
