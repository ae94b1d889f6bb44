"""`premises quarantine`: what could not be used and why, and the books that count everything."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from sensors.intake import Book
    from storage.quarantine import Kept
    from storage.spool import SqliteSpool

_BEGINNING = 60
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


@click.group("quarantine")
def command() -> None:
    """Look at messages that could not be used, and at the books of every gateway."""


@command.command("list")
@home_option
@click.option("--reason", help="Only this reason, such as unknown_device.")
@click.option("--gateway", help="Only this gateway.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@json_option
def list_kept(home: Path | None, reason: str | None, gateway: str | None, limit: int, *, as_json: bool) -> None:
    """List what is in quarantine, newest first."""
    with _open_spool(home) as spool:
        kept = spool.quarantined(reason=reason, gateway=gateway, limit=limit)
    if as_json:
        click.echo(json.dumps([_fields(each, payload_chars=_BEGINNING) for each in kept], ensure_ascii=False))
        return
    for each in kept:
        click.echo(_line(each))
    if not kept:
        click.echo("nothing in quarantine")


@command.command("show")
@home_option
@click.argument("number", type=int, metavar="ID")
@json_option
def show(home: Path | None, number: int, *, as_json: bool) -> None:
    """Show one message of the quarantine as it came."""
    with _open_spool(home) as spool:
        kept = spool.quarantined_message(number)
    if kept is None:
        msg = f"no message {number} in quarantine; `premises quarantine list` shows what there is"
        raise InputFault(msg)
    fields = _fields(kept, payload_chars=None)
    if as_json:
        click.echo(json.dumps(fields, ensure_ascii=False))
        return
    payload = fields.pop("payload")
    for name, value in fields.items():
        click.echo(f"{name:<12}{' '.join(map(str, value)) if isinstance(value, list) else value}")
    click.echo(f"\n{payload}")


@command.command("books")
@home_option
@json_option
def show_books(home: Path | None, *, as_json: bool) -> None:
    """Show the books of every gateway, in records.

    received = accepted + duplicate + quarantined + ignored, accepted = stored + spooled + dropped.
    """
    with _open_spool(home) as spool:
        books = spool.books()
    accounts = [_account(book) for book in books.values()]
    if as_json:
        click.echo(json.dumps(accounts, ensure_ascii=False))
        return
    for line in _table(accounts):
        click.echo(line)


@contextmanager
def _open_spool(home: Path | None) -> "Iterator[SqliteSpool]":
    from storage.spool import SqliteSpool  # noqa: PLC0415 - keeps `--help` quick

    place = Home.find(home)
    if not place.spool.exists():
        msg = f"{place.spool}: there is no spool yet; `premises ingest` makes it"
        raise InputFault(msg)
    with closing(SqliteSpool(place.spool)) as spool:
        yield spool


def _fields(kept: "Kept", *, payload_chars: int | None) -> dict[str, object]:
    message = kept.message
    payload = message.payload.decode(errors="backslashreplace")
    return {
        "id": kept.id,
        "time": _local(message.received_ms),
        "gateway": message.gateway,
        "topic": message.topic,
        "reason": message.reason,
        "records": message.records,
        "paths": list(message.paths),
        "detail": message.detail,
        "bytes": message.size,
        "payload": payload[:payload_chars],
    }


def _line(kept: "Kept") -> str:
    message = kept.message
    beginning = message.payload[: _BEGINNING * 4].decode(errors="backslashreplace")[:_BEGINNING]
    when = _local(message.received_ms)
    # A payload is a stranger's: its control characters must not reach a terminal.
    shown = "".join(each if each.isprintable() else "·" for each in beginning)
    head = f"{kept.id:>6}  {when}  {message.gateway}  {message.topic}  {message.reason}"
    return f"{head}\n        {message.detail}\n        {shown}"


def _local(received_ms: int) -> str:
    from sensors.readings import from_epoch_ms  # noqa: PLC0415 - keeps `--help` quick

    return from_epoch_ms(received_ms).astimezone().isoformat(timespec="seconds")


def _account(book: "Book") -> dict[str, object]:
    return {
        "gateway": book.gateway,
        "received": book.received,
        "accepted": book.accepted,
        "duplicate": book.duplicate,
        "quarantined": book.quarantined,
        "ignored": dict(book.ignored),
        "stored": book.stored,
        "spooled": book.spooled,
        "dropped": book.dropped,
        "missing": book.missing,
        "balances": book.balances,
    }


def _table(accounts: Sequence[dict[str, object]]) -> Iterator[str]:
    if not accounts:
        yield "nothing was received yet"
        return
    rows = [list(accounts[0]), *([_cell(value) for value in account.values()] for account in accounts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{reason}:{records}" for reason, records in sorted(value.items())) or "0"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return str(value)
