"""Files as evidence (佐证) of an item: what they are by their content, how they are called, how big they may be."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from pathlib import PurePosixPath
from types import MappingProxyType


class MediaType(StrEnum):
    """The closed list of what may be kept. Nothing in it runs in a browser or an office program by itself."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    @property
    def is_picture(self) -> bool:
        """Say whether it has a thumbnail."""
        return self in {MediaType.JPEG, MediaType.PNG}


SUFFIXES: Mapping[MediaType, str] = MappingProxyType(
    {
        MediaType.JPEG: ".jpg",
        MediaType.PNG: ".png",
        MediaType.PDF: ".pdf",
        MediaType.DOCX: ".docx",
        MediaType.XLSX: ".xlsx",
    }
)

MAX_BYTES = 20 * 1024 * 1024
"""One file. Our own choice: a phone's photo has 3 to 8 MB, a scanned report of twenty pages as much."""

MAX_FILES = 40
"""Of one item."""

MAX_NAME = 120
_ZIP_ENTRIES = 10_000


class Shows(StrEnum):
    """What a file is there for."""

    BEFORE = "before"
    AFTER = "after"
    PAPER = "paper"
    """A test report, an invoice, a contract, minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """One file of one item. The bytes lie under their hash; a file that is taken away keeps its record."""

    id: str
    item_id: str
    sha256: str
    name: str
    media_type: MediaType
    size_bytes: int
    shows: Shows
    added: datetime
    added_by: str
    removed: datetime | None = None
    removed_by: str | None = None
    removed_why: str = ""


class EvidenceRefusedError(Exception):
    """A file is not kept: too big, empty, or none of the kinds that are."""


class EvidenceGoneError(LookupError):
    """The bytes of a file are not there: taken away, or not in the backup that was restored."""

    def __init__(self, sha256: str) -> None:
        """Name the hash."""
        super().__init__(f"the file {sha256[:12]}… is not kept any more")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFile:
    """Bytes as they will be kept, with the hash and type of just these; a picture with its thumbnail."""

    sha256: str
    media_type: MediaType
    content: bytes = field(repr=False)
    thumbnail: bytes | None = field(default=None, repr=False)


def media_type_of(content: bytes) -> MediaType:
    """Return what a file is by its bytes, whatever its name and the browser say. Raises EvidenceRefusedError."""
    for start, kind in _STARTS.items():
        if content.startswith(start):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _office_type(content)
    msg = "not a JPEG, PNG, PDF, DOCX or XLSX file by its content; save it as one of these and send it again"
    raise EvidenceRefusedError(msg)


def check_size(size_bytes: int) -> None:
    """Return when a file of this size may be kept. Raises EvidenceRefusedError."""
    if size_bytes == 0:
        msg = "the file is empty; choose it again"
        raise EvidenceRefusedError(msg)
    if size_bytes > MAX_BYTES:
        msg = f"the file has more than {MAX_BYTES // 1024 // 1024} MB; make it smaller and send it again"
        raise EvidenceRefusedError(msg)


def clean_name(written: str, kind: MediaType) -> str:
    """Return a file's name without folders and control characters, with the suffix that its content asks for."""
    base = PurePosixPath(written.replace("\\", "/")).name
    kept = "".join(char for char in base if char.isprintable() and char not in '<>:"|?*/').strip(" .")
    stem = kept.removesuffix(PurePosixPath(kept).suffix) if PurePosixPath(kept).suffix.lower() in _KNOWN else kept
    return f"{stem[:MAX_NAME] or 'file'}{SUFFIXES[kind]}"


_STARTS: Mapping[bytes, MediaType] = MappingProxyType(
    {b"\xff\xd8\xff": MediaType.JPEG, b"\x89PNG\r\n\x1a\n": MediaType.PNG, b"%PDF-": MediaType.PDF}
)
_KNOWN = frozenset({*SUFFIXES.values(), ".jpeg"})
_PARTS: Mapping[str, MediaType] = MappingProxyType(
    {"word/document.xml": MediaType.DOCX, "xl/workbook.xml": MediaType.XLSX}
)


def _office_type(content: bytes) -> MediaType:
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        msg = "the file is damaged: it begins like an office document and is none; save it anew"
        raise EvidenceRefusedError(msg) from exc
    if len(names) > _ZIP_ENTRIES or any(name.lower().endswith("vbaproject.bin") for name in names):
        msg = "documents with macros are not kept; save it without macros, or as PDF"
        raise EvidenceRefusedError(msg)
    kind = next((_PARTS[name] for name in names if name in _PARTS), None)
    if kind is None:
        msg = "a packed folder is not kept; send the files in it one by one"
        raise EvidenceRefusedError(msg)
    return kind
