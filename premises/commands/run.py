"""`premises run`: everything an installation needs, started, kept alive and stopped together."""

import sys
from pathlib import Path

import click

from premises.home import Home, home_option

GAVE_UP = 1


@click.command("run")
@home_option
def command(home: Path | None) -> None:
    """Run the broker, the taking in of readings and the console, until SIGTERM or Ctrl-C."""
    from premises.processes.running import run  # noqa: PLC0415 - keeps `--help` quick

    failure = run(Home.find(home), said=click.echo)
    if failure is not None:
        click.echo(f"premises: {failure}", err=True)
        sys.exit(GAVE_UP)
