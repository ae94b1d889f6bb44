"""`premises meter`: energy per interval from what a meter's register said, from a file and without any store."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from premises.meter_file import MeterAnswer


@click.command("meter")
@click.option(
    "--counter",
    type=click.Path(path_type=Path),
    required=True,
    help="What the register said: timestamp,energy_import_kwh.",
)
@click.option("--interval", default="1h", show_default=True, help="15min, 1h, 1d: a part of a day.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write timestamp,energy_kwh,quality here.")
@click.option("--timezone", metavar="TZ", help="The zone of times without an offset, and of the days.")
@click.option("--rolls-at", type=float, metavar="KWH", help="Where the register turns over; found out where not given.")
@click.option("--encoding", type=click.Choice(("utf-8", "gb18030")), default="utf-8", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object, with every problem.")
def command(
    *,
    counter: Path,
    interval: str,
    out: Path | None,
    timezone: str | None,
    rolls_at: float | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Turn a register into energy per interval, through rollover, reset, replacement, glitches and gaps.

    The total is kept; what had to be spread or inferred is marked estimated.
    """
    from premises import meter_file, table_out  # noqa: PLC0415 - polars takes its time; --help should not wait

    table_out.must_be_another(out, counter)
    found = meter_file.answer(counter, interval=interval, timezone=timezone, rolls_at=rolls_at, encoding=encoding)
    if out is not None:
        meter_file.write_intervals(found, out)
    click.echo(json.dumps(found.document(), ensure_ascii=False) if as_json else _sentence(counter, found))


def _sentence(counter: Path, found: "MeterAnswer") -> str:
    kinds = Counter(problem.kind for problem in found.problems)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return (
        f"{counter}: {found.total_kwh:g} kWh from {found.first.isoformat()} to {found.last.isoformat()}, "
        f"{found.estimated_kwh:g} kWh of it estimated; {f'{told} (--json says when)' if told else 'no problems'}"
    )
