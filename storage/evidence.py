"""Files as evidence, kept by their hash under the home: `evidence/ab/cdef…`, pictures with a thumbnail beside them."""

import hashlib
import os
import secrets
import string
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rectification.evidence import EvidenceGoneError, PreparedFile, check_size, media_type_of
from sensors.errors import NotNowError

THUMBNAIL = ".thumb.jpg"
_HEX = frozenset(string.hexdigits.lower())
_SHA256_CHARS = 64


class EvidenceUnkeptError(NotNowError):
    """A file could not be written: the disk is full, or not ours to write."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the folder and why."""
        super().__init__(f"{path}: the file could not be kept ({reason}); free space or mend the folder's owner")


@dataclass(frozen=True, slots=True)
class EvidenceStore:
    """The files under one folder. Any number of threads and processes; the same bytes lie there once."""

    root: Path

    def prepare(self, content: bytes) -> PreparedFile:
        """Return what would be kept. Pictures are drawn anew: upright, of bounded size, without place and camera.

        Raises EvidenceRefusedError.
        """
        check_size(len(content))
        kind = media_type_of(content)
        thumbnail = None
        if kind.is_picture:
            # Imported here: most of what reads evidence makes no pictures.
            from storage.evidence_pictures import redrawn  # noqa: PLC0415

            content, thumbnail = redrawn(content, kind)
        sha256 = hashlib.sha256(content).hexdigest()
        return PreparedFile(sha256=sha256, media_type=kind, content=content, thumbnail=thumbnail)

    def put(self, file: PreparedFile) -> None:
        """Keep a file; it is on disk when this returns. Call it in the transaction that names it.

        Raises EvidenceUnkeptError.
        """
        if file.thumbnail is not None:
            self._write(self._thumbnail(file.sha256), file.thumbnail)
        self._write(self._path(file.sha256), file.content)

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a file. Raises EvidenceGoneError."""
        return _read(self._path(sha256), sha256)

    def thumbnail(self, sha256: str) -> bytes:
        """Return the thumbnail of a picture, a JPEG. Raises EvidenceGoneError."""
        return _read(self._thumbnail(sha256), sha256)

    def path(self, sha256: str) -> Path:
        """Return where the bytes of a file lie. Raises EvidenceGoneError."""
        path = self._path(sha256)
        if not path.is_file():
            raise EvidenceGoneError(sha256)
        return path

    def discard(self, sha256: str) -> None:
        """Delete the bytes of a file; nothing happens where there are none.

        Call it in a transaction that saw that no record names them any more.
        """
        for path in (self._path(sha256), self._thumbnail(sha256)):
            with suppress(FileNotFoundError):
                path.unlink()

    def _path(self, sha256: str) -> Path:
        if len(sha256) != _SHA256_CHARS or not _HEX.issuperset(sha256):
            raise EvidenceGoneError(sha256)
        return self.root / sha256[:2] / sha256[2:]

    def _thumbnail(self, sha256: str) -> Path:
        path = self._path(sha256)
        return path.with_name(path.name + THUMBNAIL)

    def _write(self, path: Path, content: bytes) -> None:
        """Write all of a file or nothing; it is on disk when this returns."""
        if path.is_file():
            return
        new = path.with_name(f".{secrets.token_hex(8)}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _written(new, content)
            new.replace(path)
        except OSError as exc:
            with suppress(OSError):
                new.unlink()
            raise EvidenceUnkeptError(self.root, exc.strerror or str(exc)) from exc


def _written(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _read(path: Path, sha256: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as exc:
        raise EvidenceGoneError(sha256) from exc
