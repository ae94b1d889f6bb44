"""`premises analyze`: the rules over the store of readings, or over a CSV without any store."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import click

from premises.home import Home, home_option
from sensors.errors import InputFault


@click.command("analyze")
@home_option
@click.option(
    "--csv", type=click.Path(path_type=Path), help="Analyse this file: timestamp,device,metric,value[,phase]."
)
@click.option("--registry", type=click.Path(path_type=Path), help="A registry other than the home's.")
@click.option("--timezone", metavar="TZ", help="The zone of times without an offset in --csv.")
@click.option("--encoding", type=click.Choice(("utf-8", "gb18030")), default="utf-8", show_default=True)
@click.option("--rules", metavar="E03,S02", help="The rules to run; all that work where not given.")
@click.option("--from", "first", metavar="DATE", help="The first local day; all there is where not given.")
@click.option("--to", "end", metavar="DATE", help="The local day on which to stop; it is itself left out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the answer as one page.")
@click.option("--language", type=click.Choice(("zh", "en")), default="zh", show_default=True, help="Of the page.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def command(
    *,
    home: Path | None,
    csv: Path | None,
    registry: Path | None,
    timezone: str | None,
    encoding: str,
    rules: str | None,
    first: str | None,
    end: str | None,
    as_json: bool,
    html: Path | None,
    language: Literal["zh", "en"],
    progress: bool | None,
) -> None:
    """Say which rooms are underused and what was wasted, from the readings at hand."""
    from premises import analysis  # noqa: PLC0415 - polars takes its time; --help should not wait

    if csv is None and timezone is not None:
        msg = "--timezone is for --csv; the store holds instants"
        raise InputFault(msg)
    question = analysis.Question(rules=rules, first=first, end=end)
    wanted = analysis.Wanted(names=_outputs(as_json=as_json, page=html is not None), language=language)
    with progress_shown(progress) as report:
        if csv is not None:
            source = analysis.CsvSource(path=csv, timezone=timezone, encoding=encoding)
            made = analysis.answer_of_csv(source, registry, Home.place(home), question, wanted, report)
        else:
            made = analysis.answer_of_home(Home.find(home), registry, question, wanted, report)
    if html is not None:
        analysis.write_page(made["page"], html)
    for failure in made["failed"]:
        click.echo(f"{failure['trace']}rule {failure['rule']} failed and judged nothing", err=True)
    if as_json:
        click.echo(json.dumps(made["document"], ensure_ascii=False, indent=2))
    else:
        click.echo(made["text"] if html is None else f"{html}: written")


def _outputs(*, as_json: bool, page: bool) -> tuple[str, ...]:
    """Return what must be made: the page where a file is named, and what is printed."""
    printed = ("document",) if as_json else () if page else ("text",)
    return (*printed, "failed", "page") if page else (*printed, "failed")


@contextmanager
def progress_shown(wanted: bool | None) -> Iterator[Callable[[str, float], None]]:  # noqa: FBT001 - the option's three states
    """Yield what shows how far the run is: a bar on a terminal, or a line per tenth where it was asked for."""
    if wanted is False or not (wanted or sys.stderr.isatty()):
        yield lambda _what, _done: None
    elif sys.stderr.isatty():
        with click.progressbar(length=100, label="analysing", file=sys.stderr) as bar:
            yield lambda _what, done: bar.update(int(100 * done) - bar.pos)
    else:
        yield _tenths()


def _tenths() -> Callable[[str, float], None]:
    told = -1

    def tell(what: str, done: float) -> None:
        nonlocal told
        if int(10 * done) > told:
            told = int(10 * done)
            click.echo(f"{what} {10 * told} %", err=True)

    return tell
