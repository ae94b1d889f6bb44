"""What all who read the outbox share: a connection of their own, its transactions, and a row read as a notice."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alerts.dispatch import Notice, NoticeKind
from sensors.readings import from_epoch_ms
from storage.spool_codec import SpoolDataError, unpack_signal
from storage.spool_stand_in import instant, stand_in
from storage.spool_turns import Durability, leave_log_to_drain, turn

NOTICE = "o.id, o.kind, o.alert_id, o.at_ms, o.signal, o.drill, o.joined, o.flapping, o.urgent, o.mark"
"""The columns of `outbox o` that a notice is read from."""

BUSY_S = 30.0


@dataclass(frozen=True, slots=True)
class UnreadableNotice:
    """A row of the outbox whose signal cannot be read back, and that is not urgent: of those a fire is told instead."""

    number: int
    detail: str


class SpoolFile:
    """A spool that is there, opened with a connection of its own; making and migrating it is SqliteSpool's.

    For one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
        leave_log_to_drain(self._db)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _transaction(self, kept: Durability = Durability.THROUGH_POWER_CUTS) -> Iterator[sqlite3.Connection]:
        with turn(self._db, kept) as db:
            yield db


def read_notice(row: Sequence[object], *, attempts: int = 0, level: int = 0) -> Notice | UnreadableNotice:
    """Return the notice of a row of `NOTICE`; where it is urgent and cannot be read, what is told in its place."""
    number, *fields, urgent, mark = row
    assert isinstance(number, int)  # noqa: S101 - the table's own key, for the type checker
    try:
        return _notice(number, fields, attempts=attempts, level=level)
    except _DAMAGE as exc:
        if urgent:
            return _stand_in(number, fields, str(mark), attempts=attempts, level=level)
        return UnreadableNotice(number, f"{type(exc).__name__}: {exc}")


_DAMAGE = (SpoolDataError, ValueError, TypeError, AttributeError, OverflowError, OSError)
"""What a damaged row, or one of another version, may lead to: it stops neither the others nor who reads them."""


def _stand_in(number: int, fields: Sequence[object], mark: str, *, attempts: int, level: int) -> Notice:
    kind, identifier, at_ms, *_ = fields
    at = instant(at_ms)
    return Notice(
        number=number,
        kind=NoticeKind(str(kind)) if kind in NoticeKind.__members__.values() else NoticeKind.RAISED,
        alert_id=str(identifier),
        signal=stand_in(mark, at),
        at=at,
        attempts=attempts,
        level=level,
        stands_in=True,
    )


def _notice(number: int, fields: Sequence[object], *, attempts: int, level: int) -> Notice:
    kind, identifier, at_ms, packed, drill, joined, flapping = fields
    if not isinstance(at_ms, int) or not isinstance(packed, bytes):
        msg = f"a time of {type(at_ms).__name__}, a signal of {type(packed).__name__}"
        raise TypeError(msg)
    return Notice(
        number=number,
        kind=NoticeKind(str(kind)),
        alert_id=str(identifier),
        signal=unpack_signal(packed),
        at=from_epoch_ms(at_ms),
        attempts=attempts,
        level=level,
        drill=str(drill),
        joined=str(joined),
        flapping=bool(flapping),
    )
