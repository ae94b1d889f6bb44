"""`premises report edited-ledger`: a ledger that was edited in Excel, brought in again."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from sensors.actors import Actor
    from storage.records import SqlRecords

BAD_INPUT = 2


@click.command("edited-ledger")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@home_option
@click.option("--by", "user_name", required=True, metavar="USER", help="Whose account answers for the changes.")
@click.option("--apply", "applies", is_flag=True, help="Keep the changes; without it they are only told.")
@click.option("--accept-rest", is_flag=True, help="Keep what is accepted although some cells are refused.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def edited_ledger(
    *, file: Path, home: Path | None, user_name: str, applies: bool, accept_rest: bool, as_json: bool
) -> None:
    """Tell cell by cell what FILE, a ledger edited in Excel, changes; with --apply keep it, all of it or nothing.

    Exits with 2 where anything is refused, unless the rest is to be kept all the same.
    """
    from analytics.calendar import WorkCalendar  # noqa: PLC0415 - keeps `--help` quick
    from premises.clock import SystemClock  # noqa: PLC0415
    from premises.holidays import holidays_of  # noqa: PLC0415
    from premises.jobs.daily import workday_deadlines  # noqa: PLC0415
    from premises.plan_papers.edited import read_edited  # noqa: PLC0415
    from premises.plan_papers.gathering import wording_of  # noqa: PLC0415
    from premises.plan_papers.taking_in import TakingIn  # noqa: PLC0415
    from premises.stores.records import open_records  # noqa: PLC0415
    from storage.registry_file import load_registry  # noqa: PLC0415

    place = Home.find(home)
    registry, edited = load_registry(place.registry), read_edited(file)
    with closing(open_records(place)) as records:
        how = TakingIn(
            registry=registry,
            clock=SystemClock(),
            deadline=workday_deadlines(WorkCalendar(registry.site, holidays_of(registry.site, place.registry))),
            actor=_actor(records, user_name),
            is_dry=not applies,
            takes_rest=accept_rest,
        )
        report = how.take_in(records, edited)
        with records.reading() as tx:
            wording = wording_of(tx, registry, edited.language)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        for line in report.lines(wording):
            click.echo(line)
        kept = "kept" if report.is_kept else "nothing kept"
        click.echo(f"accepted {len(report.accepted)}, refused {len(report.refused)}: {kept}")
    if report.refused and not accept_rest:
        sys.exit(BAD_INPUT)


def _actor(records: "SqlRecords", user_name: str) -> "Actor":
    """Return who answers for the changes. Raises InputFault."""
    with records.reading() as tx:
        found = next((each for each in tx.accounts() if each.user_name == user_name.lower()), None)
    if found is None or found.disabled is not None:
        msg = f"--by {user_name}: there is no such account that can sign in; write a user name as at sign-in"
        raise InputFault(msg)
    return found.actor()
