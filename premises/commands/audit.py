"""`premises audit`: whether the audit log is as it was written."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option

if TYPE_CHECKING:
    from sensors.journal import AuditEntry

BROKEN = 1


@click.group("audit")
def command() -> None:
    """Look at the audit log from outside of the program that writes it."""


@command.command("verify")
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(context: click.Context, *, home: Path | None, as_json: bool) -> None:
    """Check the chain of the audit log: every row's hash, their numbers, and that none is missing at the end.

    Exits 0 where all rows fit, else 1 and names the first that does not. The server may run meanwhile.
    """
    rows, broken = _checked(Home.place(home))
    click.echo(_as_json(rows, broken) if as_json else _as_text(rows, broken))
    if broken is not None:
        context.exit(BROKEN)


def _checked(home: Home) -> tuple[int, "AuditEntry | None"]:
    """Return how many rows there are, and the first that does not fit."""
    from contextlib import closing  # noqa: PLC0415 - keeps `--help` quick

    from premises.stores.records import open_records, records_url  # noqa: PLC0415 - as above
    from sensors.errors import InputFault  # noqa: PLC0415 - as above

    url = records_url(home)
    if url.get_backend_name() == "sqlite" and not home.records.exists():
        msg = f"{home.root}: keeps no records yet; name the home with --home, or start the server once"
        raise InputFault(msg)
    with closing(open_records(home)) as records, records.reading() as tx:
        newest = tx.audit_entries(limit=1)
        return (newest[0].id if newest else 0), tx.verify_audit()


def _as_json(rows: int, broken: "AuditEntry | None") -> str:
    told: dict[str, object] = {"holds": broken is None, "rows": rows}
    if broken is not None:
        told |= {"first_broken": broken.id, "at": broken.at.isoformat(), "action": broken.action}
    return json.dumps(told)


def _as_text(rows: int, broken: "AuditEntry | None") -> str:
    if broken is None:
        return f"the audit log holds: {rows} rows, each fits the one before"
    if broken.id == 0:
        return "the audit log is broken: all its rows are gone"
    who = f"{broken.at:%Y-%m-%d %H:%M:%S}Z {broken.actor_id} {broken.action} {broken.subject}"
    return (
        f"the audit log is broken at row {broken.id} of {rows}: {who}; compare it with a backup from before that time"
    )
