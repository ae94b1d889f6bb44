"""What came in and could not be used: listed, offered for adoption, judged again. Payloads stay on the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from api.data_ports import Adopting, Asked, DeviceKind, KeptMessage, ReplayOutcome, SentMetric, UnknownDevice
from api.dependencies import ServicesOf, permit
from api.ports import Services
from api.problems import Problem, ProblemError
from api.routes.bodies import Body
from sensors.actors import Actor, Permission

router = APIRouter(tags=["data"])

Keeper = Annotated[Actor, Depends(permit(Permission.MANAGE_DATA))]

Name = Annotated[str, Field(min_length=1, max_length=300)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptView:
    """A message in quarantine, without what it said: that may be of a person's room."""

    id: int
    received: datetime
    gateway: str
    topic: str
    reason: str
    detail: str
    records: int
    paths: Sequence[str]
    size: int
    is_cut: bool

    @classmethod
    def of(cls, kept: KeptMessage) -> "KeptView":
        """Return the view of a message."""
        return cls(
            id=kept.id,
            received=kept.received,
            gateway=kept.gateway,
            topic=kept.topic,
            reason=kept.reason,
            detail=kept.detail,
            records=kept.records,
            paths=kept.paths,
            size=kept.size,
            is_cut=kept.is_cut,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device that sends and is not in the registry."""

    device: str
    gateway: str
    site: str
    first: datetime
    last: datetime
    records: int
    kind: DeviceKind
    in_registry: bool
    model: str | None
    metrics: Sequence[SentMetric]
    events: dict[str, int]

    @classmethod
    def of(cls, device: UnknownDevice) -> "DeviceView":
        """Return the view of a device."""
        return cls(
            device=device.device,
            gateway=device.gateway,
            site=device.site,
            first=device.first,
            last=device.last,
            records=device.records,
            kind=device.kind,
            in_registry=device.is_known,
            model=device.model,
            metrics=device.metrics,
            events=dict(device.events),
        )


class ReplayBody(Body):
    """Which messages are meant: numbers, a reason, a gateway, or `all` alone."""

    ids: Annotated[tuple[int, ...], Field(max_length=10_000)] = ()
    reason: Name | None = None
    gateway: Name | None = None
    all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayView:
    """What became of messages; counts of records, but for the first three."""

    messages: int
    again: int
    cut: int
    accepted: int
    duplicate: int
    ignored: int
    alerts: int
    reasons: dict[str, int]

    @classmethod
    def of(cls, done: ReplayOutcome) -> "ReplayView":
        """Return the view of an outcome."""
        return cls(
            messages=done.messages,
            again=done.again,
            cut=done.cut,
            accepted=done.accepted,
            duplicate=done.duplicate,
            ignored=done.ignored,
            alerts=done.alerts,
            reasons=dict(done.reasons),
        )


@router.get("/quarantine")
def get_quarantine(
    services: ServicesOf,
    _: Keeper,
    reason: Annotated[str | None, Query(max_length=300)] = None,
    gateway: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Sequence[KeptView]:
    """Return messages that could not be used, the newest first."""
    return [KeptView.of(kept) for kept in services.data.kept(reason=reason, gateway=gateway, limit=limit)]


@router.get("/quarantine/devices")
def get_unknown_devices(services: ServicesOf, _: Keeper) -> Sequence[DeviceView]:
    """Return devices that send and are not in the registry, the last heard first."""
    return [DeviceView.of(device) for device in services.data.unknown_devices()]


@router.post("/quarantine/replay")
def post_replay(services: ServicesOf, actor: Keeper, given: ReplayBody) -> ReplayView:
    """Judge messages again by the registry as it is now, and take in what is right now."""
    if given.all == bool(given.ids or given.reason or given.gateway):
        advice = "say which: ids, a reason, a gateway, or all alone"
        raise ProblemError(Problem(status=422, code="invalid", detail=advice))
    asked = Asked(numbers=given.ids or None, reason=given.reason, gateway=given.gateway)
    return ReplayView.of(replay(services, asked, actor=actor))


def replay(services: Services, asked: Asked, *, actor: Actor) -> ReplayOutcome:
    """Return what became of the messages meant; the audit log says who asked. Raises NotPermittedError, InputFault."""
    actor.must(Permission.MANAGE_DATA)
    meant = {"reason": asked.reason, "gateway": asked.gateway, "ids": " ".join(map(str, asked.numbers or ()))[:500]}
    detail = {name: value for name, value in meant.items() if value}
    subject = f"site:{services.registry().site.id}"
    with services.records.transaction() as tx:
        # Before it is done: what the log could not take is not done either.
        now = services.clock.now()
        tx.audit(actor_id=actor.id, action="quarantine.replay", subject=subject, at=now, detail=detail)
    return services.data.replay(asked)


def adopt(services: Services, adopting: Adopting, *, actor: Actor) -> ReplayOutcome:
    """Return what became of what a device sent, now that it is in the registry; the audit log says who put it there.

    Raises NotPermittedError, InputFault.
    """
    actor.must(Permission.MANAGE_DATA)
    detail = {"device": adopting.device, "gateway": adopting.gateway, adopting.kind.value: adopting.place}
    subject = f"site:{services.registry().site.id}"
    with services.records.transaction() as tx:
        tx.audit(actor_id=actor.id, action="device.adopt", subject=subject, at=services.clock.now(), detail=detail)
    return services.data.adopt(adopting)
