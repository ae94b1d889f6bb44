"""The papers of rectification as files: ledger, plan, closing sheet; an edited ledger comes back here."""

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, UploadFile
from starlette.responses import Response

from api.dependencies import Exporter, ServicesOf, permit
from api.messages import Language
from api.papers import Paper
from api.plan_papers import PlanPapers
from api.ports import Services
from api.problems import Problem, ProblemError, not_found
from rectification.planning import existing_plan
from sensors.actors import Actor, Permission
from sensors.errors import InputFault

router = APIRouter(tags=["papers"])

Planner = Annotated[Actor, Depends(permit(Permission.MANAGE_ITEM))]
Wanted = Annotated[Paper, Query(alias="format")]
Lang = Annotated[Language, Query(alias="lang")]

MEDIA_TYPES: Mapping[Paper, str] = {
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@router.get("/ledger")
def get_ledger(
    services: ServicesOf, _: Exporter, form: Wanted = "xlsx", lang: Lang = "zh", plan: str | None = None
) -> Response:
    """Return the rectification ledger (整改台账), of one plan where its id is given."""
    papers = _papers(services)
    with services.records.reading() as tx:
        chosen = None if plan is None else existing_plan(tx, plan)
        return _file(services, papers.ledger(tx, form, lang, chosen), "ledger", form)


@router.get("/plans/{plan_id}/paper")
def get_plan_paper(
    services: ServicesOf, _: Exporter, plan_id: str, form: Wanted = "docx", lang: Lang = "zh"
) -> Response:
    """Return a plan (整改方案) in the official format."""
    papers = _papers(services)
    with services.records.reading() as tx:
        return _file(services, papers.plan(tx, plan_id, form, lang), "plan", form)


@router.get("/items/{item_id}/closing")
def get_closing(services: ServicesOf, _: Exporter, item_id: str, form: Wanted = "docx", lang: Lang = "zh") -> Response:
    """Return the closing sheet (销号单) of an item."""
    papers = _papers(services)
    with services.records.reading() as tx:
        return _file(services, papers.closing(tx, item_id, form, lang), "closing", form)


@router.post("/ledger/edited")
def post_edited_ledger(
    services: ServicesOf,
    actor: Planner,
    file: UploadFile,
    apply: Annotated[bool, Form()] = False,  # noqa: FBT002 - a field of the form
    accept_rest: Annotated[bool, Form()] = False,  # noqa: FBT002 - likewise
) -> Mapping[str, object]:
    """Return cell by cell what an edited ledger changes; `apply` keeps it, all of it or nothing."""
    papers = _papers(services)
    try:
        return papers.take_in(
            file.file.read(),
            file.filename or "ledger.xlsx",
            actor=actor,
            is_dry=not apply,
            takes_rest=accept_rest,
        )
    except InputFault as exc:
        raise ProblemError(Problem(status=422, code="invalid", detail=str(exc))) from exc


def _papers(services: Services) -> PlanPapers:
    if services.plan_papers is None:
        raise not_found(kind="paper")
    return services.plan_papers


def _file(services: Services, content: bytes, name: str, form: Paper) -> Response:
    """Return a file to be kept: it never shows in the browser, where its style would be refused."""
    now = services.clock.now().astimezone(ZoneInfo(services.registry().site.timezone))
    headers = {"Content-Disposition": f'attachment; filename="{name}-{now:%Y-%m-%d}.{form}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)
