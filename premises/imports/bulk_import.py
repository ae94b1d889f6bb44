"""Bulk import: a file's readings as numbered chunks, each stored once, into a store of ours or by the running server.

The store remembers in the transaction of each chunk how far an import is (`drained_to`), so a chunk that comes again
after a broken connection, or a kill, changes nothing.
"""

import io
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from premises.imports.import_run import ImportTarget
from premises.processes.remote import Server, quoted
from sensors.errors import InputFault
from sensors.readings import ReadingBatch, joined
from sensors.topology import SiteId
from storage.ports import AppendResult, Refusal

_NAME = re.compile(r"import:[0-9a-f]{32}")


class BulkImports:
    """The imports that the server stores for others."""

    def __init__(self, store: ImportTarget) -> None:
        """Put everything into this store."""
        self._store = store
        self._one_at_a_time = threading.Lock()

    def stored(self, name: str) -> int:
        """Return the number of chunks stored. Raises InputFault where the name is none."""
        return self._store.drained_to(_checked(name))

    def put(self, name: str, number: int, site: SiteId, frame: pl.DataFrame) -> AppendResult:
        """Store chunk `number`, counted from 1, unless it was stored before."""
        with self._one_at_a_time:
            stored = self.stored(name)
            if number > stored + 1:
                msg = f"chunk {number} of an import that has {stored}; send them in order"
                raise InputFault(msg)
            return self._store.append_from_spool(name, last_entry=number, batches=[batch_of(site, frame)])


@dataclass(frozen=True, slots=True)
class ServerTarget:
    """The running server as the target of an import. Every call raises ServerFault, InputFault."""

    server: Server
    site: SiteId

    def append_from_spool(self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = ()) -> AppendResult:
        """Have the server store a chunk."""
        content = io.BytesIO()
        frame_of(joined([ReadingBatch(site=self.site), *batches])).write_ipc_stream(content)
        path = f"{_path(spool)}/{last_entry}?site={quoted(self.site)}"
        done = self.server.put(path, content.getvalue())
        refused = tuple(Refusal(words=words) for words in done.pop("refused"))
        return AppendResult(**done, refused=refused)

    def drained_to(self, spool: str) -> int:
        """Ask the server how many chunks it has stored."""
        stored: int = self.server.get(_path(spool))["stored"]
        return stored


def frame_of(batch: ReadingBatch) -> pl.DataFrame:
    """Return a batch as a frame, for the way between two processes."""
    return pl.DataFrame(
        {
            "time_ms": pl.Series(batch.time_ms, dtype=pl.Int64),
            "device": pl.Series(batch.device, dtype=pl.String),
            "metric": pl.Series(batch.metric, dtype=pl.String),
            "phase": pl.Series(batch.phase, dtype=pl.String),
            "value": pl.Series(batch.value, dtype=pl.Float64),
            "quality": pl.Series(list(batch.quality), dtype=pl.UInt8),
            "flags": pl.Series(list(batch.flags), dtype=pl.UInt8),
        }
    )


def batch_of(site: SiteId, frame: pl.DataFrame) -> ReadingBatch:
    """Return the batch of `frame_of`."""
    batch = ReadingBatch(site=site)
    batch.time_ms.extend(frame["time_ms"].to_list())
    batch.device += frame["device"].to_list()
    batch.metric += frame["metric"].to_list()
    batch.phase += frame["phase"].to_list()
    batch.value.extend(frame["value"].to_list())
    batch.quality.extend(frame["quality"].to_list())
    batch.flags.extend(frame["flags"].to_list())
    return batch


def _path(name: str) -> str:
    return f"/internal/imports/{quoted(name)}"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is no import's name"
        raise InputFault(msg)
    return name
