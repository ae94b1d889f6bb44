"""Pages for whoever scans the code on a room's door: no sign-in, a form, and what became of a report."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from api.dependencies import AllServices, ClientAddress, ReaderLanguage
from api.messages import Language, Messages
from api.pages.rendering import render_alone, with_query
from api.people_reports import take_report
from api.ports import Services
from api.security.lockout import address_key
from rectification.evidence import EvidenceRefusedError
from rectification.reporting import ReportRefusedError, Sent, UnknownCodeError, standing_code, tidy_number
from rectification.reports import (
    CATEGORY_NAMES,
    LONGEST_CONTACT,
    LONGEST_TEXT,
    MAX_PHOTO_BYTES,
    ReportCategory,
    ReportState,
)
from sensors.topology import Room

router = APIRouter()

SEEN_FROM_OUTSIDE = {ReportState.SPAM: ReportState.REJECTED}
"""Nobody is told what they are taken for."""


@dataclass(frozen=True, slots=True)
class Passer:
    """One request by somebody who is not known."""

    request: Request
    services: Services
    language: Language

    def render(self, template: str, *, status: int = HTTPStatus.OK, **view: object) -> Response:
        """Return a page outside the console."""
        site = self.services.registry().site
        messages = Messages(self.language, ZoneInfo(site.timezone))
        name = site.name.in_language(self.language)
        return render_alone(self.request, messages, template=template, site=name, status=status, **view)


def passer(request: Request, services: AllServices, language: ReaderLanguage) -> Passer:
    """Return who passes by."""
    return Passer(request, services, language)


PasserBy = Annotated[Passer, Depends(passer)]


class TellForm:
    """What the form of a room sends; longer texts than are taken still come here, to be told so."""

    def __init__(
        self,
        category: Annotated[ReportCategory, Form()] = ReportCategory.OTHER,
        text: Annotated[str, Form(max_length=20_000)] = "",
        contact: Annotated[str, Form(max_length=2_000)] = "",
        website: Annotated[str, Form(max_length=2_000)] = "",
        photo: UploadFile | None = None,
    ) -> None:
        """Keep the fields."""
        self.category = category
        self.text = text.replace("\r\n", "\n")
        self.contact = contact
        self.is_machine = bool(website)
        """Somebody filled the field that no person sees."""
        self._photo = photo

    def photo(self) -> bytes:
        """Return the photo, read no further than what may be kept; nothing where none was chosen."""
        return b"" if self._photo is None else self._photo.file.read(MAX_PHOTO_BYTES + 1)


@router.get("/r/{code}")
def tell_page(by: PasserBy, code: str) -> Response:
    """Show the form of a room."""
    room = _room(by.services, code)
    return _gone(by) if room is None else _form(by, code, room)


@router.post("/r/{code}/evidence")
def tell(by: PasserBy, address: ClientAddress, code: str, form: Annotated[TellForm, Depends()]) -> Response:
    """Take a report, and say thank you with its number."""
    if form.is_machine:
        return RedirectResponse(with_query("/reported", sent="1"), HTTPStatus.SEE_OTHER)
    room = _room(by.services, code)
    if room is None:
        return _gone(by)
    sent = Sent(
        category=form.category,
        text=form.text,
        language=by.language,
        contact=form.contact,
        address_key=address_key(address),
    )
    try:
        report = take_report(by.services, code, sent, photo=form.photo())
    except UnknownCodeError:
        return _gone(by)
    except ReportRefusedError as exc:
        return _form(by, code, room, sent=sent, refusal=f"tell.refused.{exc.refusal}")
    except EvidenceRefusedError:
        return _form(by, code, room, sent=sent, refusal="tell.refused.photo")
    return RedirectResponse(with_query("/reported", number=report.number, sent="1"), HTTPStatus.SEE_OTHER)


@router.get("/reported")
def reported_page(by: PasserBy, number: str = "", sent: str = "") -> Response:
    """Show what became of a report: its state, and nothing else of it."""
    with by.services.records.reading() as tx:
        report = tx.report_numbered(tidy_number(number)) if number else None
    state = None if report is None else SEEN_FROM_OUTSIDE.get(report.state, report.state)
    return by.render(
        "reported.html",
        number="" if report is None else _grouped(report.number),
        state=state,
        is_sent=bool(sent),
        is_unknown=bool(number) and report is None,
    )


def _room(services: Services, code: str) -> Room | None:
    """Return the room of a code that stands; None where there is none, or the room is gone."""
    try:
        with services.records.reading() as tx:
            found = standing_code(tx, code)
    except UnknownCodeError:
        return None
    return services.registry().rooms.get(found.room)


def _gone(by: Passer) -> Response:
    return by.render("tell_gone.html", status=HTTPStatus.NOT_FOUND)


def _form(by: Passer, code: str, room: Room, *, sent: Sent | None = None, refusal: str = "") -> Response:
    """Return the form, with what was written where it was refused."""
    categories = [(each.value, name.in_language(by.language)) for each, name in CATEGORY_NAMES.items()]
    view = {
        "code": code,
        "room": "" if room.restricted else room.name.in_language(by.language),
        "categories": categories,
        "sent": sent,
        "refusal": refusal,
        "longest": {"text": LONGEST_TEXT, "contact": LONGEST_CONTACT, "photo_mb": MAX_PHOTO_BYTES // 1024 // 1024},
    }
    return by.render("tell.html", status=HTTPStatus.UNPROCESSABLE_ENTITY if refusal else HTTPStatus.OK, **view)


def _grouped(number: str) -> str:
    """Return a number as one copies it by hand."""
    return f"{number[:5]}-{number[5:]}"
