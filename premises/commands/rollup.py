"""`premises rollup`: the hourly and daily roll-ups of what changed, or of the days that are named."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from premises.jobs.rollup_job import Progress


@click.command("rollup")
@home_option
@click.option("--from", "first", metavar="DATE", help="The first local day; what changed where not given.")
@click.option("--to", "end", metavar="DATE", help="The local day on which to stop; it is itself left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("--progress/--no-progress", default=False, help="Say how far it is.")
def command(*, home: Path | None, first: str | None, end: str | None, as_json: bool, progress: bool) -> None:
    """Make the roll-ups again that pages read months from. The running server does so every hour by itself."""
    found = Home.find(home)
    days = (_day("--from", first), _day("--to", end))
    done = _rolled_up(found, *days, _tell if progress else _say_nothing)
    told = f"{done['days']} days with new readings; {done['local_days']} local days rolled up"
    click.echo(json.dumps(done) if as_json else told)


def _rolled_up(home: Home, first: date | None, end: date | None, progress: "Progress") -> Mapping[str, object]:
    """Return what was done: by the running server where one runs, for it holds the readings."""
    from premises.jobs.rollup_job import rolled_up_home  # noqa: PLC0415 - polars takes its time
    from premises.processes.remote import Server  # noqa: PLC0415 - keeps `--help` quick
    from storage.errors import StoreHeldError  # noqa: PLC0415 - as above

    server = Server.find(home)
    if server is None:
        try:
            return rolled_up_home(home, first, end, progress)
        except StoreHeldError:
            # It may have started just now.
            server = Server.find(home)
            if server is None:
                raise
    asked = {"first": None if first is None else first.isoformat(), "end": None if end is None else end.isoformat()}
    return server.ask("/internal/rollup", asked, progress)


def _day(option: str, written: str | None) -> date | None:
    if written is None:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as exc:
        msg = f"{option} {written!r} is no date; write it like 2026-01-31"
        raise InputFault(msg) from exc


def _tell(what: str, done: float) -> None:
    click.echo(f"{what} {100 * done:.0f} %", err=True)


def _say_nothing(_what: str, _done: float) -> None:
    """Take a step without a word."""
