"""`premises store`: the place where readings are kept."""

from pathlib import Path

import click

from premises.home import Home, home_option
from premises.settings import load_settings
from sensors.errors import InputFault


class SetUpFault(InputFault):
    """A bucket is missing and could not be made."""


@click.group("store")
def command() -> None:
    """Make ready the place where readings are kept."""


@command.command("setup")
@home_option
def setup(home: Path | None) -> None:
    """Make the buckets that are missing; nothing that is there is changed.

    `premises serve` does the same at its start, as far as its token may; run this once with a token that may make
    buckets, and give the server one that can only read and write them.
    """
    settings = load_settings(Home.find(home)).store
    if settings.kind == "duckdb":
        click.echo("readings are kept in a file of the home, which needs nothing")
        return
    from premises.stores.influxdb import said, set_up  # noqa: PLC0415 - its client is heavy
    from storage.readings.influxdb_setup import State  # noqa: PLC0415 - likewise

    states = set_up(settings)
    for state in states:
        click.echo(said(state))
    missing = [state.name for state in states if state.state is State.MISSING]
    if missing:
        msg = f"not there: {', '.join(missing)}; make them with a token that may, see docs/influxdb.md"
        raise SetUpFault(msg)
