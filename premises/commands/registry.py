"""`premises registry`: look a registry file over, and put it in place."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from premises.commands.registry_adopt import command as adopt
from premises.home import Home, home_option
from sensors.documents import DocumentFault
from sensors.registry_faults import SECTIONS
from sensors.topology import Registry
from storage.registry_file import RegistryUnreadableError, fault_lines, install_registry, read_registry

BAD_INPUT = 2


@click.group("registry")
def command() -> None:
    """Look the registry over, or put it in place: rooms, circuits, devices and where they are."""


command.add_command(adopt)


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def check(*, file: Path | None, home: Path | None, as_json: bool) -> None:
    """Check FILE, or the home's registry, and print every fault with its line."""
    path = Home.find(home).registry if file is None else _present(file)
    registry, faults = read_registry(path)
    for line in fault_lines(path, faults):
        click.echo(line, err=True)
    if as_json:
        click.echo(json.dumps(_as_json(path, registry, faults), ensure_ascii=False))
    elif registry is not None:
        click.echo(_summary(registry))
    if registry is None:
        sys.exit(BAD_INPUT)


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
def import_(*, file: Path, home: Path | None) -> None:
    """Check FILE and put it into the home at once; with a fault in it the old registry stays."""
    target = Home.find(home).registry
    registry = install_registry(_present(file), target)
    click.echo(f"{target}: {_summary(registry)}")


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
