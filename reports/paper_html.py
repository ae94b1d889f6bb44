"""A paper as one HTML page that prints on A4; it loads nothing, and says so in its policy."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from reports.paper import Paper, Picture


def html_paper(paper: Paper) -> str:
    """Return the page."""
    return environment().get_template("paper.html").render(paper=paper, style=_style(), inline=inline)


def inline(picture: Picture) -> str:
    """Return a picture as an address that holds all of it."""
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.content).decode()}"


def style_policy() -> str:
    """Return the Content-Security-Policy under which the page shows as it should: its own style, and nothing else."""
    sealed = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{sealed}'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


@cache
def _style() -> str:
    return (files("reports") / "templates" / "paper.css").read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Return what fills templates of papers."""
    return Environment(
        loader=PackageLoader("reports"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
