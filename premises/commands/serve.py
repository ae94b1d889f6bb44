"""`premises serve`: the readings' owner, the pages and the daily jobs, until it is told to stop."""

import sys
from pathlib import Path

import click

from premises.home import Home, home_option


@click.command("serve")
@home_option
@click.option("--demo-visitors", is_flag=True, hidden=True, help="Sign every visitor in as the demo's manager.")
def command(*, home: Path | None, demo_visitors: bool) -> None:
    """Serve the console and keep the readings, until SIGTERM; `premises run` starts this and all that belongs to it."""
    from premises.demo.people import MANAGER  # noqa: PLC0415 - keeps `--help` quick
    from premises.logs import configure_log  # noqa: PLC0415
    from premises.processes.supervisor import AWAY  # noqa: PLC0415
    from premises.serve import serve  # noqa: PLC0415
    from premises.settings import load_settings  # noqa: PLC0415
    from storage.records import RecordsAwayError  # noqa: PLC0415

    place = Home.find(home)
    settings = load_settings(place)
    configure_log(settings.log)
    visitor = MANAGER if demo_visitors else None
    try:
        serve(place, settings, said=lambda url: click.echo(f"ready {url}"), demo_actor=visitor)
    except RecordsAwayError as fault:
        # Nothing is wrong with what we were given: who started us waits and tries again.
        click.echo(f"premises: {fault}", err=True)
        sys.exit(AWAY)
