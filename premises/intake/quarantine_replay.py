"""Messages of the quarantine judged again and taken in, while ingest and serve run or while they do not.

Each group is one transaction of the spool: messages leave the quarantine and the books as what they became enters.
A `kill -9` at any instant leaves a message either in quarantine or taken in, never both and never neither. The spool's
file takes writers of several processes one after another; a replay neither uses nor changes the duplicate windows that
the running ingest keeps in memory, so these stay right.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from ingest.second_look import SecondLook
from premises.home import Home
from premises.processes.locks import sole
from premises.settings import load_settings
from sensors.errors import InputFault
from sensors.intake import Ignored, SpoolEntry
from sensors.topology import Registry
from storage.quarantine import Kept, QuarantineChangedError, QuarantineShelf, Which
from storage.registry_file import load_registry
from storage.spool import SpoolFullError, SqliteSpool

AT_ONCE = 100
"""Messages in one transaction: a few milliseconds during which ingest waits."""

DISCARDED = "discarded"
"""Under which reason the books count what a person dropped."""

_TRIES = 3

NowMs = Callable[[], int]
Judge = Callable[[Sequence[Kept]], list[SpoolEntry]]


class QuarantineFault(InputFault):
    """The quarantine cannot be worked on; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of messages: numbers of messages, then of records.

    `cut` are damaged, or too large to have been kept whole.
    `again` are messages of which nothing changed; `reasons` counts the records that failed by their present reason.
    """

    messages: int = 0
    again: int = 0
    cut: int = 0
    accepted: int = 0
    duplicate: int = 0
    ignored: int = 0
    alerts: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Replayed") -> "Replayed":
        """Return what both came to."""
        names = self.reasons.keys() | other.reasons.keys()
        return Replayed(
            messages=self.messages + other.messages,
            again=self.again + other.again,
            cut=self.cut + other.cut,
            accepted=self.accepted + other.accepted,
            duplicate=self.duplicate + other.duplicate,
            ignored=self.ignored + other.ignored,
            alerts=self.alerts + other.alerts,
            reasons={name: self.reasons.get(name, 0) + other.reasons.get(name, 0) for name in sorted(names)},
        )


def replay(home: Home, which: Which, *, now_ms: NowMs, dry_run: bool = False) -> Replayed:
    """Return what became of the messages meant, judged by the registry as it is now; a dry run changes nothing.

    Raises InputFault where there is no spool, no room in it, or somebody else replays.
    """
    registry = load_registry(home.registry)
    with _opened(home) as (spool, shelf):
        return _replay(home, registry, spool, shelf, which, now_ms=now_ms, dry_run=dry_run)


def drop(home: Home, numbers: Sequence[int]) -> int:
    """Return how many messages were thrown away; the books count their records as ignored, `discarded`."""
    with _opened(home) as (spool, shelf):
        dropped = 0
        for page in shelf.pages(Which(numbers=numbers), size=AT_ONCE):
            dropped += len(_swapped(spool, shelf, page, _discarded))
        return dropped


def _replay(
    home: Home,
    registry: Registry,
    spool: SqliteSpool,
    shelf: QuarantineShelf,
    which: Which,
    *,
    now_ms: NowMs,
    dry_run: bool,
) -> Replayed:
    settings = load_settings(home)
    look = SecondLook(
        registry=registry,
        spool=spool,
        max_payload_bytes=settings.mqtt.max_payload_bytes,
        dialects=settings.dialects.dialects(),
    )

    def judged(page: Sequence[Kept]) -> list[SpoolEntry]:
        return look.judge([kept.message for kept in page], now_ms=now_ms())

    total = Replayed()
    for page in shelf.pages(which, size=AT_ONCE):
        whole = [kept for kept in page if kept.can_be_judged]
        cut = len(page) - len(whole)
        pairs = _paired(whole, judged(whole)) if dry_run else _swapped(spool, shelf, whole, judged)
        look.committed()
        total += sum((_outcome(*pair) for pair in pairs), start=Replayed(messages=cut, cut=cut))
    return total


def _paired(page: Sequence[Kept], entries: Sequence[SpoolEntry]) -> list[tuple[Kept, SpoolEntry]]:
    return list(zip(page, entries, strict=True))


def _swapped(
    spool: SqliteSpool, shelf: QuarantineShelf, page: Sequence[Kept], judged: Judge
) -> list[tuple[Kept, SpoolEntry]]:
    """Put in the place of messages what they are judged to be; those that stay as they are are not touched."""
    for _ in range(_TRIES):
        pairs = _paired(page, judged(page))
        changed = [(kept, entry) for kept, entry in pairs if not _is_unchanged(kept, entry)]
        try:
            spool.commit([entry for _, entry in changed], instead_of=[kept for kept, _ in changed])
        except QuarantineChangedError:
            # Newer messages took the room of older ones meanwhile: what is left is judged again.
            page = [
                kept for each in shelf.pages(Which(numbers=[kept.id for kept in page]), size=AT_ONCE) for kept in each
            ]
        else:
            return pairs
    msg = "the quarantine changes faster than it can be read; try again when less comes in"
    raise QuarantineFault(msg)


def _is_unchanged(kept: Kept, entry: SpoolEntry) -> bool:
    return (
        len(entry.quarantined) == 1 and entry.received == kept.message.records and entry.quarantined[0] == kept.message
    )


def _discarded(page: Sequence[Kept]) -> list[SpoolEntry]:
    return [
        SpoolEntry(
            gateway=message.gateway,
            received_ms=message.received_ms,
            received=message.records,
            ignored=(Ignored(gateway=message.gateway, reason=DISCARDED, records=message.records),),
        )
        for message in (kept.message for kept in page)
    ]


def _outcome(kept: Kept, entry: SpoolEntry) -> Replayed:
    reasons: dict[str, int] = {}
    for each in entry.quarantined:
        reasons[each.reason] = reasons.get(each.reason, 0) + each.records
    return Replayed(
        messages=1,
        again=int(_is_unchanged(kept, entry)),
        accepted=entry.accepted,
        duplicate=entry.duplicates,
        ignored=sum(each.records for each in entry.ignored),
        alerts=len(entry.signals),
        reasons=reasons,
    )


@contextmanager
def _opened(home: Home) -> Iterator[tuple[SqliteSpool, QuarantineShelf]]:
    if not home.spool.exists():
        msg = f"{home.spool}: there is no spool yet; `premises ingest` makes it"
        raise QuarantineFault(msg)
    bounds = load_settings(home).spool
    try:
        with (
            sole(home.run / "quarantine.lock", "works on the quarantine of"),
            closing(SqliteSpool(home.spool, max_bytes=bounds.max_bytes, min_free_bytes=bounds.min_free_bytes)) as spool,
            closing(QuarantineShelf(home.spool)) as shelf,
        ):
            yield spool, shelf
    except SpoolFullError as exc:
        raise QuarantineFault(str(exc)) from exc
    except sqlite3.Error as exc:
        msg = f"{home.spool}: {exc}; what was replayed before stays so, give the same command again"
        raise QuarantineFault(msg) from exc
