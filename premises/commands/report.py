"""`premises report`: papers in Word, Excel, PDF or HTML, made from the records."""

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from premises.papers import Format, Language


@click.group("report")
def command() -> None:
    """Write papers that people keep or sign."""


@command.command("duty")
@home_option
@click.option("--day", metavar="DATE", help="The local day, YYYY-MM-DD; today where not given.")
@click.option(
    "--format", "wanted", type=click.Choice(("html", "docx", "xlsx", "pdf")), default="html", show_default=True
)
@click.option("--language", type=click.Choice(("zh", "en")), default="zh", show_default=True)
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
    _write(target, written(paper, wanted))
    click.echo(str(target))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        msg = f"--day {text!r} is no day; write it like 2026-11-23"
        raise InputFault(msg) from exc


def _write(target: Path, content: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as exc:
        msg = f"{target}: cannot be written: {exc.strerror}"
        raise InputFault(msg) from exc
