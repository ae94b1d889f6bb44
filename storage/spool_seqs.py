"""The duplicate windows in the spool: which `seq` of a gateway's boot came, read once and kept while they are used."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sensors.intake import Gap, SpoolEntry
from storage.spool_windows import CHUNK, SeqWindow

BOOTS = 8
"""How many boots of a gateway keep their duplicate window."""

_CACHED_WINDOWS = 4_096

BootKey = tuple[str, str]
"""Gateway and boot."""


class Marked(NamedTuple):
    """A window before and after a commit."""

    before: SeqWindow
    after: SeqWindow

    @property
    def gone(self) -> Iterable[int]:
        """Return the chunks that fell out of the window."""
        return self.before.chunks.keys() - self.after.chunks.keys()

    @property
    def changed(self) -> Iterable[tuple[int, bytes]]:
        """Return the chunks below the newest that are new or different, or were the newest until now."""
        known, inline, newest = self.before.chunks, self.before.newest, self.after.newest
        return [
            piece
            for piece in self.after.chunks.items()
            if piece[0] != newest and (piece[0] == inline or known.get(piece[0]) is not piece[1])
        ]


class SeqWindows:
    """The windows of one spool. What a commit marks is cached only once it is durable."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Read from this connection; `write` is for the caller's transaction."""
        self._db = db
        self._cached: dict[BootKey, SeqWindow] = {}
        self._touched_ms = int(db.execute("SELECT coalesce(max(touched_ms), 0) FROM seq_windows").fetchone()[0])

    def window(self, gateway: str, boot: str) -> SeqWindow:
        """Return the window of a boot, empty before its first number."""
        key = (gateway, boot)
        if key not in self._cached:
            self._keep(key, self._load(key))
        return self._cached[key]

    def _load(self, key: BootKey) -> SeqWindow:
        query = "SELECT top, first, missing, newest FROM seq_windows WHERE gateway = ? AND boot = ?"
        found = self._db.execute(query, key).fetchone()
        if found is None:
            return SeqWindow()
        top, first, missing, newest = found
        chunks = dict(self._db.execute("SELECT chunk, bits FROM seq_chunks WHERE gateway = ? AND boot = ?", key))
        if newest is not None:
            chunks[top // CHUNK] = newest
        return SeqWindow(top, chunks, first, missing)

    def marked(self, entries: Iterable[SpoolEntry]) -> dict[BootKey, Marked]:
        """Return the windows that these entries change; the cached ones stay until it is done."""
        seqs: defaultdict[BootKey, set[int]] = defaultdict(set)
        for entry in entries:
            if entry.boot is not None:
                seqs[entry.gateway, entry.boot].update(entry.seqs if entry.seq is None else (entry.seq,))
        return {key: _mark(self.window(*key), numbers) for key, numbers in seqs.items() if numbers}

    def write(self, marked: Mapping[BootKey, Marked], now_ms: int) -> list[Gap]:
        """Write what changed, within the caller's transaction; return the boots that miss more or less than before."""
        # Only ever later, so that a clock that steps back makes no boot of today older than those of last week.
        self._touched_ms = max(now_ms, self._touched_ms + 1)
        gaps = []
        self._write(marked)
        for key, change in marked.items():
            if change.before.top < 0:
                self._forget_old_boots(key[0])
            missing = change.after.missing - change.before.missing
            if missing:
                gaps.append(Gap(gateway=key[0], boot=key[1], missing=missing, newest=change.after.top))
        return gaps

    def _write(self, marked: Mapping[BootKey, Marked]) -> None:
        """Write all windows, each kind of row in one statement: under load there are hundreds of gateways.

        Mostly that is one row for each: the newest chunk lies beside the window.
        """
        self._db.executemany(
            "INSERT INTO seq_windows (gateway, boot, top, touched_ms, first, missing, newest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET top = excluded.top,"
            " touched_ms = excluded.touched_ms, first = excluded.first, missing = excluded.missing,"
            " newest = excluded.newest",
            [
                (*key, after.top, self._touched_ms, after.first, after.missing, after.chunks[after.newest])
                for key, (_, after) in marked.items()
            ],
        )
        self._db.executemany(
            "DELETE FROM seq_chunks WHERE gateway = ? AND boot = ? AND chunk = ?",
            [(*key, chunk) for key, change in marked.items() for chunk in change.gone],
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO seq_chunks VALUES (?, ?, ?, ?)",
            [(*key, *piece) for key, change in marked.items() for piece in change.changed],
        )

    def cache(self, marked: Mapping[BootKey, Marked]) -> None:
        """Take these changes for what the file says, now that it does."""
        for key, change in marked.items():
            self._keep(key, change.after)

    def _keep(self, key: BootKey, window: SeqWindow) -> None:
        """Cache a window; the longest unused go where there are too many."""
        self._cached.pop(key, None)
        self._cached[key] = window
        while len(self._cached) > _CACHED_WINDOWS:
            del self._cached[next(iter(self._cached))]

    def _forget_old_boots(self, gateway: str) -> None:
        """Keep the newest boots of a gateway that began another one; what they missed stays in the books."""
        query = "SELECT boot FROM seq_windows WHERE gateway = ? ORDER BY touched_ms DESC LIMIT -1 OFFSET ?"
        old = [(gateway, boot) for (boot,) in self._db.execute(query, (gateway, BOOTS)).fetchall()]
        self._db.executemany("DELETE FROM seq_windows WHERE gateway = ? AND boot = ?", old)
        self._db.executemany("DELETE FROM seq_chunks WHERE gateway = ? AND boot = ?", old)
        for key in old:
            self._cached.pop(key, None)


def _mark(window: SeqWindow, seqs: set[int]) -> Marked:
    return Marked(before=window, after=window.marked(seqs))
