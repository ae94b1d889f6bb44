"""A device written into `registry.yaml` as a person would write it: one entry more, everything else as it was.

The text is inserted, not written anew, so that comments, order and layout stay. What comes out is read by the
registry's own reader and must say what the old file said and this device; only then it takes the old one's place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import yaml

from premises.home import Home
from premises.processes.locks import sole
from sensors.errors import InputFault
from sensors.topology import Device, DeviceId, Registry
from storage.registry_file import RegistryFaultsError, RegistryUnreadableError, parse_registry, replace_whole

MARK = "\ufeff"


class AdoptionFault(InputFault):
    """A device that cannot be put into the registry; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """A device and where it is: exactly one of room, circuit and opening."""

    device: str
    gateway: str | None = None
    room: str | None = None
    circuit: str | None = None
    opening: str | None = None
    model: str | None = None
    interval_s: float | None = None
    metrics: Sequence[str] = ()

    def entry(self) -> str:
        """Return the device as an entry of a YAML list, in one line."""
        pairs = [
            ("id", self.device),
            ("gateway", self.gateway),
            ("room", self.room),
            ("circuit", self.circuit),
            ("opening", self.opening),
            ("model", self.model),
            ("interval_s", self.interval_s),
        ]
        fields = {name: value for name, value in pairs if value is not None}
        if self.metrics:
            fields["metrics"] = list(self.metrics)  # type: ignore[assignment]  # the one list among words
        written = yaml.safe_dump(fields, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
        return str(written).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What was done: the registry now, and where the old one is."""

    registry: Registry
    entry: str
    backup: Path


def adopt(home: Home, adoption: Adoption, *, now: datetime) -> Adopted:
    """Put a device into the home's registry, whole or not at all, with a copy of the old file beside it.

    Raises InputFault where the registry, or what it would become, is not in order.
    """
    path = home.registry
    with sole(home.run / "registry.lock", "changes the registry of"):
        content = _content(path)
        before = _checked(path, content)
        if DeviceId(adoption.device) in before.devices:
            msg = f"{path}: device {adoption.device} is in the registry already; `premises quarantine replay` is enough"
            raise AdoptionFault(msg)
        text = content.decode("utf-8")
        changed = inserted(text, adoption.entry(), path).encode()
        after = _with_the_device(path, before, changed, adoption)
        backup = path.with_name(f"{path.stem}.{now:%Y%m%dT%H%M%S}{path.suffix}.bak")
        _write_beside(backup, content, path)
        replace_whole(path, changed)
    return Adopted(registry=after, entry=adoption.entry(), backup=backup)


def inserted(text: str, entry: str, path: Path) -> str:
    """Return the text with one entry more at the end of its list `devices`. Raises AdoptionFault."""
    try:
        root = yaml.compose(text.removeprefix(MARK), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as exc:
        raise _by_hand(path, entry) from exc
    if not isinstance(root, yaml.MappingNode):
        raise _by_hand(path, entry)
    offset = len(text) - len(text.removeprefix(MARK))
    devices = next((value for key, value in root.value if key.value == "devices"), None)
    newline = "\r\n" if "\r\n" in text else "\n"
    if devices is None:
        return _new_section(text, root, entry, newline, path)
    if not isinstance(devices, yaml.SequenceNode):
        raise _by_hand(path, entry)
    if devices.flow_style:
        return _in_brackets(text, devices, entry, offset)
    return _as_line(text, devices, entry, newline, offset)


def _new_section(text: str, root: yaml.MappingNode, entry: str, newline: str, path: Path) -> str:
    if root.flow_style or "\n..." in text:
        raise _by_hand(path, entry)
    ending = "" if text.endswith("\n") else newline
    return f"{text}{ending}devices:{newline}  - {entry}{newline}"


def _in_brackets(text: str, devices: yaml.SequenceNode, entry: str, offset: int) -> str:
    """Put the entry behind the last one, on a line of its own where the last has one."""
    if not devices.value:
        opening = devices.start_mark.index + offset + 1
        return text[:opening] + entry + text[opening:]
    last = devices.value[-1]
    end = last.end_mark.index + offset
    begins_line = text[: last.start_mark.index + offset].rpartition("\n")[2]
    between = f",{_newline_before(text, last, offset)}{begins_line}" if begins_line.isspace() else ", "
    return text[:end] + between + entry + text[end:]


def _newline_before(text: str, node: yaml.Node, offset: int) -> str:
    return "\r\n" if "\r\n" in text[: node.start_mark.index + offset] else "\n"


def _as_line(text: str, devices: yaml.SequenceNode, entry: str, newline: str, offset: int) -> str:
    """Put the entry on a line of its own behind the line on which the last one ends, a comment there included."""
    end = _last_written(devices.value[-1]) + offset
    line_end = text.find("\n", end)
    indent = " " * devices.start_mark.column
    added = f"{indent}- {entry}{newline}"
    if line_end < 0:
        return f"{text}{newline}{added}"
    return text[: line_end + 1] + added + text[line_end + 1 :]


def _last_written(node: yaml.Node) -> int:
    """Return where the last thing written of a node ends: a block's own end lies behind the comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_written(last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    return end


def _with_the_device(path: Path, before: Registry, changed: bytes, adoption: Adoption) -> Registry:
    """Return what the new text says, once it says what the old one said and this device."""
    after, faults = parse_registry(changed)
    if after is None:
        reasons = "; ".join(fault.reason for fault in faults)
        msg = f"{path}: {adoption.device} cannot be put in: {reasons}"
        raise AdoptionFault(msg)
    added = after.devices.get(DeviceId(adoption.device))
    if added is None or _without(after, added) != before:
        raise _by_hand(path, adoption.entry())
    return after


def _without(registry: Registry, device: Device) -> Registry:
    return replace(registry, devices={name: each for name, each in registry.devices.items() if name != device.id})


def _checked(path: Path, content: bytes) -> Registry:
    registry, faults = parse_registry(content)
    if registry is None:
        raise RegistryFaultsError(path, faults)
    return registry


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        msg = f"{path}: the registry cannot be read: {exc.strerror}; `premises registry import` puts one in place"
        raise RegistryUnreadableError(msg) from exc


def _by_hand(path: Path, entry: str) -> AdoptionFault:
    return AdoptionFault(f"{path}: its layout has no place for an entry; write it under `devices:` by hand: - {entry}")


def _write_beside(backup: Path, content: bytes, like: Path) -> None:
    backup.write_bytes(content)
    backup.chmod(like.stat().st_mode & 0o777)
