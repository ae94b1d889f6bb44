"""`premises bench analytics`: how long all rules take over many rooms, and with how much memory."""

import json
import secrets
import sys
from pathlib import Path

import click


@click.command("analytics")
@click.option("--rooms", type=click.IntRange(10, 5_000), default=1_000, show_default=True, help="Of five series each.")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="At steps of five minutes.")
@click.option("--influxdb-url", metavar="URL", help="Keep the readings in this InfluxDB instead of a DuckDB file.")
@click.option("--token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Its token.")
@click.option("--org", default="premises", show_default=True, help="Its organisation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def command(
    *,
    rooms: int,
    days: int,
    influxdb_url: str | None,
    token_file: Path | None,
    org: str,
    as_json: bool,
    progress: bool | None,
) -> None:
    """Measure how long all rules take over simulated readings, of a tenth of the rooms first.

    Then one reading of the last day changes, and that day is judged again. A DuckDB file is a temporary one; in an
    InfluxDB the buckets `premises-bench-…/raw` are left behind, which you may delete.
    """
    from premises.bench.analytics import measure  # noqa: PLC0415 - keeps `--help` quick
    from premises.bench.analytics_store import InfluxTarget  # noqa: PLC0415
    from premises.settings import read_secret  # noqa: PLC0415

    there = None
    if influxdb_url is not None:
        token = "" if token_file is None else read_secret(token_file)
        database = f"premises-bench-{secrets.token_hex(4)}"
        there = InfluxTarget(url=influxdb_url, token=token, org=org, database=database)
    shown = sys.stderr.isatty() if progress is None else progress
    with click.progressbar(length=100, label="analysed", file=sys.stderr, hidden=not shown) as bar:
        result = measure(
            rooms=rooms, days=days, influxdb=there, tell=lambda _what, share: bar.update(int(100 * share) - bar.pos)
        )
    click.echo(json.dumps(result.as_json()) if as_json else result.text())
