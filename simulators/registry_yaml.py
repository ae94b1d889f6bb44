"""A registry as the text of `registry.yaml`, one entry a line."""

import json
from collections.abc import Iterable, Mapping

from sensors.topology import Device, Name, Person, Placement, Registry, Room

Entry = Mapping[str, object]


def registry_text(registry: Registry) -> str:
    """Return the file that reads back as this registry."""
    lines = [f"site: {_flow(_plain(registry.site))}"]
    sections: dict[str, Iterable[Entry]] = {
        "departments": (_plain(entry) for entry in registry.departments.values()),
        "people": (_person(entry) for entry in registry.people.values()),
        "buildings": (_plain(entry) for entry in registry.buildings.values()),
        "rooms": (_room(entry) for entry in registry.rooms.values()),
        "circuits": (_plain(entry) for entry in registry.circuits.values()),
        "openings": (_plain(entry) for entry in registry.openings.values()),
        "devices": (_device(entry) for entry in registry.devices.values()),
    }
    for section, entries in sections.items():
        listed = [f"  - {_flow(entry)}" for entry in entries]
        lines += [f"{section}:", *listed] if listed else []
    return "\n".join(lines) + "\n"


def _plain(entry: object, *leave_out: str) -> dict[str, object]:
    """Return the fields of an entry that are not empty."""
    names: Iterable[str] = entry.__dataclass_fields__  # type: ignore[attr-defined] # every entry is a dataclass
    found = {name: getattr(entry, name) for name in names if name not in leave_out}
    return {name: value for name, value in found.items() if value is not None and value not in ((), "")}


def _room(room: Room) -> Entry:
    """Return a room; a toilet of no size is none, and the file knows no zero."""
    return _plain(room, *(() if room.toilet_m2 else ("toilet_m2",)))


def _person(person: Person) -> Entry:
    absences = [_plain(absence) for absence in person.absences]
    return _plain(person, "absences") | ({"absences": absences} if absences else {})


def _device(device: Device) -> Entry:
    return _plain(device, "placements") | _places(device.placements)


def _places(placements: tuple[Placement, ...]) -> dict[str, object]:
    if len(placements) == 1 and placements[0].since is None and placements[0].until is None:
        return _plain(placements[0])
    return {"places": [_plain(place) for place in placements]} if placements else {}


def _flow(entry: Entry) -> str:
    return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in entry.items()) + "}"


def _value(value: object) -> str:
    if isinstance(value, Name):
        return _flow({"zh": value.zh, "en": value.en})
    if isinstance(value, Mapping):
        return _flow(value)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    # JSON's scalars are YAML's; quotes keep a room named 0201 or NO as it is
    return json.dumps(value if isinstance(value, bool | int | float | str) else str(value), ensure_ascii=False)
