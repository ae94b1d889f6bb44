"""Bulk import into the running server: a file's readings as numbered chunks, each stored once.

The store remembers in the transaction of each chunk how far an import is (`drained_to`), so a chunk that is sent
again after a broken connection, or a kill, changes nothing; an import that broke off goes on where it was. When it is
done its generation is over: importing the same file again later stores it again, for the last received wins.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from premises.analysis_jobs import TouchedStore
from premises.remote import Server, quoted
from sensors.errors import InputFault
from sensors.readings import ReadingBatch
from sensors.topology import SiteId

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """How far an import is: chunks stored, and what they came to in readings."""

    generation: int = 1
    chunks: int = 0
    new: int = 0
    replaced: int = 0
    unchanged: int = 0


class BulkImports:
    """The imports of one home; their progress lies in a folder, one small file for each."""

    def __init__(self, folder: Path, store: TouchedStore) -> None:
        """Make the folder where it is absent."""
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._store = store

    def begin(self, digest: str) -> ImportProgress:
        """Return how far the import of this content is. Raises InputFault where the digest is none."""
        path = self._path(digest)
        known = ImportProgress(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else ImportProgress()
        stored = self._store.drained_to(_name(digest, known.generation))
        # A crash between the store's commit and the note below leaves the note one chunk behind.
        return replace(known, chunks=max(known.chunks, stored))

    def put(self, digest: str, number: int, site: SiteId, frame: pl.DataFrame) -> ImportProgress:
        """Store chunk `number`, counted from 1, unless it was stored before; return how far the import is."""
        before = self.begin(digest)
        if number <= before.chunks:
            return before
        if number != before.chunks + 1:
            msg = f"chunk {number} of an import that has {before.chunks}; send them in order"
            raise InputFault(msg)
        name = _name(digest, before.generation)
        done = self._store.append_from_spool(name, last_entry=number, batches=[batch_of(site, frame)])
        after = replace(
            before,
            chunks=number,
            new=before.new + done.new,
            replaced=before.replaced + done.replaced,
            unchanged=before.unchanged + done.unchanged,
        )
        self._note(digest, after)
        return after

    def finish(self, digest: str) -> ImportProgress:
        """End the import; the same content may be imported anew."""
        done = self.begin(digest)
        self._note(digest, ImportProgress(generation=done.generation + 1))
        return done

    def _note(self, digest: str, progress: ImportProgress) -> None:
        path = self._path(digest)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        new.replace(path)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            msg = f"{digest!r} is no SHA-256"
            raise InputFault(msg)
        return self._folder / f"{digest}.json"


def digest_of(*what: object) -> str:
    """Return the SHA-256 of what an import is made of: the content of files, the text of all else."""
    digest = hashlib.sha256()
    for each in what:
        content = each.read_bytes() if isinstance(each, Path) else repr(each).encode()
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def sent(server: Server, digest: str, site: SiteId, batches: Iterable[ReadingBatch]) -> ImportProgress:
    """Return what an import came to, after every batch of it is stored by the server. Raises ServerFault, InputFault.

    Batches that were stored before a connection broke are passed over.
    """
    path = f"/internal/imports/{digest}"
    before = ImportProgress(**server.get(path))
    for number, batch in enumerate(batches, start=1):
        if number > before.chunks:
            content = io.BytesIO()
            frame_of(batch).write_ipc_stream(content)
            server.put(f"{path}/{number}?site={quoted(site)}", content.getvalue())
    return ImportProgress(**server.post(f"{path}/done"))


def frame_of(batch: ReadingBatch) -> pl.DataFrame:
    """Return a batch as a frame, for the way between two processes."""
    return pl.DataFrame(
        {
            "time_ms": pl.Series(list(batch.time_ms), dtype=pl.Int64),
            "device": pl.Series(batch.device, dtype=pl.String),
            "metric": pl.Series(batch.metric, dtype=pl.String),
            "phase": pl.Series(batch.phase, dtype=pl.String),
            "value": pl.Series(list(batch.value), dtype=pl.Float64),
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


def _name(digest: str, generation: int) -> str:
    return f"import:{digest}:{generation}"
