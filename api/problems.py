"""What goes wrong, as RFC 9457 problem details for programs and as a page for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlencode

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from alerts.commands import FireUnseenError, NoteNeededError, UnknownAlertError
from alerts.logs.refusals import LogRefusedError, UnknownEntryError
from alerts.model import IllegalAlertStepError
from alerts.standing_commands import StandingRefusedError, UnknownStandingError
from analytics.ledger import UnknownFindingError
from api.security.accounts import AccountError
from api.security.passwords import BusyError, WeakPasswordError
from rectification.commands import (
    DeadlineBeforeFoundError,
    NoteMissingError,
    NotResponsibleError,
    ProofByInspectionError,
    ProofByReadingsError,
    SameHandsError,
    StepRefusedError,
    UnknownItemError,
)
from rectification.evidence import EvidenceGoneError, EvidenceRefusedError
from rectification.inspecting import InspectionRefusal, InspectionRefusedError, UnknownInspectionError
from rectification.inspections import IllegalInspectionStepError
from rectification.mending import RepairRefusedError, UnknownRepairError
from rectification.model import IllegalItemStepError
from rectification.particulars_checks import ParticularsRefusedError
from rectification.planning import PlanRefusedError, StalePlanError, UnknownPlanError
from rectification.plans import IllegalPlanStepError
from rectification.reallocations import MoveGoneError
from rectification.recurring import CameBackError
from rectification.repairs import IllegalRepairStepError
from rectification.reporting import ReportRefusedError, UnknownCodeError, UnknownReportError
from rectification.reports import IllegalReportStepError
from rectification.sheets import StaleEditError, UnknownEvidenceError
from sensors.actors import NotPermittedError
from sensors.errors import InputFault, NotNowError

log = structlog.get_logger()

Thing = TypeVar("Thing")

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a request was not done. `code` is stable, for programs and catalogues; `detail` says what to do."""

    status: int
    code: str
    detail: str = ""
    more: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the mappings against change."""
        object.__setattr__(self, "more", MappingProxyType(dict(self.more)))
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))

    @property
    def title(self) -> str:
        """Return the status in words."""
        return HTTPStatus(self.status).phrase

    def response(self) -> Response:
        """Return the problem as JSON."""
        told: dict[str, object] = {"type": f"urn:premises:{self.code}", "title": self.title, "status": self.status}
        if self.detail:
            told["detail"] = self.detail
        content = orjson.dumps(told | dict(self.more))
        return Response(content, self.status, media_type=MEDIA_TYPE, headers=dict(self.headers))


class ProblemError(Exception):
    """A problem that ends the request."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem."""
        super().__init__(problem.detail or problem.code)
        self.problem = problem


class BodyTooLargeError(HTTPException):
    """A body without a length, or with a false one, that grew beyond the limit."""

    def __init__(self) -> None:
        """Be an HTTP exception, for the framework turns others that come while it reads a body into 400."""
        super().__init__(413)


TOO_LARGE = Problem(status=413, code="too_large", detail="the request is too large")


