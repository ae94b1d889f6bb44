"""What the rules over events remember, in the spool: written with the events behind it and with what they tell."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson
import structlog

from alerts.watch.model import Spell
from sensors.signals import Signal
from sensors.verdicts import Severity
from storage.spool_outbox import write_signals
from storage.spool_turns import turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the watch makes of a commit: what people are to see, and what it remembers from then on by machine and key.

    None is forgotten.
    """

    signals: Sequence[Signal] = ()
    spells: Mapping[tuple[str, str], Spell | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Say whether there is anything to write."""
        return bool(self.signals or self.spells)


NOTHING = Watched()


def write_watched(db: sqlite3.Connection, watched: Watched) -> None:
    """Write what the watch made of a commit, within the caller's transaction."""
    write_signals(db, watched.signals)
    gone = [place for place, spell in watched.spells.items() if spell is None]
    kept = [(*place, _packed(spell)) for place, spell in watched.spells.items() if spell is not None]
    db.executemany("DELETE FROM watch WHERE machine = ? AND key = ?", gone)
    db.executemany("INSERT OR REPLACE INTO watch VALUES (?, ?, ?)", kept)


class SpoolWatch:
    """The watch's own connection to the spool, for what time alone brings. For one thread at a time.

    Opens a spool that is there; making and migrating it is SqliteSpool's.
    """

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def load(self) -> Iterator[tuple[str, Spell]]:
        """Yield what is remembered, by machine; what cannot be read back is said and left out."""
        rows = self._db.execute("SELECT machine, key, spell FROM watch").fetchall()
        for machine, key, packed in rows:
            try:
                yield machine, _unpacked(packed)
            except (ValueError, TypeError, KeyError) as exc:
                structlog.get_logger(__name__).error("watch_unreadable", machine=machine, key=key, reason=str(exc))

    def commit(self, watched: Watched) -> None:
        """Make durable what no event brought. Raises sqlite3.OperationalError where it cannot be written."""
        with turn(self._db) as db:
            write_watched(db, watched)


def _packed(spell: Spell) -> bytes:
    return orjson.dumps({name: value for name, value in asdict(spell).items() if value is not None})


def _unpacked(data: bytes) -> Spell:
    fields = orjson.loads(data)
    told = fields.pop("told", None)
    return Spell(**fields, told=None if told is None else Severity(told))
