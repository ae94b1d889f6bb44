"""`premises restore`: a backup laid out as a new home."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from premises.home import Home, home_option


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as one JSON object.")
def command(*, file: Path, home: Path | None, as_json: bool) -> None:
    """Restore FILE into an empty or new home.

    Every checksum is verified and every store opened before the home appears; when anything is wrong, nothing does.
    """
    from premises.stores.backup import restore  # noqa: PLC0415 - keeps `--help` quick

    place = Home.place(home)
    restored = restore(file, place)
    if as_json:
        click.echo(json.dumps(asdict(restored), ensure_ascii=False))
        return
    click.echo(f"{place.root}: {len(restored.files)} files as they were at {restored.made_at}")
    for what in restored.left_out:
        click.echo(f"not in the backup: {what}", err=True)
