"""Papers made from the records, in each format; what is heavy is imported when a paper is made."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.topology import Registry

if TYPE_CHECKING:
    from api.papers import MadePaper, NamedReader
    from reports.paper import Paper

Format = Literal["html", "docx", "xlsx", "pdf"]
Language = Literal["zh", "en"]

PRINT_S = 60
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


class NoPrinterFault(InputFault):
    """Nothing here can make a PDF."""

    def __init__(self) -> None:
        """Say what to install."""
        super().__init__("pdf: needs Chromium on PATH (apt-get install chromium); or take --format html, docx or xlsx")


class PrintFault(InputFault):
    """The browser made no PDF."""

    def __init__(self, why: str) -> None:
        """Quote its last words."""
        super().__init__(f"pdf: the browser made none: {why}; take --format html and print it")


class NoFontFault(InputFault):
    """A PDF in Chinese would be full of boxes."""

    def __init__(self) -> None:
        """Name the package."""
        super().__init__(
            "pdf: no font with Chinese in it is here; install one (apt-get install fonts-noto-cjk, or "
            "fonts-wqy-zenhei), or take --lang en, --format docx or html"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPapers:
    """Makes the duty sheet of a site's local day."""

    registry: Registry
    clock: Clock

    def paper(self, tx: "NamedReader", day: date, language: Language) -> "Paper":
        """Return the sheet as values."""
        from alerts.logs.sheet import duty_sheet  # noqa: PLC0415 - heavy, and not asked for at each start
        from reports.duty import duty_paper  # noqa: PLC0415 - as above

        site = self.registry.site
        sheet = duty_sheet(tx, site.id, day, ZoneInfo(site.timezone))
        named = {account.id: account.name for account in tx.accounts()}

        def who(actor: str) -> str:
            return named.get(actor, actor)

        return duty_paper(sheet, registry=self.registry, language=language, who=who, now=self.clock.now())


def written(paper: "Paper", wanted: Format) -> bytes:
    """Return a paper as a file's content. Raises NoPrinterFault, PrintFault."""
    return WRITERS[wanted](paper)


def duty_sheets(
    registry: Callable[[], Registry], clock: Clock
) -> Callable[["NamedReader", date, Format, Language], "MadePaper"]:
    """Return what makes the console's duty sheets, by the registry as it stands then."""

    def make(tx: "NamedReader", day: date, form: Format, language: Language) -> "MadePaper":
        from api.papers import MadePaper  # noqa: PLC0415 - heavy
        from reports.paper_html import style_policy  # noqa: PLC0415 - heavy

        paper = DutyPapers(registry=registry(), clock=clock).paper(tx, day, language)
        policy = style_policy() if form == "html" else ""
        return MadePaper(content=written(paper, form), media_type=MEDIA_TYPES[form], policy=policy)

    return make


def _html(paper: "Paper") -> bytes:
    from reports.paper_html import html_paper  # noqa: PLC0415 - heavy

    return html_paper(paper).encode()


def _docx(paper: "Paper") -> bytes:
    from reports.paper_docx import docx_paper  # noqa: PLC0415 - heavy

    return docx_paper(paper)


def _xlsx(paper: "Paper") -> bytes:
    from reports.paper_xlsx import xlsx_paper  # noqa: PLC0415 - heavy

    return xlsx_paper(paper)


def _pdf(paper: "Paper") -> bytes:
    return printed(_html(paper), "zh" if paper.language == "zh" else "en")


def printed(page_html: bytes, language: Language) -> bytes:
    """Return a page as Chromium prints it. Raises NoPrinterFault, PrintFault, NoFontFault."""
    _must_have_letters(language)
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise NoPrinterFault
    with tempfile.TemporaryDirectory(prefix="premises-paper-") as folder:
        page, done_file = Path(folder, "paper.html"), Path(folder, "paper.pdf")
        page.write_bytes(page_html)
        # As root Chromium refuses its own sandbox; the page is ours and loads nothing.
        alone = ["--no-sandbox"] if os.geteuid() == 0 else []
        told = [browser, "--headless", "--disable-gpu", *alone, f"--user-data-dir={folder}/profile"]
        told += ["--no-pdf-header-footer", f"--print-to-pdf={done_file}", page.as_uri()]
        try:
            done = subprocess.run(told, capture_output=True, timeout=PRINT_S, check=False)  # noqa: S603 - our own words
        except subprocess.TimeoutExpired as exc:
            slow = f"not done after {PRINT_S} s"
            raise PrintFault(slow) from exc
        if not done_file.is_file():
            raise PrintFault(done.stderr.decode(errors="replace").strip()[-200:])
        return done_file.read_bytes()


def _must_have_letters(language: Language) -> None:
    """Return where the machine has a font with the language's letters. Raises NoFontFault."""
    from reports.charts import ChartFault, font_of  # noqa: PLC0415 - heavy

    try:
        font_of(language)
    except ChartFault as exc:
        raise NoFontFault from exc


WRITERS: Mapping[Format, Callable[["Paper"], bytes]] = MappingProxyType(
    {"html": _html, "docx": _docx, "xlsx": _xlsx, "pdf": _pdf}
)
"""What writes each format."""

MEDIA_TYPES: Mapping[Format, str] = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pdf": "application/pdf",
    }
)
