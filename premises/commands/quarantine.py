"""`premises quarantine`: what could not be used and why, and the books that count everything."""

import json
import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from premises.moments import moment, since_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from api.data_ports import UnknownDevice
    from premises.intake.quarantine_replay import Replayed
    from sensors.intake import Book
    from storage.quarantine import Kept, QuarantineShelf, Which
    from storage.spool import SqliteSpool

_BEGINNING = 60
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
reason_option = click.option("--reason", help="Only this reason, such as unknown_device.")
gateway_option = click.option("--gateway", help="Only this gateway.")
numbers_argument = click.argument("numbers", type=int, nargs=-1, metavar="[ID]…")


@click.group("quarantine")
def command() -> None:
    """Look at messages that could not be used, judge them again, and see the books of every gateway."""


@command.command("list")
@home_option
@reason_option
@gateway_option
@since_option
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@json_option
def list_kept(
    *, home: Path | None, reason: str | None, gateway: str | None, since: str | None, limit: int, as_json: bool
) -> None:
    """List what is in quarantine, newest first."""
    with _open_shelf(home) as shelf:
        kept = shelf.newest(_which(reason=reason, gateway=gateway, since=since), limit=limit)
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
def show(*, home: Path | None, number: int, as_json: bool) -> None:
    """Show one message of the quarantine as it came."""
    with _open_shelf(home) as shelf:
        kept = shelf.newest(_which(numbers=(number,)), limit=1)
    if not kept:
        raise _not_there(number)
    fields = _fields(kept[0], payload_chars=None)
    if as_json:
        click.echo(json.dumps(fields, ensure_ascii=False))
        return
    payload = str(fields.pop("payload"))
    for name, value in fields.items():
        click.echo(f"{name:<12}{' '.join(map(str, value)) if isinstance(value, list) else value}")
    click.echo("\n" + "\n".join(map(_printable, payload.splitlines())))


