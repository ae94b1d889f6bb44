"""`premises occupancy`: whether a room was occupied, from a file of what was measured in it and without any store."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from premises.occupancy_file import OccupancyAnswer


@click.command("occupancy")
@click.option(
    "--readings",
    type=click.Path(path_type=Path),
    required=True,
    help="timestamp and any of co2_ppm, illuminance_lux, temperature_c, relative_humidity_pct, motion, "
    "sound_level_dba, wifi_devices, lighting_power_w, plug_power_w.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write timestamp,occupied,probability here."
)
@click.option("--timezone", metavar="TZ", help="The zone of times without an offset.")
@click.option("--encoding", type=click.Choice(("utf-8", "gb18030")), default="utf-8", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def command(*, readings: Path, out: Path | None, timezone: str | None, encoding: str, as_json: bool) -> None:
    """Infer when a room was occupied, without labels, from whatever was measured in it.

    One line of the output for each row: unknown, where nothing was measured, is blank.
    """
    from premises import occupancy_file, table_out  # noqa: PLC0415 - numpy takes its time; --help should not wait

    table_out.must_be_another(out, readings)
    told = occupancy_file.answer(readings, timezone=timezone, encoding=encoding)
    if out is not None:
        occupancy_file.write_occupancy(told, out)
    click.echo(json.dumps(told.document(), ensure_ascii=False) if as_json else _sentence(readings, told))


def _sentence(readings: Path, told: "OccupancyAnswer") -> str:
    document = told.document()
    known, occupied, rows = document["known_rows"], document["occupied_rows"], document["rows"]
    doubts = "; ".join(doubt.value for doubt in told.found.doubts)
    return (
        f"{readings}: occupied in {occupied} of {known} known rows, {rows} in all"
        f"{f'; in doubt: {doubts} (--json says why)' if doubts else ''}"
    )
