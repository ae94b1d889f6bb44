"""`premises report energy`: the energy report of a period, as it is locked or, where it is not, as a preview."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from premises.papers import Format, Language
    from rectification.energy_reports import ReportPeriod


class VersionNotFoundFault(InputFault):
    """A version that there is not."""

    def __init__(self, number: int, period: str) -> None:
        """Name it."""
        super().__init__(f"--version {number}: there is none of {period}; look at the reports in the console")


@click.command("energy")
@home_option
@click.option("--period", "written_period", required=True, metavar="PERIOD", help="2026-10, 2026Q3 or 2026.")
@click.option("--version", "number", type=int, help="A locked version; the newest where not given.")
@click.option("--format", "form", type=click.Choice(("docx", "xlsx", "pdf", "html")), help="By default as --out ends.")
@click.option("--lang", "--language", "language", type=click.Choice(("zh", "en")), default="zh", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; by default in reports/ of the home."
)
def command(
    *,
    home: Path | None,
    written_period: str,
    number: int | None,
    form: "Format | None",
    language: "Language",
    out: Path | None,
) -> None:
    """Write the energy report (能源资源消费报告) of a period; one that nobody locked says that it is a preview."""
    from premises.commands.report import form_of, write_paper  # noqa: PLC0415 - it knows this command
    from rectification.energy_reports import ReportPeriod  # noqa: PLC0415 - keeps `--help` quick

    place, period = Home.find(home), ReportPeriod.parse(written_period)
    wanted = form_of(form, out, "docx")
    content = _content(place, period, number, wanted, language)
    target = out or place.root / "reports" / f"energy-{period}-{language}.{wanted}"
    write_paper(target, content)
    click.echo(str(target))


def _content(place: Home, period: "ReportPeriod", number: int | None, form: "Format", language: "Language") -> bytes:
    from premises.clock import SystemClock  # noqa: PLC0415 - keeps `--help` quick
    from premises.energy_reports.making import ReportPapers  # noqa: PLC0415
    from premises.plan_papers.gathering import namer  # noqa: PLC0415
    from premises.stores.records import open_records  # noqa: PLC0415
    from reports.energy_report_figures import thawed  # noqa: PLC0415
    from storage.registry_file import load_registry  # noqa: PLC0415

    registry = load_registry(place.registry)
    with closing(open_records(place)) as records:
        with records.reading() as tx:
            papers = ReportPapers(who=namer(tx.accounts()), now=SystemClock().now())
            versions = tx.energy_reports_of(registry.site.id, str(period))
            chosen = [each for each in versions if number in {None, each.version}]
            if chosen:
                return papers.locked(tx, chosen[0], form, language)
        if number is not None:
            raise VersionNotFoundFault(number, str(period))
        return papers.written(thawed(_figures(place, period)), None, form, language)


def _figures(place: Home, period: "ReportPeriod") -> str:
    """Return the figures as they stand: of the running server where one runs, for it holds the readings."""
    from premises.energy_reports.of_home import figures_of_home  # noqa: PLC0415 - heavy
    from premises.processes.remote import Server  # noqa: PLC0415 - as above

    server = Server.find(place)
    if server is None:
        return figures_of_home(place, period)
    told = server.ask("/internal/energy-report", {"period": str(period)}, lambda _what, _done: None)
    return str(told["figures"])
