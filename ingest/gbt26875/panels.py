"""Which panel speaks: the source address of a frame, and the devices of the registry that its objects belong to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

ADDRESS_BYTES: Final = 6
LARGEST_ADDRESS: Final = 2 ** (8 * ADDRESS_BYTES) - 1

MOST_UNNAMED: Final = 100
"""How many addresses that nobody named have books of their own; a stream of made-up ones shares one. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A transmission device and the fire panel behind it.

    `gateway` names its books; `device` is the panel in the registry. `parts` gives a part of it a device of its own:
    a system (`11.0`, type and address) or, for measured values, a component (`1.1/10-2`). `heeds_test_bit` takes a
    status whose lowest bit is 0 for a test; many devices leave that bit 0 in a real fire.
    """

    address: int
    gateway: str
    device: str
    parts: Mapping[str, str] = field(default_factory=dict)
    heeds_test_bit: bool = False

    def device_of(self, place: str) -> str:
        """Return the device that the events of a system belong to."""
        return self.parts.get(place, self.device)


class Panels:
    """The panels of the settings by address; any other address is a panel, too, that the registry does not know."""

    def __init__(self, panels: Iterable[Panel]) -> None:
        """Take what the settings name; addresses are unique."""
        self._known = {panel.address: panel for panel in panels}
        self._unnamed: dict[int, Panel] = {}

    def at(self, address: int) -> Panel:
        """Return the panel of an address, made up where nobody named it."""
        found = self._known.get(address) or self._unnamed.get(address)
        if found is not None:
            return found
        if len(self._unnamed) >= MOST_UNNAMED:
            return _unnamed(address, "others")
        return self._unnamed.setdefault(address, _unnamed(address, str(address)))


def address_of(text: str | int) -> int:
    """Return a 6-byte address from a number, or from six numbers with dots as they are sent, low byte first.

    ValueError where it is neither.
    """
    parts = [int(part) for part in str(text).split(".")]
    if len(parts) == ADDRESS_BYTES and all(0 <= part <= 255 for part in parts):  # noqa: PLR2004 - a byte
        return int.from_bytes(bytes(parts), "little")
    if len(parts) == 1 and 0 <= parts[0] <= LARGEST_ADDRESS:
        return parts[0]
    msg = f"{str(text)[:40]!r} is no address: a number, or six bytes with dots such as 121.3.0.0.0.0"
    raise ValueError(msg)


def _unnamed(address: int, called: str) -> Panel:
    name = f"gbt26875-{called}"
    return Panel(address=address, gateway=name, device=name)
