"""The page that tells a person of a problem, and what to do."""

from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import get_services, language
from api.messages import Messages
from api.pages.rendering import SITE_UNKNOWN, render_alone
from api.problems import Problem
from sensors.errors import InputFault


def problem_page(request: Request, problem: Problem) -> Response:
    """Return a problem as a page in the reader's language."""
    chosen = language(request)
    messages, site = Messages(chosen, ZoneInfo("UTC")), _site(request, chosen)
    key = next(name for name in (problem.code, str(problem.status), "other") if messages.has(f"problem.{name}"))
    response = render_alone(
        request,
        messages,
        template="error.html",
        site=site,
        status=problem.status,
        title=messages.text(f"problem.{key}"),
        advice=messages.text(f"problem.{key}.advice"),
    )
    response.headers.update(problem.headers)
    return response


def _site(request: Request, chosen: str) -> str:
    """Return the site's name; without a registry the page must still come."""
    try:
        return get_services(request).registry().site.name.in_language(chosen)
    except (InputFault, OSError):
        return SITE_UNKNOWN
