"""One visit to a page by somebody who is signed in: the request with all that its answer needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import HTMLResponse

from api.dependencies import CsrfToken, CurrentActor, Reader, ReaderLanguage, ServicesOf
from api.messages import Language
from api.pages.desk import Desk, open_desk
from api.pages.rendering import render_page
from api.ports import Services
from sensors.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who asks for what, in which language."""

    request: Request
    services: Services
    actor: Actor
    csrf_token: str
    language: Language

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """Yield the desk over one state of the records, which it only reads."""
        with self.services.records.reading() as tx:
            yield open_desk(self.services, tx, self.actor, self.language)

    def render(self, desk: Desk, template: str, *, page: str, **view: object) -> HTMLResponse:
        """Return a page, or the part of it that is asked for."""
        return render_page(self.request, desk, self.csrf_token, template=template, page=page, **view)


def reading_visit(
    request: Request, services: ServicesOf, actor: Reader, csrf: CsrfToken, language: ReaderLanguage
) -> Visit:
    """Return the visit of somebody who may read."""
    return Visit(request=request, services=services, actor=actor, csrf_token=csrf, language=language)


def acting_visit(
    request: Request, services: ServicesOf, actor: CurrentActor, csrf: CsrfToken, language: ReaderLanguage
) -> Visit:
    """Return the visit of somebody who is signed in; what they may do is for the commands to say."""
    return Visit(request=request, services=services, actor=actor, csrf_token=csrf, language=language)


ReadingVisit = Annotated[Visit, Depends(reading_visit)]
ActingVisit = Annotated[Visit, Depends(acting_visit)]
