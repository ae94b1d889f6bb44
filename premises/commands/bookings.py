"""`premises bookings`: which rooms were booked, from a table or a calendar into the records."""

import json
from pathlib import Path

import click

from premises.home import Home, home_option


@click.group("bookings")
def command() -> None:
    """Keep bookings of rooms: which room, from when to when, and nothing of who booked it."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--room", metavar="ID", help="The room that all bookings of FILE are of.")
@click.option("--encoding", type=click.Choice(("utf-8", "gb18030")), default="utf-8", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def import_(*, file: Path, home: Path | None, room: str | None, encoding: str, as_json: bool) -> None:
    """Keep the bookings of FILE: an iCalendar file (.ics), or a CSV of room,start,end[,id][,status].

    All of them or, with a fault in any, none. The same file again changes nothing; what it cancels is forgotten.
    """
    from premises.bookings.keeping import keep_bookings  # noqa: PLC0415 - keeps `--help` quick
    from premises.clock import SystemClock  # noqa: PLC0415 - as above

    kept = keep_bookings(file, Home.find(home), room=room, encoding=encoding, clock=SystemClock())
    if as_json:
        told = {"new": kept.new, "changed": kept.changed, "unchanged": kept.unchanged, "cancelled": kept.cancelled}
        click.echo(json.dumps(told))
        return
    click.echo(
        f"{file}: {kept.new} new bookings, {kept.changed} changed, {kept.unchanged} as they were, "
        f"{kept.cancelled} cancelled"
    )
