"""Reports taken in and put aside with their photos: drawn anew outside of the transaction, kept or deleted inside."""

from collections.abc import Callable

from api.ports import RecordsTransaction, Services
from rectification.evidence import EvidenceRefusedError, PreparedFile, media_type_of
from rectification.model import Item
from rectification.reporting import (
    Photo,
    ReportRefusal,
    ReportRefusedError,
    Sent,
    check_sending,
    existing_report,
    send,
    standing_code,
)
from rectification.reports import MAX_PHOTO_BYTES, Report


def take_report(services: Services, token: str, sent: Sent, *, photo: bytes = b"") -> Report:
    """Return the report as it was taken. No picture is drawn for what is not taken.

    Raises UnknownCodeError, ReportRefusedError, EvidenceRefusedError.
    """
    with services.records.reading() as tx:
        check_sending(tx, standing_code(tx, token), sent, clock=services.clock)
    prepared = prepared_photo(services, photo) if photo else None
    with services.records.transaction() as tx:
        report = send(tx, token, sent, clock=services.clock, photo=_photo(prepared))
        if prepared is not None:
            services.evidence.put(prepared)
    return report


def prepared_photo(services: Services, content: bytes) -> PreparedFile:
    """Return a photo as it will be kept: pixels alone. Raises EvidenceRefusedError."""
    if len(content) > MAX_PHOTO_BYTES:
        msg = f"the photo has more than {MAX_PHOTO_BYTES // 1024 // 1024} MB; make it smaller and send it again"
        raise EvidenceRefusedError(msg)
    if not media_type_of(content).is_picture:
        msg = "not a JPEG or PNG by its content; send a photo"
        raise EvidenceRefusedError(msg)
    return services.evidence.prepare(content)


def put_aside(services: Services, report_id: str, act: Callable[[RecordsTransaction], Report]) -> Report:
    """Return a report after it was put aside; its photo is deleted where nothing else holds the same."""
    with services.records.transaction() as tx:
        photo = existing_report(tx, report_id).photo
        report = act(tx)
        if photo is not None and not tx.is_evidence(photo):
            services.evidence.discard(photo)
    return report


def open_item_numbered(tx: RecordsTransaction, number: str) -> Item:
    """Return the open item of a number as somebody typed it. Raises ReportRefusedError."""
    wanted = number.strip().removeprefix("#")
    found = next((item for item in tx.items(open_only=True, limit=100_000) if str(item.number) == wanted), None)
    if found is None:
        raise ReportRefusedError(ReportRefusal.NO_ITEM)
    return found


def _photo(prepared: PreparedFile | None) -> Photo | None:
    if prepared is None:
        return None
    return Photo(sha256=prepared.sha256, media_type=prepared.media_type, size_bytes=len(prepared.content))
