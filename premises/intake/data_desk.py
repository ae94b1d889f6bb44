"""The books, the quarantine and the unknown devices as the console and the API show them."""

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from api.data_ports import Adopting, Asked, GatewayAccount, KeptHeap, KeptMessage, ReplayOutcome, UnknownDevice
from premises.home import Home
from premises.intake.quarantine_devices import UNKNOWN_DEVICE, unknown_devices
from premises.intake.quarantine_replay import replay
from premises.intake.registry_adoption import Adoption, adopt
from premises.settings import load_settings
from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.intake import Book, GatewayState
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Registry
from storage.quarantine import Kept, QuarantineShelf, Which
from storage.registry_file import load_registry
from storage.spool import SqliteSpool

if TYPE_CHECKING:
    from ingest.dialects.desk import Dialects

SHOWN_CHARS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolFigures:
    """How full the spool is; `oldest_ms` is when the oldest entry that waits came, None where none does."""

    records: int
    bytes: int
    oldest_ms: int | None


class SpoolDesk:
    """Keeps `api.data_ports.DataDesk` over the spool of a home; any thread may ask."""

    def __init__(self, home: Home, *, registry: Callable[[], Registry], clock: Clock) -> None:
        """Take what to ask; the spool is opened when it is first asked for."""
        self._home = home
        self._registry = registry
        self._clock = clock
        self._lock = threading.Lock()
        self._spool: SqliteSpool | None = None
        self._shelf: QuarantineShelf | None = None

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            for each in (self._spool, self._shelf):
                if each is not None:
                    each.close()
            self._spool = self._shelf = None

    def accounts(self) -> Sequence[GatewayAccount]:
        """Return the books of every gateway, by name."""
        with self._lock:
            spool, _ = self._opened()
            books, states = spool.books(), {state.gateway: state for state in spool.gateways()}
        now = self._clock.now()
        return [account(book, states.get(book.gateway), now) for book in books.values()]

    def spool_figures(self) -> SpoolFigures:
        """Return how full the spool is."""
        with self._lock:
            spool, _ = self._opened()
            return SpoolFigures(records=spool.depth, bytes=spool.bytes, oldest_ms=spool.oldest_ms)

    def heaps(self) -> Sequence[KeptHeap]:
        """Return what is in quarantine by reason and gateway, the most records first."""
        with self._lock:
            heaps = self._opened()[1].heaps()
        return [
            KeptHeap(
                reason=heap.reason,
                gateway=heap.gateway,
                messages=heap.messages,
                records=heap.records,
                first=from_epoch_ms(heap.first_ms),
                last=from_epoch_ms(heap.last_ms),
            )
            for heap in heaps
        ]

    def kept(self, *, reason: str | None, gateway: str | None, limit: int) -> Sequence[KeptMessage]:
        """Return the newest messages in quarantine, the newest first."""
        with self._lock:
            kept = self._opened()[1].newest(Which(reason=reason, gateway=gateway), limit=limit)
        return [kept_message(each) for each in kept]

    def unknown_devices(self) -> Sequence[UnknownDevice]:
        """Return the devices that sent and are not in the registry, the last heard first."""
        return devices_of(self._home, self._registry().devices)

    def replay(self, asked: Asked) -> ReplayOutcome:
        """Judge messages again by the registry as it is now, and take in what is right now. Raises InputFault."""
        which = Which(numbers=asked.numbers, reason=asked.reason, gateway=asked.gateway)
        done = replay(self._home, which, now_ms=lambda: epoch_ms(self._clock.now()))
        return ReplayOutcome(
            messages=done.messages,
            again=done.again,
            cut=done.cut,
            accepted=done.accepted,
            duplicate=done.duplicate,
            ignored=done.ignored,
            alerts=done.alerts,
            reasons=done.reasons,
        )

    def adopt(self, adopting: Adopting) -> ReplayOutcome:
        """Put a device into the registry and take in what its gateway sent of unknown ones. Raises InputFault."""
        said = (each for each in self.unknown_devices() if each.device == adopting.device)
        sent = next((each for each in said if each.gateway == adopting.gateway), None)
        adoption = Adoption(
            device=adopting.device,
            gateway=adopting.gateway,
            model=None if sent is None else sent.model,
            metrics=() if sent is None else [each.metric for each in sent.metrics],
        )
        placed = replace(adoption, **{adopting.kind.value: adopting.place})  # type: ignore[arg-type]  # its fields are named so
        adopt(self._home, placed, now=self._clock.now())
        return self.replay(Asked(reason=UNKNOWN_DEVICE, gateway=adopting.gateway))

    def _opened(self) -> tuple[SqliteSpool, QuarantineShelf]:
        if self._spool is None or self._shelf is None:
            # Ingest makes the file too; whoever comes first does.
            self._spool = SqliteSpool(self._home.spool)
            self._shelf = QuarantineShelf(self._home.spool)
        return self._spool, self._shelf


def devices_of(home: Home, known: Collection[str]) -> list[UnknownDevice]:
    """Return the unknown devices of a home whose spool is there, over a connection of its own: it takes a while."""
    with closing(QuarantineShelf(home.spool)) as shelf:
        return unknown_devices(shelf, known, _dialects(home))


def _dialects(home: Home) -> "Dialects | None":
    """Return the gateways of the settings that speak a format of their own, None where there are none."""
    dialects = load_settings(home).dialects.dialects()
    if dialects is not None:
        with suppress(InputFault):  # a broken registry gives no device a name; the rest is told all the same
            dialects.use(load_registry(home.registry))
    return dialects


def account(book: Book, state: GatewayState | None, now: datetime) -> GatewayAccount:
    """Return one gateway's account with what is known of it."""
    heard_ms = None if state is None else state.last_received_ms
    heard = None if heard_ms is None else from_epoch_ms(heard_ms)
    return GatewayAccount(
        gateway=book.gateway,
        received=book.received,
        accepted=book.accepted,
        duplicate=book.duplicate,
        quarantined=book.quarantined,
        ignored=sum(book.ignored.values()),
        stored=book.stored,
        spooled=book.spooled,
        dropped=book.dropped,
        missing=book.missing,
        unassured=book.unassured,
        balances=book.balances,
        last_received=heard,
        lag_s=None if heard is None else max(0.0, (now - heard).total_seconds()),
        state=None if state is None or state.status is None else state.status.state,
    )


def kept_message(kept: Kept, *, chars: int | None = SHOWN_CHARS) -> KeptMessage:
    """Return a message as it is shown, the payload as text, of which so many characters."""
    message = kept.message
    return KeptMessage(
        id=kept.id,
        received=from_epoch_ms(message.received_ms),
        gateway=message.gateway,
        topic=message.topic,
        reason=message.reason,
        detail=message.detail,
        records=message.records,
        paths=tuple(message.paths),
        size=message.size,
        is_cut=kept.is_cut,
        payload=message.payload.decode(errors="backslashreplace")[:chars],
    )
