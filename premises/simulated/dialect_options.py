"""The options of commands that can publish in the format of gateways that people own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensors.errors import InputFault

if TYPE_CHECKING:
    from sensors.topology import Registry
    from simulators.dialects.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectOptions:
    """The options as they were given."""

    name: str | None
    settings: Path | None

    def dialect(self, registry: "Registry") -> "Dialect | None":
        """Return the gateways of the format, None for the native contract; write its settings where asked.

        Raises InputFault.
        """
        if self.name is None:
            if self.settings is not None:
                msg = f"--dialect-settings {self.settings}: goes with --dialect, which is not given"
                raise InputFault(msg)
            return None
        from premises.simulated.dialect_publishing import write_settings  # noqa: PLC0415 - loads the simulator
        from simulators.dialects.dialects import dialect_named  # noqa: PLC0415 - as above

        found = dialect_named(self.name, registry)
        if self.settings is not None:
            write_settings(self.settings, self.name, found)
        return found


def dialect_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a format; it receives them as `spoken`."""

    @wraps(function)
    def command(*, dialect: str | None, dialect_settings: Path | None, **others: object) -> None:
        function(spoken=DialectOptions(name=dialect, settings=dialect_settings), **others)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...] = (
    click.option("--dialect", metavar="FORMAT", help="Speak as these gateways do: zigbee2mqtt, chirpstack, …"),
    click.option(
        "--dialect-settings",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write here what premises.toml must say so that the format is read.",
    ),
)
