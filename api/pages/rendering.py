"""Templates to answers: the texts of a language, versioned assets, and single parts of a page."""

import hashlib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.alert_ports import CallState
from api.messages import Messages
from api.pages.alert_views import alarm
from api.pages.desk import Desk
from api.pages.views import Notice
from rectification.model import ItemState

PAGES = (
    ("today", "/"),
    ("rooms", "/rooms"),
    ("findings", "/findings"),
    ("alerts", "/alerts"),
    ("logs", "/logs"),
    ("plan", "/plan"),
    ("data", "/data"),
)
"""The pages of the navigation and where they are."""

ITEM_TONES: Mapping[ItemState, str] = {
    ItemState.DRAFT: "none",
    ItemState.ASSIGNED: "blue",
    ItemState.IN_PROGRESS: "blue",
    ItemState.REPORTED_DONE: "yellow",
    ItemState.AWAITING_SEASON: "yellow",
    ItemState.VERIFIED: "good",
    ItemState.SIGNED_OFF: "good",
    ItemState.CANCELLED: "none",
}

CALL_TONES: Mapping[str, str] = {
    CallState.PLANNED: "none",
    CallState.TRYING: "yellow",
    CallState.ARRIVED: "good",
    CallState.FAILED: "red",
    CallState.SPARED: "none",
}

PASSING = frozenset({"part", "done", "refused"})
"""Parts of an address that belong to one answer and not to the page."""

SITE_UNKNOWN = "Premises"


@cache
def environment() -> Environment:
    """Return the templates; a name that no view gives is an error."""
    made = Environment(
        loader=PackageLoader("api"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"asset": asset, "pages": PAGES, "item_tones": ITEM_TONES, "call_tones": CALL_TONES}
    return made


@cache
def asset(name: str) -> str:
    """Return the address of a static file, with a mark of its content so that browsers never keep an old one."""
    content = (files("api") / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"


def page_path(request: Request) -> str:
    """Return the address of the page itself, without what belongs to one answer."""
    kept = [(name, value) for name, value in QueryParams(request.url.query).multi_items() if name not in PASSING]
    return request.url.path + (f"?{urlencode(kept)}" if kept else "")


def local_path(wanted: str | None) -> str:
    """Return an address within this site, `/` for any other."""
    is_local = wanted is not None and wanted.startswith("/") and not wanted.startswith("//")
    return wanted if wanted and is_local and "\\" not in wanted and wanted.isprintable() else "/"


def with_query(path: str, **values: str) -> str:
    """Return an address with more in its query."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode(values)}"


def render_page(
    request: Request, desk: Desk, csrf_token: str, *, template: str, page: str, **view: object
) -> HTMLResponse:
    """Return a page of the console, or the one part of it that the request names."""
    path = page_path(request)
    context: dict[str, object] = {
        "m": desk.messages,
        "t": desk.messages.text,
        "page": page,
        "path": path,
        "now_iso": desk.now.isoformat(),
        "part_url": lambda name: with_query(path, part=name),
        "site": desk.wording.site(),
        "viewer": desk.viewer(),
        "alarm": alarm(desk),
        "csrf_token": csrf_token,
        "notice": notice(desk.messages, request.query_params),
    } | view
    part = request.query_params.get("part")
    name = template if part is None else part_template(page, part)
    return HTMLResponse(environment().get_template(name).render(context))


PARTS: Mapping[str, Mapping[str, str]] = {
    "today": {
        "head": "today_head",
        "alerts": "today_alerts",
        "figures": "today_figures",
        "plan": "today_plan",
        "rooms": "today_rooms",
        "waste": "today_waste",
        "health": "today_health",
    },
    "rooms": {"list": "rooms_list", "now": "room_now", "findings": "room_findings"},
    "findings": {"list": "findings_list"},
    "alerts": {
        "list": "alerts_list",
        "one": "alert_one",
        "calls": "alert_calls",
        "standing": "standing_list",
        "story": "alert_story",
        "undelivered": "alerts_undelivered",
        "quality": "alerts_quality",
    },
    "wall": {"wall": "alerts_wall"},
    "logs": {"now": "logs_now", "duty": "logs_duty", "isolations": "logs_isolations", "tests": "logs_tests"},
    "plan": {"board": "plan_board", "table": "plan_table", "one": "item_one"},
    "account": {},
    "people": {},
    "data": {"books": "data_books", "kept": "data_kept", "devices": "data_devices"},
}
"""What of each page can be fetched by itself, and the template that draws it."""


def part_template(page: str, part: str) -> str:
    """Return the template of one part of a page; the strip of alarms where there is no such part."""
    return f"parts/{PARTS[page].get(part, 'alarm')}.html"


def notice(messages: Messages, query: QueryParams) -> Notice | None:
    """Return what the page says of the step that led to it."""
    for name, tone in (("refused", "orange"), ("done", "good")):
        key = f"{name}.{query.get(name, '')}"
        if messages.has(key):
            return Notice(text=messages.text(key), tone=tone)
    return None


def render_alone(
    request: Request, messages: Messages, *, template: str, site: str, status: int = HTTPStatus.OK, **view: object
) -> Response:
    """Return a page outside the console: sign-in, set-up, a problem."""
    context: dict[str, object] = {
        "m": messages,
        "t": messages.text,
        "path": page_path(request),
        "site": site,
        "csrf_token": "",
    }
    return HTMLResponse(environment().get_template(template).render(context | view), status)
