"""From the spool into a store, in order, each entry once, whatever crashes in between."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from sensors.events import Event
from sensors.readings import ReadingBatch, ReadingFlag, joined
from storage.refusals import Refused, refused_messages
from storage.spool import DamagedEntryError, Pending, SqliteSpool

ENTRIES_AT_ONCE = 2_000
DAMAGED = "spool_damaged"
"""The reason under which an entry lies in quarantine that cannot be read back."""


class Appended(Protocol):
    """What the drain looks at in an append's result."""

    @property
    def unchanged(self) -> int:
        """Return the number of readings that said nothing new."""
        ...

    @property
    def refused(self) -> Sequence[Refused]:
        """Return what the store will never take."""
        ...


class Target(Protocol):
    """The part of `storage.ports.SpoolTarget` that the drain uses, without its dependencies."""

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = ..., events: Sequence[Event] = ...
    ) -> Appended:
        """Store all of it and the number of the last entry in one transaction."""
        ...

    def drained_to(self, spool: str) -> int:
        """Return the number of the last entry drained from a spool, 0 before the first."""
        ...


def drain(
    spool: SqliteSpool,
    store: Target,
    *,
    entries_at_once: int = ENTRIES_AT_ONCE,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Return the number of records stored, after everything that waited when it began is in the store.

    `stopping` is asked after each group; what is left then waits in the spool.

    The store commits data and cursor together, then the spool strikes the entries off: a crash between the two is
    seen by the cursor, and the entries are struck off without being stored again. What was a duplicate among those
    is then counted as stored, for only the lost answer knew it.
    """
    spool.mark_stored(store.drained_to(spool.spool_id))
    drained = 0
    newest = spool.newest
    while pending := _readable(spool, entries_at_once):
        drained += _drain_some(spool, store, pending)
        if pending[-1].id >= newest or stopping():
            break
    return drained


def _readable(spool: SqliteSpool, limit: int) -> list[Pending]:
    """Return the oldest entries that can be read back; what lies damaged before them goes into quarantine."""
    while True:
        try:
            return spool.pending(limit=limit)
        except DamagedEntryError as damaged:
            spool.set_aside(damaged.entry, DAMAGED, str(damaged))


def _drain_some(spool: SqliteSpool, store: Target, pending: Sequence[Pending]) -> int:
    last = pending[-1].id
    batches = _batches(pending)
    events = [event for entry in pending for event in _named_events(spool.spool_id, entry)]
    result = store.append_from_spool(spool.spool_id, last_entry=last, batches=batches, events=events)
    readings: Counter[str] = Counter()
    for entry in pending:
        if entry.readings is not None:
            readings.update(entry.shares)
    spool.mark_stored(last, shares(result.unchanged, readings), refused_messages(result.refused, pending))
    if result.refused:
        # The store keeps its place until the refusals are safe in quarantine, which they are now.
        store.append_from_spool(spool.spool_id, last_entry=last)
    return readings.total() + len(events)


def _batches(pending: Iterable[Pending]) -> list[ReadingBatch]:
    """Return the readings of each site, in the order in which they came."""
    sites: defaultdict[str, list[ReadingBatch]] = defaultdict(list)
    for entry in pending:
        if entry.readings is not None:
            sites[entry.readings.site].append(entry.readings)
    return [joined(batches) for batches in sites.values()]


def _named_events(spool_id: str, entry: Pending) -> list[Event]:
    """Return the events, those with neither id nor time of their own under a name that no other has.

    A store takes events that agree in everything for one; these may agree and be two.
    """
    return [
        replace(event, id=f"spool-{spool_id}-{entry.id}-{position}")
        if event.id is None and event.flags & ReadingFlag.TIME_OF_RECEIPT
        else event
        for position, event in enumerate(entry.events)
    ]


def shares(total: int, readings: Counter[str]) -> dict[str, int]:
    """Return a total divided among gateways: exact for one, in proportion to their readings for several.

    The store's answer is one number for all batches of its transaction.
    """
    left, of = total, readings.total()
    divided: dict[str, int] = {}
    for gateway, count in readings.items():
        # What is left is divided by what is left to divide it among, so that nothing is lost in rounding.
        divided[gateway] = min(count, round(left * count / of)) if of else 0
        left -= divided[gateway]
        of -= count
    return divided
