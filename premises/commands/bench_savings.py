"""`premises bench savings`: what a meter-year costs to fit, beside opendsm in the same run where that is installed."""

import json
import sys
from pathlib import Path

import click

from sensors.errors import InputFault

_FILE = click.Path(path_type=Path)


@click.command("savings")
@click.option("--meters", type=click.IntRange(1, 10_000), default=12, show_default=True, help="Made-up offices.")
@click.option("--meter", type=_FILE, help="A file of your own instead: timestamp,energy_kwh.")
@click.option("--weather", type=_FILE, help="Its weather: timestamp,temperature_c.")
@click.option("--baseline", metavar="FIRST/LAST", help="The days that are fitted.")
@click.option("--reporting", metavar="FIRST/LAST", help="The days that are foretold.")
@click.option("--timezone", metavar="TZ", help="The zone of the files.")
@click.option("--reference", type=_FILE, metavar="PYTHON", help="The Python that has opendsm, where this one has not.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def command(
    *,
    meters: int,
    meter: Path | None,
    weather: Path | None,
    baseline: str | None,
    reporting: str | None,
    timezone: str | None,
    reference: Path | None,
    as_json: bool,
    progress: bool | None,
) -> None:
    """Measure the fit of hourly meter-years in processor time of one thread, and their error on the year after.

    The reference is opendsm's hourly model (dependency group mv-check) on the same meters.
    """
    from premises.savings.one_thread import keep_to_one_thread  # noqa: PLC0415 - keeps `--help` quick

    keep_to_one_thread()
    from premises.bench.savings import Meter, made_up, measure, of_files  # noqa: PLC0415 - keeps `--help` quick
    from premises.savings.asked import named_place, period  # noqa: PLC0415 - as above

    chosen: list[Meter]
    if meter is None:
        chosen = list(made_up(meters))
    elif weather is None or baseline is None or reporting is None:
        msg = "--meter needs --weather, --baseline and --reporting beside it"
        raise InputFault(msg)
    else:
        days = {"baseline": period("--baseline", baseline), "after": period("--reporting", reporting)}
        chosen = [of_files(meter, weather, named_place(timezone), **days)]
    shown = sys.stderr.isatty() if progress is None else progress
    with click.progressbar(length=len(chosen), label="meters", file=sys.stderr, hidden=not shown) as bar:
        result = measure(chosen, reference=reference, tell=bar.update)
    click.echo(json.dumps(result.as_json()) if as_json else result.text())
