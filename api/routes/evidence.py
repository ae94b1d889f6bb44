"""Files as evidence of items: sent, shown, taken away. What is handed out can do nothing in a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, UploadFile
from starlette.responses import Response

from api.dependencies import Reader, ServicesOf, permit
from api.item_sheets import SentFile, take_away, take_in
from api.people import names
from api.ports import Services
from api.problems import existing as existing_thing
from api.routes.bodies import NoteBody
from api.routes.views import Names
from rectification.commands import existing
from rectification.evidence import MAX_BYTES, EvidenceFile, MediaType, Shows, check_size
from sensors.actors import Actor, Permission

router = APIRouter(tags=["evidence"])

Worker = Annotated[Actor, Depends(permit(Permission.WORK_ON_ITEM))]

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Under which a file shows, should somebody open it by itself: it loads, runs and embeds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """One file of an item. What was taken away keeps its line, and has no bytes."""

    id: str
    name: str
    media_type: MediaType
    size_bytes: int
    sha256: str
    shows: Shows
    added: datetime
    added_by: str
    added_by_name: str
    removed: datetime | None
    removed_by_name: str | None
    removed_why: str

    @classmethod
    def of(cls, file: EvidenceFile, known: Names) -> "EvidenceView":
        """Return the view of a file."""
        remover = file.removed_by
        return cls(
            id=file.id,
            name=file.name,
            media_type=file.media_type,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            shows=file.shows,
            added=file.added,
            added_by=file.added_by,
            added_by_name=known.get(file.added_by, file.added_by),
            removed=file.removed,
            removed_by_name=None if remover is None else known.get(remover, remover),
            removed_why=file.removed_why,
        )


@router.get("/items/{item_id}/evidence")
def get_evidence(services: ServicesOf, _: Reader, item_id: str) -> Sequence[EvidenceView]:
    """Return the files of an item, those taken away as well."""
    with services.records.reading() as tx:
        known = names(tx)
        return [EvidenceView.of(file, known) for file in tx.evidence_files(existing(tx, item_id).id)]


@router.post("/items/{item_id}/evidence", status_code=201)
def post_evidence(
    services: ServicesOf,
    actor: Worker,
    item_id: str,
    file: UploadFile,
    shows: Annotated[Shows, Form()] = Shows.AFTER,
    note: Annotated[str, Form(max_length=2000)] = "",
) -> EvidenceView:
    """Send a JPEG, PNG, PDF, DOCX or XLSX file of up to 20 MB; of a picture only the pixels are kept."""
    made = take_in(services, item_id, sent_file(file, shows, note), actor=actor)
    with services.records.reading() as tx:
        return EvidenceView.of(made, names(tx))


@router.get("/items/{item_id}/evidence/{file_id}")
def get_evidence_file(services: ServicesOf, _: Reader, item_id: str, file_id: str) -> Response:
    """Return the bytes of a file: a picture to be shown, everything else to be saved."""
    file = _standing(services, item_id, file_id)
    kind = "inline" if file.media_type.is_picture else "attachment"
    return _answer(services.evidence.read(file.sha256), file.media_type, disposition(kind, file.name))


@router.get("/items/{item_id}/evidence/{file_id}/thumbnail")
def get_thumbnail(services: ServicesOf, _: Reader, item_id: str, file_id: str) -> Response:
    """Return the thumbnail of a picture, a JPEG."""
    file = _standing(services, item_id, file_id)
    return _answer(services.evidence.thumbnail(file.sha256), MediaType.JPEG, disposition("inline", "thumbnail.jpg"))


@router.post("/items/{item_id}/evidence/{file_id}/remove")
def post_removal(services: ServicesOf, actor: Worker, item_id: str, file_id: str, given: NoteBody) -> EvidenceView:
    """Take a file away, with the reason; its line stays."""
    gone = take_away(services, item_id, file_id, actor=actor, note=given.note)
    with services.records.reading() as tx:
        return EvidenceView.of(gone, names(tx))


def sent_file(file: UploadFile, shows: Shows, note: str) -> SentFile:
    """Return a file as it came, read no further than what may be kept. Raises EvidenceRefusedError."""
    content = file.file.read(MAX_BYTES + 1)
    check_size(len(content))
    return SentFile(name=file.filename or "", content=content, shows=shows, note=note)


def disposition(kind: str, name: str) -> str:
    """Return a Content-Disposition with a name of any characters, RFC 6266."""
    plain = "".join(char if (char.isascii() and char.isalnum()) or char in " ._-" else "_" for char in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _standing(services: Services, item_id: str, file_id: str) -> EvidenceFile:
    with services.records.reading() as tx:
        file = tx.evidence_file(file_id)
    is_here = file is not None and file.item_id == item_id and file.removed is None
    return existing_thing(file if is_here else None, "file")


def picture(content: bytes, media_type: MediaType, *, name: str) -> Response:
    """Return a picture to be shown, under a policy that lets it do nothing."""
    return _answer(content, media_type, disposition("inline", name))


def _answer(content: bytes, media_type: MediaType, shown_as: str) -> Response:
    headers = {"Content-Disposition": shown_as, "Content-Security-Policy": POLICY}
    return Response(content, media_type=media_type.value, headers=headers)