class SignInNeededError(ProblemError):
    """Nobody is signed in, or the session is over."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(Problem(status=401, code="sign_in_needed", detail="sign in first"))


def not_found(kind: str) -> ProblemError:
    """Return that there is no such thing, or none that this person may know of."""
    return ProblemError(Problem(status=404, code="not_found", detail=f"there is no such {kind}"))


def existing(thing: Thing | None, kind: str) -> Thing:
    """Return the thing. Raises ProblemError where there is none."""
    if thing is None:
        raise not_found(kind)
    return thing


PageOfProblem = Callable[[Request, Problem], Response]
"""Makes the page that tells a person of a problem."""


def install_problems(app: FastAPI, page: PageOfProblem) -> None:
    """Answer every error of a request by a problem: as a page to a browser that wants one, else as JSON."""

    def handler(of: Callable[[Exception], Problem]) -> Callable[[Request, Exception], Response]:
        def handle(request: Request, exc: Exception) -> Response:
            problem = of(exc)
            if problem.status == HTTPStatus.UNAUTHORIZED and not is_program(request):
                return _to_sign_in(request)
            return problem.response() if is_program(request) else page(request, problem)

        return handle

    for error, problem_of in PROBLEMS.items():
        app.add_exception_handler(error, handler(problem_of))


def is_program(request: Request) -> bool:
    """Say whether a request wants data: it goes to the API, or does not accept pages."""
    return request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", "")


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/sign-in"})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = f"?{urlencode({'next': wanted})}" if request.method == "GET" and wanted != "/" else ""
    return RedirectResponse(f"/sign-in{query}", HTTPStatus.SEE_OTHER)


def _of_problem(exc: Exception) -> Problem:
    return exc.problem if isinstance(exc, ProblemError) else Problem(status=500, code="internal_server_error")


def _of_http(exc: Exception) -> Problem:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    headers = getattr(exc, "headers", None) or {}
    return Problem(status=status, code=_CODES.get(status, f"http_{status}"), headers=headers)


def _of_validation(exc: Exception) -> Problem:
    # What was sent is not sent back: it may hold a password.
    errors = exc.errors() if isinstance(exc, RequestValidationError) else ()
    faults = [{"at": ".".join(str(part) for part in error["loc"]), "reason": error["msg"]} for error in errors]
    return Problem(status=422, code="invalid", detail="the request is not of the right form", more={"faults": faults})


def _of_account(exc: Exception) -> Problem:
    code = exc.code if isinstance(exc, AccountError) else "account"
    return Problem(status=409, code=f"account.{code}", detail=str(exc))


def _of_weak_password(exc: Exception) -> Problem:
    code = exc.weakness if isinstance(exc, WeakPasswordError) else "weak"
    return Problem(status=422, code=f"password.{code}", detail=str(exc))


def _of_busy(exc: Exception) -> Problem:
    return Problem(status=503, code="busy", detail=str(exc), headers={"Retry-After": "5"})


def _of_large_body(_: Exception) -> Problem:
    return TOO_LARGE


def _of_refused_step(exc: Exception) -> Problem:
    return Problem(status=409, code=REFUSALS.get(type(exc), "step_refused"), detail=str(exc))


def _of_refused_entry(exc: Exception) -> Problem:
    code = exc.refusal if isinstance(exc, LogRefusedError) else "refused"
    return Problem(status=409, code=f"log.{code}", detail=str(exc))


def _of_refused_standing(exc: Exception) -> Problem:
    code = f"standing.{exc.refusal}" if isinstance(exc, StandingRefusedError) else "standing"
    return Problem(status=422, code=code, detail=str(exc))


def _of_particulars(exc: Exception) -> Problem:
    faults = [{"at": f"body.{exc.field}", "reason": exc.advice}] if isinstance(exc, ParticularsRefusedError) else []
    return Problem(status=422, code="invalid", detail=str(exc), more={"faults": faults})


def _of_refused_inspection(exc: Exception) -> Problem:
    if not isinstance(exc, InspectionRefusedError):
        return Problem(status=409, code="inspection_refused", detail=str(exc))
    is_stale = exc.refusal is InspectionRefusal.STALE
    more = {"line": exc.line} if exc.line else {}
    code = "stale" if is_stale else f"inspection.{exc.refusal}"
    return Problem(status=412 if is_stale else 409, code=code, detail=str(exc), more=more)


def _of_unavailable(exc: Exception) -> Problem:
    # The message names files and databases of the server, so it goes into the log only.
    log.error("request_failed", error=f"{type(exc).__name__}: {exc}")
    return Problem(status=503, code="unavailable", detail="a part of the server is away; the log says which")


def _told(status: int, code: str) -> Callable[[Exception], Problem]:
    return lambda exc: Problem(status=status, code=code, detail=str(exc))


def _of_defect(exc: Exception) -> Problem:
    log.error("request_failed", error=type(exc).__name__)
    return Problem(status=500, code="internal_server_error", detail="something went wrong here; the log says what")


PROBLEMS: Mapping[type[Exception], Callable[[Exception], Problem]] = MappingProxyType(
    {
        ProblemError: _of_problem,
        HTTPException: _of_http,
        RequestValidationError: _of_validation,
        NotPermittedError: _told(403, "not_permitted"),
        UnknownAlertError: _told(404, "not_found"),
        UnknownStandingError: _told(404, "not_found"),
        StandingRefusedError: _of_refused_standing,
        UnknownFindingError: _told(404, "not_found"),
        UnknownEntryError: _told(404, "not_found"),
        LogRefusedError: _of_refused_entry,
        NoteNeededError: _told(422, "note_missing"),
        FireUnseenError: _told(409, "fire_unseen"),
        IllegalAlertStepError: _told(409, "illegal_step"),
        IllegalItemStepError: _told(409, "illegal_step"),
        AccountError: _of_account,
        WeakPasswordError: _of_weak_password,
        BusyError: _of_busy,
        StepRefusedError: _of_refused_step,
        UnknownItemError: _told(404, "not_found"),
        UnknownPlanError: _told(404, "not_found"),
        UnknownRepairError: _told(404, "not_found"),
        UnknownEvidenceError: _told(404, "not_found"),
        EvidenceGoneError: _told(404, "evidence_gone"),
        EvidenceRefusedError: _told(422, "evidence_refused"),
        ParticularsRefusedError: _of_particulars,
        StaleEditError: _told(412, "stale"),
        StalePlanError: _told(412, "stale"),
        IllegalPlanStepError: _told(409, "illegal_step"),
        IllegalRepairStepError: _told(409, "illegal_step"),
        MoveGoneError: _told(409, "move_gone"),
        ReportRefusedError: _told(422, "report_refused"),
        UnknownReportError: _told(404, "not_found"),
        UnknownCodeError: _told(404, "not_found"),
        IllegalReportStepError: _told(409, "illegal_step"),
        UnknownInspectionError: _told(404, "not_found"),
        IllegalInspectionStepError: _told(409, "illegal_step"),
        InspectionRefusedError: _of_refused_inspection,
        BodyTooLargeError: _of_large_body,
        NotNowError: _of_unavailable,
        InputFault: _of_unavailable,
        Exception: _of_defect,
    }
)
"""What each error of the layers below is to somebody who asked over HTTP."""

REFUSALS: Mapping[type[Exception], str] = MappingProxyType(
    {
        SameHandsError: "same_hands",
        NotResponsibleError: "not_responsible",
        NoteMissingError: "note_missing",
        DeadlineBeforeFoundError: "deadline_before_found",
        CameBackError: "came_back",
        ProofByReadingsError: "proof_by_readings",
        ProofByInspectionError: "proof_by_inspection",
        PlanRefusedError: "plan_refused",
        RepairRefusedError: "repair_refused",
    }
)
"""Codes of the steps that the plan refuses."""

_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