@command.command("replay")
@home_option
@numbers_argument
@reason_option
@gateway_option
@since_option
@click.option("--all", "everything", is_flag=True, help="All that is in quarantine.")
@click.option("--dry-run", is_flag=True, help="Say what would become of them, and change nothing.")
@json_option
def replay_kept(
    *,
    home: Path | None,
    numbers: tuple[int, ...],
    reason: str | None,
    gateway: str | None,
    since: str | None,
    everything: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Judge messages again after the registry or the decoder is mended, and take in what is right now.

    They keep the time at which they came and count as sent afterwards: nobody is alerted by them, but for a fire,
    smoke, leak or forced door of the last fifteen minutes. Ingest and serve may run meanwhile.
    """
    from premises.intake.quarantine_replay import replay  # noqa: PLC0415 - keeps `--help` quick

    if everything == bool(numbers or reason or gateway or since):
        msg = "say which: numbers, --reason, --gateway, --since, or --all alone; `premises quarantine list` shows them"
        raise InputFault(msg)
    place, which = Home.find(home), _which(numbers=numbers, reason=reason, gateway=gateway, since=since)
    _must_be_there(place, numbers)
    done = replay(place, which, now_ms=_now_ms, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, **asdict(done)}, ensure_ascii=False))
        return
    for line in _told(done, dry_run=dry_run):
        click.echo(line)


@command.command("drop")
@home_option
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="ID…")
def drop_kept(*, home: Path | None, numbers: tuple[int, ...]) -> None:
    """Throw messages away for good; the books count their records as ignored (`discarded`)."""
    from premises.intake.quarantine_replay import drop  # noqa: PLC0415 - keeps `--help` quick

    place = Home.find(home)
    _must_be_there(place, numbers)
    click.echo(f"{drop(place, numbers)} messages thrown away")


@command.command("devices")
@home_option
@json_option
def list_devices(*, home: Path | None, as_json: bool) -> None:
    """List the devices that send and are not in the registry, with what they sent.

    `premises devices adopt DEVICE` puts one into the registry.
    """
    from premises.intake.data_desk import devices_of  # noqa: PLC0415 - keeps `--help` quick
    from storage.registry_file import load_registry  # noqa: PLC0415

    place = Home.find(home)
    _must_have_spool(place)
    devices = devices_of(place, load_registry(place.registry).devices)
    if as_json:
        click.echo(json.dumps([_device_fields(each) for each in devices], ensure_ascii=False))
        return
    for device in devices:
        for line in _device_lines(device):
            click.echo(line)
    if not devices:
        click.echo("no unknown device is in quarantine")


@command.command("books")
@home_option
@json_option
def show_books(home: Path | None, *, as_json: bool) -> None:
    """Show the books of every gateway, in records.

    received = accepted + duplicate + quarantined + ignored, accepted = stored + spooled + dropped. Beside the account:
    numbers that never came (missing), and how many of the received came with QoS 0 (unassured).
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
    _must_have_spool(place)
    with closing(SqliteSpool(place.spool)) as spool:
        yield spool


@contextmanager
def _open_shelf(home: Path | None) -> "Iterator[QuarantineShelf]":
    from storage.quarantine import QuarantineShelf  # noqa: PLC0415 - keeps `--help` quick

    place = Home.find(home)
    _must_have_spool(place)
    with closing(QuarantineShelf(place.spool)) as shelf:
        yield shelf


def _must_have_spool(place: Home) -> None:
    if not place.spool.exists():
        msg = f"{place.spool}: there is no spool yet; `premises ingest` makes it"
        raise InputFault(msg)


def _must_be_there(place: Home, numbers: Sequence[int]) -> None:
    """Return where all these messages are in quarantine; InputFault names the first that is not."""
    from storage.quarantine import QuarantineShelf  # noqa: PLC0415 - keeps `--help` quick

    _must_have_spool(place)
    with closing(QuarantineShelf(place.spool)) as shelf:
        there = {kept.id for kept in shelf.newest(_which(numbers=numbers), limit=len(numbers))} if numbers else set()
    for number in numbers:
        if number not in there:
            raise _not_there(number)


def _not_there(number: int) -> InputFault:
    return InputFault(f"no message {number} in quarantine; `premises quarantine list` shows what there is")


def _which(
    *, numbers: Sequence[int] = (), reason: str | None = None, gateway: str | None = None, since: str | None = None
) -> "Which":
    from premises.clock import SystemClock  # noqa: PLC0415 - keeps `--help` quick
    from sensors.readings import epoch_ms  # noqa: PLC0415
    from storage.quarantine import Which  # noqa: PLC0415

    since_ms = None if since is None else epoch_ms(moment(since, SystemClock()))
    return Which(numbers=numbers or None, reason=reason, gateway=gateway, since_ms=since_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _told(done: "Replayed", *, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    yield f"{done.messages} messages judged again, of {done.again} nothing changed"
    yield f"{would}accepted {done.accepted}, duplicate {done.duplicate}, ignored {done.ignored} records"
    if done.alerts:
        yield f"{done.alerts} fire, smoke, leak or forced door of the last minutes {would}told to people"
    if done.reasons:
        yield "still in quarantine: " + ", ".join(f"{reason} {records}" for reason, records in done.reasons.items())
    if done.cut:
        yield (
            f"{done.cut} cannot be judged again: damaged, or too large, with only their beginning kept; "
            "have the gateway send them again, in smaller batches"
        )


def _device_fields(device: "UnknownDevice") -> dict[str, object]:
    return {
        "device": device.device,
        "gateway": device.gateway,
        "site": device.site,
        "kind": device.kind.value,
        "first": device.first.isoformat(),
        "last": device.last.isoformat(),
        "records": device.records,
        "in_registry": device.is_known,
        "model": device.model,
        "metrics": [
            {
                "metric": each.metric,
                "unit": each.unit,
                "count": each.count,
                "value": each.value,
                "time": each.last.isoformat(),
                "phases": list(each.phases),
            }
            for each in device.metrics
        ],
        "events": dict(device.events),
    }


_PLACES = {"room_sensor": "--room ID", "meter": "--circuit ID", "door": "--opening ID", "unknown": "--room ID"}


def _device_lines(device: "UnknownDevice") -> Iterator[str]:
    first, last = (time.astimezone().isoformat(timespec="seconds") for time in (device.first, device.last))
    name = _printable(device.device)
    model = "" if device.model is None else f"  {_printable(device.model)}"
    yield f"{name}{model}  gateway {_printable(device.gateway)}  {device.records} records  {first} to {last}"
    for each in device.metrics:
        value = "no value" if each.value is None else f"{each.value:g} {each.unit}"
        yield f"    {each.metric:<24} {value}  ({each.count})"
    for event, count in sorted(device.events.items()):
        yield f"    event {event:<18} ({count})"
    if device.is_known:
        yield "    is in the registry by now: premises quarantine replay --reason unknown_device"
    else:
        yield f"    premises devices adopt {shlex.quote(name)} {_PLACES[device.kind.value]}"


def _fields(kept: "Kept", *, payload_chars: int | None) -> dict[str, object]:
    from premises.intake.data_desk import kept_message  # noqa: PLC0415 - keeps `--help` quick

    told = kept_message(kept, chars=payload_chars)
    return {
        "id": told.id,
        "time": told.received.astimezone().isoformat(timespec="seconds"),
        "gateway": told.gateway,
        "topic": told.topic,
        "reason": told.reason,
        "records": told.records,
        "paths": list(told.paths),
        "detail": told.detail,
        "bytes": told.size,
        "cut": told.is_cut,
        "payload": told.payload,
    }


def _line(kept: "Kept") -> str:
    told = _fields(kept, payload_chars=_BEGINNING)
    head = f"{told['id']:>6}  {told['time']}  {told['gateway']}  {told['topic']}  {told['reason']}"
    return "\n        ".join(_printable(str(each)) for each in (head, told["detail"], told["payload"]))


def _printable(text: str) -> str:
    """Return a stranger's text without control characters, which must not reach a terminal."""
    return "".join(each if each.isprintable() else "·" for each in text)


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
        "unassured": book.unassured,
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
