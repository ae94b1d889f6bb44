"""`premises evaluate`: the rules held against a truth."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from premises.commands.analyze import progress_shown
from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from premises.analysis import Progress
    from premises.evaluation import Evaluated, Wish

NOT_HELD = 1


@click.command("evaluate")
@home_option
@click.option(
    "--truth", type=click.Path(path_type=Path, dir_okay=False), required=True, help="What is there to be found."
)
@click.option("--csv", type=click.Path(path_type=Path), help="Judge this file of readings instead of the home's store.")
@click.option("--registry", type=click.Path(path_type=Path), help="A registry other than the home's.")
@click.option(
    "--bookings",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Bookings of rooms other than the home's, a CSV.",
)
@click.option("--from", "first", metavar="DATE", help="The first local day; all there is where not given.")
@click.option("--to", "end", metavar="DATE", help="The local day on which to stop; it is itself left out.")
@click.option("--rules", metavar="E03,S02", help="The rules to score; all that work or are in the truth otherwise.")
@click.option("--floor", type=click.FloatRange(0, 1), help="Exit with 1 where a rule's precision or recall is lower.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--lang", "--language", "language", type=click.Choice(("zh", "en")), default="zh", show_default=True)
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
@click.pass_context
def command(
    context: click.Context,
    *,
    home: Path | None,
    truth: Path,
    csv: Path | None,
    registry: Path | None,
    bookings: Path | None,
    first: str | None,
    end: str | None,
    rules: str | None,
    floor: float | None,
    as_json: bool,
    language: Literal["zh", "en"],
    progress: bool | None,
) -> None:
    """Say of each rule how much it found of what was there, how much it raised for nothing, and how late.

    TRUTH.csv has rule,subject,start,end,kind with kind fault or near_miss, as `premises simulate` writes it.
    """
    from premises.evaluation import Wish  # noqa: PLC0415 - polars takes its time; --help should not wait
    from reports.messages import Messages  # noqa: PLC0415 - as above
    from reports.scores import render_scores  # noqa: PLC0415 - as above
    from simulators.scoring import held, scores_document  # noqa: PLC0415 - as above

    wish = Wish(truth=truth, bookings=bookings, rules=rules, first=first, end=end)
    with progress_shown(progress) as report:
        found = _evaluated(home, csv, registry, wish, report)
    if as_json:
        click.echo(json.dumps(scores_document(found.scores, floor=floor), ensure_ascii=False, indent=2))
    else:
        click.echo(render_scores(found.scores, Messages(language, found.zone), floor=floor))
    if floor is not None and not held(found.scores, floor):
        context.exit(NOT_HELD)


def _evaluated(
    home: Path | None, csv: Path | None, registry: Path | None, wish: "Wish", report: "Progress"
) -> "Evaluated":
    from premises.analysis import CsvSource  # noqa: PLC0415 - as above
    from premises.evaluation import evaluate_csv, evaluate_home  # noqa: PLC0415 - as above

    if csv is None:
        return evaluate_home(Home.find(home), registry, wish, report)
    if registry is None:
        msg = "--csv needs --registry too: the file does not say what building it is of"
        raise InputFault(msg)
    return evaluate_csv(CsvSource(path=csv), registry, wish, report)
