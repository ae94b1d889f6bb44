"""Whose turn it is to send, where two nodes see the same: a lease that is renewed, and taken over when it stands still.

Nobody compares clocks. Who waits looks whether the lease moves, by a clock of its own that nobody sets; who cannot look
is in doubt, and in doubt both send.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RENEW_EVERY = timedelta(seconds=2)
STANDS_STILL = timedelta(seconds=8)
"""After four renewals that did not come the other takes over. The project's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who holds it; `beat` grows with each renewal; `until` is for people who look."""

    holder: str
    beat: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a node last saw of the lease, and since when (s, steady) it has looked the same."""

    lease: Lease | None = None
    since_s: float = 0.0


def looked(seen: Seen, lease: Lease | None, now_s: float) -> Seen:
    """Return what was seen after another look."""
    is_same = lease is not None and seen.lease is not None and _moves(lease) == _moves(seen.lease)
    return replace(seen, lease=lease) if is_same else Seen(lease=lease, since_s=now_s)


def may_take(seen: Seen, node: str, now_s: float) -> bool:
    """Say whether a node may renew or take the lease: it is its own, nobody's, or stands still."""
    lease = seen.lease
    return lease is None or lease.holder == node or now_s - seen.since_s >= STANDS_STILL.total_seconds()


def taken(seen: Seen, node: str, now: datetime) -> Lease:
    """Return the lease as the node would hold it."""
    beat = 1 if seen.lease is None else seen.lease.beat + 1
    return Lease(holder=node, beat=beat, until=now + STANDS_STILL)


def _moves(lease: Lease) -> tuple[str, int]:
    return lease.holder, lease.beat
