"""`premises doctor`: whether an installation is well."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from premises.home import Home, home_option

UNWELL = 1


@click.command("doctor")
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, home: Path | None, as_json: bool) -> None:
    """Look whether all is well and say what to do where it is not; ends with 1 where something is not well."""
    from premises.doctor import examine  # noqa: PLC0415 - keeps `--help` quick

    findings = examine(Home.place(home))
    well = all(finding.well for finding in findings)
    if as_json:
        click.echo(json.dumps({"well": well, "checks": [asdict(each) for each in findings]}, ensure_ascii=False))
    else:
        for each in findings:
            click.echo(f"{'OK' if each.well else '!!'}  {each.name:<13} {each.words}")
    if not well:
        sys.exit(UNWELL)
