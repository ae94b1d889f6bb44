"""`premises bench`: what Premises costs on this machine, against a reference in the same run."""

import json
import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from premises.commands.bench_alarm import command as alarm
from premises.commands.bench_analytics import command as analytics
from premises.commands.bench_decode import command as decode
from premises.commands.bench_load import command as load
from premises.commands.bench_savings import command as savings
from sensors.errors import InputFault

if TYPE_CHECKING:
    from premises.bench.ingest import Plan, Result


@click.group("bench")
def command() -> None:
    """Measure what Premises costs on this machine."""


@command.command("ingest")
@click.option("--messages", type=click.IntRange(10_000), help="Single-reading messages; 50,000 where not given.")
@click.option("--readings", type=click.IntRange(500_000), help="Readings in messages of 50; 2,000,000 where not given.")
@click.option("--quick", is_flag=True, help="Less of everything, for a first look.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def ingest(*, messages: int | None, readings: int | None, quick: bool, as_json: bool, progress: bool | None) -> None:
    """Measure ingest: broker to spool commit, plus the drain into DuckDB, in CPU time of the process.

    The reference is paho's own client, MQTT 5, that receives the same messages and only counts them.
    """
    import structlog  # noqa: PLC0415 - keeps `--help` quick

    from premises.bench.ingest import QUICK, USUAL  # noqa: PLC0415 - keeps `--help` quick
    from premises.bench.whole_way import LostReadingsError  # noqa: PLC0415 - as above

    # Of a link that comes and goes as planned there is nothing to say.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    plan = QUICK if quick else USUAL
    plan = replace(plan, messages=messages or plan.messages, readings=readings or plan.readings)
    try:
        result = _with_bar(plan, shown=sys.stderr.isatty() if progress is None else progress)
    except LostReadingsError as exc:
        msg = f"the bench lost readings: {exc}; its figures are worth nothing"
        raise InputFault(msg) from exc
    click.echo(json.dumps(result.as_json()) if as_json else result.text())


def _with_bar(plan: "Plan", *, shown: bool) -> "Result":
    from premises.bench.ingest import measure  # noqa: PLC0415 - keeps `--help` quick

    with click.progressbar(length=plan.length, label="messages", file=sys.stderr, hidden=not shown) as bar:
        return measure(plan, bar.update)


@command.command("simulate")
@click.option("--rooms", type=click.IntRange(1, 5_000), default=100, show_default=True, help="Of eight series each.")
@click.option("--days", type=click.IntRange(1, 3_660), default=365, show_default=True, help="At steps of five minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def simulate(*, rooms: int, days: int, as_json: bool, progress: bool | None) -> None:
    """Measure how long a building takes to simulate and to store: a year of 100 rooms where nothing is said."""
    from premises.bench.simulate import measure  # noqa: PLC0415 - keeps `--help` quick

    shown = sys.stderr.isatty() if progress is None else progress
    with click.progressbar(length=100, label="simulated", file=sys.stderr, hidden=not shown) as bar:
        result = measure(rooms=rooms, days=days, tell=lambda share: bar.update(int(100 * share) - bar.pos))
    click.echo(json.dumps(result.as_json()) if as_json else result.text())


command.add_command(alarm)
command.add_command(analytics)
command.add_command(decode)
command.add_command(load)
command.add_command(savings)
