"""`premises bench alarm`: how long a fire takes to the first attempt at telling somebody, in the thick of the day."""

import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from premises.bench.alarm import Plan, Result


@click.command("alarm")
@click.option("--alarms", type=click.IntRange(10, 10_000), default=300, show_default=True, help="At ten a second.")
@click.option("--rate", type=click.FloatRange(0, 20_000), default=5_000.0, show_default=True, help="Readings a second.")
@click.option("--flood", type=click.IntRange(100, 100_000), help="So many fires within a minute instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def command(*, alarms: int, rate: float, flood: int | None, as_json: bool, progress: bool | None) -> None:
    """Measure from the publishing of a fire to the first attempt at a webhook.

    A whole installation of its own runs, readings come in beside the fires, one a message, and an analysis follows
    the other.
    """
    from premises.bench.alarm import Plan  # noqa: PLC0415 - keeps `--help` quick

    plan = Plan(alarms=alarms, background_per_s=rate, flood=flood or 0)
    result = _with_bar(plan, shown=sys.stderr.isatty() if progress is None else progress)
    click.echo(json.dumps(result.as_json()) if as_json else result.text())


def _with_bar(plan: "Plan", *, shown: bool) -> "Result":
    from premises.bench.alarm import measure  # noqa: PLC0415 - keeps `--help` quick

    with click.progressbar(length=plan.length, label="alarms", file=sys.stderr, hidden=not shown) as bar:
        return measure(plan, bar.update)
