"""An official document as one HTML page that prints on A4; it loads nothing, and says so in its policy."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from reports.paper_html import environment
from reports.paper_official import OfficialPaper


def official_html(paper: OfficialPaper) -> str:
    """Return the page."""
    return environment().get_template("official.html").render(paper=paper, style=_style())


def official_policy() -> str:
    """Return the Content-Security-Policy under which the page shows: its own style, and nothing else."""
    sealed = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{sealed}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _style() -> str:
    return (files("reports") / "templates" / "official.css").read_text(encoding="utf-8")
