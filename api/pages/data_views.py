"""The page on data: each gateway's books, what could not be used and why, and devices nobody has entered yet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from api.data_ports import DeviceKind, GatewayAccount, KeptHeap, PlaceKind, UnknownDevice
from api.pages.desk import Desk
from api.pages.views import Moment
from sensors.actors import Permission
from sensors.subjects import Subject, SubjectKind

UNKNOWN_DEVICE = "unknown_device"
LATE_S = 30 * 60
"""When a gateway that has said nothing is shown as silent. Our own choice."""

_PLACES = {DeviceKind.METER: PlaceKind.CIRCUIT, DeviceKind.DOOR: PlaceKind.OPENING}


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRow:
    """One gateway's account in figures."""

    gateway: str
    received: str
    accepted: str
    duplicate: str
    quarantined: str
    ignored: str
    dropped: str
    missing: str
    heard: Moment | None
    is_silent: bool
    balances: bool
    has_losses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapRow:
    """What one gateway sent that could not be used for one reason."""

    reason: str
    text: str
    gateway: str
    messages: str
    records: str
    last: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCard:
    """A device that nobody has entered: what it sent and how to take it in."""

    device: str
    gateway: str
    kind: str
    last: Moment
    records: str
    sent: Sequence[str]
    is_known: bool
    model: str | None
    place: PlaceKind
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceChoice:
    """A place that a device may be put at: its id, and what people call it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataView:
    """The whole page; `can_replay` says whether this person may have messages judged again."""

    books: Sequence[BookRow]
    heaps: Sequence[HeapRow]
    devices: Sequence[DeviceCard]
    can_replay: bool
    places: Mapping[PlaceKind, Sequence[PlaceChoice]]


def data(desk: Desk) -> DataView:
    """Return the page."""
    source, can_replay = desk.services.data, desk.actor.may(Permission.MANAGE_DATA)
    devices = source.unknown_devices() if can_replay else ()
    return DataView(
        books=[_book(desk, account) for account in source.accounts()],
        heaps=[_heap(desk, heap) for heap in source.heaps()],
        devices=[_device(desk, device) for device in devices],
        can_replay=can_replay,
        places=_places(desk, {_place(each) for each in devices if not each.is_known}),
    )


def _place(device: UnknownDevice) -> PlaceKind:
    return _PLACES.get(device.kind, PlaceKind.ROOM)


def _places(desk: Desk, kinds: Collection[PlaceKind]) -> Mapping[PlaceKind, Sequence[PlaceChoice]]:
    """Return the places of the registry, of these kinds; restricted rooms take no devices."""
    registry, wording = desk.services.registry(), desk.wording
    ids: Mapping[PlaceKind, Sequence[str]] = {
        PlaceKind.ROOM: [room.id for room in registry.rooms.values() if not room.restricted],
        PlaceKind.CIRCUIT: list(registry.circuits),
        PlaceKind.OPENING: list(registry.openings),
    }
    return {
        kind: [PlaceChoice(id=each, name=wording.subject(Subject(SubjectKind(kind.value), each))) for each in ids[kind]]
        for kind in PlaceKind
        if kind in kinds
    }


def _book(desk: Desk, account: GatewayAccount) -> BookRow:
    number = desk.messages.number
    heard = account.last_received
    return BookRow(
        gateway=account.gateway,
        received=number(account.received, 0),
        accepted=number(account.accepted, 0),
        duplicate=number(account.duplicate, 0),
        quarantined=number(account.quarantined, 0),
        ignored=number(account.ignored, 0),
        dropped=number(account.dropped, 0),
        missing=number(account.missing, 0),
        heard=None if heard is None else desk.wording.moment(heard),
        is_silent=account.state == "lost" or (account.lag_s is not None and account.lag_s > LATE_S),
        balances=account.balances,
        has_losses=bool(account.dropped or account.missing),
    )


def _heap(desk: Desk, heap: KeptHeap) -> HeapRow:
    return HeapRow(
        reason=heap.reason,
        text=reason_text(desk, heap.reason),
        gateway=heap.gateway,
        messages=desk.messages.number(heap.messages, 0),
        records=desk.messages.number(heap.records, 0),
        last=desk.wording.moment(heap.last),
    )


def reason_text(desk: Desk, reason: str) -> str:
    """Return why something could not be used; the code itself where there are no words for it."""
    key = f"reason.{reason}"
    return desk.messages.text(key) if desk.messages.has(key) else reason


def _device(desk: Desk, device: UnknownDevice) -> DeviceCard:
    messages = desk.messages
    sent = [f"{each.metric} {desk.wording.value(each.value, each.unit)}" for each in device.metrics]
    sent += [f"{event} × {messages.number(count, 0)}" for event, count in sorted(device.events.items())]
    return DeviceCard(
        device=device.device,
        gateway=device.gateway,
        kind=messages.text(f"data.kind.{device.kind}"),
        last=desk.wording.moment(device.last),
        records=messages.number(device.records, 0),
        sent=sent,
        is_known=device.is_known,
        model=device.model,
        place=_place(device),
        command=f"premises devices adopt {device.device} --{_place(device)} ID",
    )
