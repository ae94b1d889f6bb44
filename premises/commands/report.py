"""`premises report`: papers in Word, Excel, PDF or HTML, made from the records."""

from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.commands.report_edited import edited_ledger
from premises.commands.report_energy import command as energy
from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from premises.papers import Format, Language
    from premises.plan_papers.making import PlanPapers
    from storage.records.transaction import RecordsTransaction


@click.group("report")
def command() -> None:
    """Write papers that people keep or sign."""


@command.command("duty")
@home_option
@click.option("--day", metavar="DATE", help="The local day, YYYY-MM-DD; today where not given.")
@click.option(
    "--format", "wanted", type=click.Choice(("html", "docx", "xlsx", "pdf")), default="html", show_default=True
)
@click.option("--lang", "--language", "language", type=click.Choice(("zh", "en")), default="zh", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; by default in reports/ of the home."
)
def duty(*, home: Path | None, day: str | None, wanted: "Format", language: "Language", out: Path | None) -> None:
    """Write the duty sheet of a day (值班记录表): shifts, two-hourly entries, alarms, isolations, places to sign."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - keeps `--help` quick

    from premises.clock import SystemClock  # noqa: PLC0415
    from premises.papers import DutyPapers, written  # noqa: PLC0415
    from premises.stores.records import open_records  # noqa: PLC0415
    from storage.registry_file import load_registry  # noqa: PLC0415

    place = Home.find(home)
    registry, clock = load_registry(place.registry), SystemClock()
    when = clock.now().astimezone(ZoneInfo(registry.site.timezone)).date() if day is None else _day(day)
    with closing(open_records(place)) as records, records.reading() as tx:
        paper = DutyPapers(registry=registry, clock=clock).paper(tx, when, language)
    target = out or place.root / "reports" / f"duty-{when}.{wanted}"
    write_paper(target, written(paper, wanted))
    click.echo(str(target))


_FORMAT = click.option(
    "--format", "wanted", type=click.Choice(("xlsx", "docx", "pdf", "html")), help="By default as --out ends."
)
_OUT = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; by default in reports/ of the home."
)
_LANG = click.option(
    "--lang", "--language", "language", type=click.Choice(("zh", "en")), default="zh", show_default=True
)


@command.command("ledger")
@home_option
@click.option("--plan", "number", type=int, metavar="NUMBER", help="Of one plan alone; of all items where not given.")
@_FORMAT
@_LANG
@_OUT
def ledger(
    *, home: Path | None, number: int | None, wanted: "Format | None", language: "Language", out: Path | None
) -> None:
    """Write the rectification ledger (整改台账). Excel can be edited by hand and brought in with `edited-ledger`."""
    from premises.plan_papers.making import plan_numbered  # noqa: PLC0415 - keeps `--help` quick

    place, form = Home.find(home), form_of(wanted, out, "xlsx")
    with _papers(place) as (papers, tx):
        plan = None if number is None else plan_numbered(tx, number)
        content = papers.ledger(tx, form, language, plan)
    _told(place, out, f"ledger-{language}.{form}", content)


@command.command("plan")
@home_option
@click.option("--plan", "number", type=int, metavar="NUMBER", help="Its number; the newest where not given.")
@_FORMAT
@_LANG
@_OUT
def plan(
    *, home: Path | None, number: int | None, wanted: "Format | None", language: "Language", out: Path | None
) -> None:
    """Write a rectification plan (整改方案) in the official format, its ledger attached."""
    from premises.plan_papers.making import plan_numbered  # noqa: PLC0415 - keeps `--help` quick

    place, form = Home.find(home), form_of(wanted, out, "docx")
    with _papers(place) as (papers, tx):
        found = plan_numbered(tx, number)
        content = papers.plan(tx, found.id, form, language)
    _told(place, out, f"plan-{found.number}-{language}.{form}", content)


@command.command("closing")
@click.argument("number", type=int)
@home_option
@_FORMAT
@_LANG
@_OUT
def closing_sheet(
    *, number: int, home: Path | None, wanted: "Format | None", language: "Language", out: Path | None
) -> None:
    """Write the closing sheet (销号单) of the item NUMBER; its chart needs readings that no running server holds."""
    from premises.plan_papers.making import item_numbered  # noqa: PLC0415 - keeps `--help` quick

    place, form = Home.find(home), form_of(wanted, out, "docx")
    with _papers(place, with_readings=True) as (papers, tx):
        content = papers.closing(tx, item_numbered(tx, number).id, form, language)
    _told(place, out, f"closing-{number}-{language}.{form}", content)


@contextmanager
def _papers(place: Home, *, with_readings: bool = False) -> "Iterator[tuple[PlanPapers, RecordsTransaction]]":
    """Yield what makes papers, and a transaction to read from."""
    from premises.clock import SystemClock  # noqa: PLC0415 - keeps `--help` quick
    from premises.plan_papers.making import PlanPapers  # noqa: PLC0415
    from premises.settings import load_settings  # noqa: PLC0415
    from premises.stores.readings import open_store  # noqa: PLC0415
    from premises.stores.records import open_records  # noqa: PLC0415
    from storage.evidence import EvidenceStore  # noqa: PLC0415
    from storage.registry_file import load_registry  # noqa: PLC0415

    registry = load_registry(place.registry)
    with ExitStack() as stack:
        records = stack.enter_context(closing(open_records(place)))
        store = None
        if with_readings and place.readings.exists():
            with suppress(InputFault):  # a running server holds the readings: the sheet says that there is no chart
                store = stack.enter_context(closing(open_store(place, load_settings(place), lambda: registry)))
        photos = EvidenceStore(place.evidence).read
        papers = PlanPapers(registry=lambda: registry, clock=SystemClock(), store=store, photos=photos)
        yield papers, stack.enter_context(records.reading())


def form_of(wanted: "Format | None", out: Path | None, usual: "Format") -> "Format":
    """Return the format that is asked for, else as the file's name ends, else the usual one."""
    from premises.papers import MEDIA_TYPES  # noqa: PLC0415 - keeps `--help` quick

    ending = "" if out is None else out.suffix.removeprefix(".").lower()
    ended: Format | None = next((form for form in MEDIA_TYPES if form == ending), None)
    return wanted or ended or usual


def _told(place: Home, out: Path | None, name: str, content: bytes) -> None:
    target = out or place.root / "reports" / name
    write_paper(target, content)
    click.echo(str(target))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        msg = f"--day {text!r} is no day; write it like 2026-11-23"
        raise InputFault(msg) from exc


def write_paper(target: Path, content: bytes) -> None:
    """Write a file, and the folder that it is in. Raises InputFault."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as exc:
        msg = f"{target}: cannot be written: {exc.strerror}"
        raise InputFault(msg) from exc


command.add_command(edited_ledger)
command.add_command(energy)
