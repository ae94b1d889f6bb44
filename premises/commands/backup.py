"""`premises backup`: everything of a home but its secrets in one file, taken while it runs."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from premises.home import Home, home_option


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as one JSON object.")
def command(*, file: Path, home: Path | None, as_json: bool) -> None:
    """Write a backup to FILE (.tar.zst, .tar.gz or .tar), while everything runs.

    Spool, readings, records, registry, settings and evidence are in it, each with its checksum. Secrets are left
    out, and so are records that are kept elsewhere; what is left out is said.
    """
    from premises.clock import SystemClock  # noqa: PLC0415
    from premises.processes.remote import Server  # noqa: PLC0415
    from premises.stores.backup import back_up  # noqa: PLC0415 - keeps `--help` quick

    place = Home.place(home)
    made = back_up(place, file, clock=SystemClock(), server=lambda: Server.find(place))
    if as_json:
        click.echo(json.dumps(asdict(made), ensure_ascii=False))
        return
    size_mib = sum(each.bytes for each in made.files) / 2**20
    click.echo(f"{file}: {len(made.files)} files, {size_mib:.1f} MiB before packing")
    for what in made.left_out:
        click.echo(f"left out: {what}", err=True)
