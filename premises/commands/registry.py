"""`premises registry`: look a registry file over, and put it in place."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from premises.commands.registry_adopt import command as adopt
from premises.commands.registry_ledger import ENDING, export, import_ledger, tell_changes
from premises.home import Home, home_option
from sensors.documents import DocumentFault
from sensors.registry_faults import SECTIONS
from sensors.topology import Registry
from storage.registry_file import RegistryUnreadableError, fault_lines, install_registry, load_registry, read_registry

BAD_INPUT = 2


@click.group("registry")
def command() -> None:
    """Look the registry over, or put it in place: rooms, circuits, devices and where they are."""


command.add_command(adopt)
command.add_command(export)


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def check(*, file: Path | None, home: Path | None, as_json: bool) -> None:
    """Check FILE, or the home's registry, and print every fault with its line."""
    path = Home.find(home).registry if file is None else _present(file)
    registry, faults = read_registry(path)
    for line in (*fault_lines(path, faults), *_calendar_faults(path, registry)):
        click.echo(line, err=True)
    if as_json:
        click.echo(json.dumps(_as_json(path, registry, faults), ensure_ascii=False))
    elif registry is not None:
        click.echo(_summary(registry))
    if registry is None or _calendar_faults(path, registry):
        sys.exit(BAD_INPUT)


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--check", "only_check", is_flag=True, help="Tell the faults and what would change; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Of a ledger: print faults and changes as one JSON object.")
@click.option("--report", type=click.Path(path_type=Path), help="Of a ledger: a copy with the faulty cells marked.")
@click.option("--replace", is_flag=True, help="Of a ledger: also where comments in changed entries are lost.")
@click.option("--keep-unlisted", is_flag=True, help="Of a ledger: entries that its sheets leave out stay.")
def import_(
    *,
    file: Path,
    home: Path | None,
    only_check: bool,
    as_json: bool,
    report: Path | None,
    replace: bool,
    keep_unlisted: bool,
) -> None:
    """Check FILE, a registry.yaml or an Excel ledger, tell what it changes, and put it into the home at once.

    With a fault in it the old registry stays.
    """
    place = Home.find(home)
    target = place.registry
    if _present(file).suffix.lower() == ENDING:
        registry = import_ledger(
            file,
            place,
            check=only_check,
            as_json=as_json,
            report=report,
            replace=replace,
            keep_unlisted=keep_unlisted,
        )
    else:
        if as_json or report or replace or keep_unlisted:
            msg = f"{file}: --json, --report, --replace and --keep-unlisted are for ledgers ({ENDING})"
            raise RegistryUnreadableError(msg)
        registry = load_registry(file)
        tell_changes(target, registry)
        if not only_check:
            install_registry(file, target)
    if not as_json:
        click.echo(f"{target}{': not written' * only_check}: {_summary(registry)}")


def _calendar_faults(path: Path, registry: Registry | None) -> list[str]:
    """Return what is wrong with the site's calendar file and with `calendar.yaml`, beside the registry."""
    from premises.holidays import CalendarFault, holidays_of  # noqa: PLC0415 - keeps `--help` quick

    if registry is None:
        return []
    try:
        holidays_of(registry.site, path, registry)
    except CalendarFault as exc:
        return str(exc).splitlines()
    return []


def _present(file: Path) -> Path:
    """Return the file; what to do about an absent one is another thing than about a home without a registry."""
    if not file.exists():
        msg = f"{file}: there is no such file; mend the name or the folder"
        raise RegistryUnreadableError(msg)
    return file


@dataclass(frozen=True, slots=True)
class _Unwatched:
    """What no device is in, on or at."""

    rooms: tuple[str, ...]
    circuits: tuple[str, ...]
    openings: tuple[str, ...]
    devices_without_place: tuple[str, ...]

    @classmethod
    def of(cls, registry: Registry) -> "_Unwatched":
        places = [place for device in registry.devices.values() for place in device.placements]
        rooms = {place.room for place in places}
        circuits = {place.circuit for place in places}
        openings = {place.opening for place in places}
        return cls(
            rooms=tuple(room.id for room in registry.rooms.values() if not room.restricted and room.id not in rooms),
            circuits=tuple(circuit for circuit in registry.circuits if circuit not in circuits),
            openings=tuple(opening for opening in registry.openings if opening not in openings),
            devices_without_place=tuple(device.id for device in registry.devices.values() if not device.placements),
        )


def _counts(registry: Registry) -> dict[str, int]:
    return {section: len(getattr(registry, section)) for section in SECTIONS}


def _summary(registry: Registry) -> str:
    unwatched = _Unwatched.of(registry)
    counted = ", ".join(f"{count} {section}" for section, count in _counts(registry).items())
    lines = [f"{registry.site.id} is in order: {counted}"]
    for what, ids in (
        ("rooms without a device", unwatched.rooms),
        ("circuits without a device", unwatched.circuits),
        ("openings without a device", unwatched.openings),
        ("devices without a place", unwatched.devices_without_place),
    ):
        if ids:
            lines.append(f"{what} ({len(ids)}): {', '.join(ids)}")
    return "\n".join(lines)


def _as_json(path: Path, registry: Registry | None, faults: list[DocumentFault]) -> dict[str, object]:
    listed = [
        {"file": str(path), "line": fault.place.line, "column": fault.place.column, "reason": fault.reason}
        for fault in faults
        if fault.place is not None
    ]
    if registry is None:
        return {"ok": False, "faults": listed}
    unwatched = _Unwatched.of(registry)
    return {
        "ok": True,
        "site": registry.site.id,
        **_counts(registry),
        "without_device": {
            "rooms": unwatched.rooms,
            "circuits": unwatched.circuits,
            "openings": unwatched.openings,
        },
        "devices_without_place": unwatched.devices_without_place,
        "faults": listed,
    }
