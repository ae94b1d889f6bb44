"""`premises bench analytics`: how long all rules take over many rooms, and with how much memory."""

import json
import sys

import click


@click.command("analytics")
@click.option("--rooms", type=click.IntRange(10, 5_000), default=1_000, show_default=True, help="Of five series each.")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="At steps of five minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def command(*, rooms: int, days: int, as_json: bool, progress: bool | None) -> None:
    """Measure how long all rules take over simulated readings in DuckDB, of a tenth of the rooms first.

    Then one reading of the last day changes, and that day is judged again. The store is a temporary one.
    """
    from premises.bench.analytics import measure  # noqa: PLC0415 - keeps `--help` quick

    shown = sys.stderr.isatty() if progress is None else progress
    with click.progressbar(length=100, label="analysed", file=sys.stderr, hidden=not shown) as bar:
        result = measure(rooms=rooms, days=days, tell=lambda _what, share: bar.update(int(100 * share) - bar.pos))
    click.echo(json.dumps(result.as_json()) if as_json else result.text())
