"""The command line. Each command lives in its own module and is imported when it is called."""

import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType

import click

from sensors.errors import InputFault, NotNowError

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "alerts": "premises.commands.alerts",
        "analyze": "premises.commands.analyze",
        "audit": "premises.commands.audit",
        "backup": "premises.commands.backup",
        "bench": "premises.commands.bench",
        "bills": "premises.commands.bills",
        "bookings": "premises.commands.bookings",
        "dashboards": "premises.commands.dashboards",
        "decode": "premises.commands.decode",
        "demo": "premises.commands.demo",
        "devices": "premises.commands.devices",
        "doctor": "premises.commands.doctor",
        "energy": "premises.commands.energy",
        "evaluate": "premises.commands.evaluate",
        "gateway": "premises.commands.gateway",
        "import": "premises.commands.import_csv",
        "ingest": "premises.commands.ingest",
        "meter": "premises.commands.meter",
        "occupancy": "premises.commands.occupancy",
        "quarantine": "premises.commands.quarantine",
        "reallocate": "premises.commands.reallocate",
        "registry": "premises.commands.registry",
        "replay": "premises.commands.replay",
        "report": "premises.commands.report",
        "reports": "premises.commands.reports",
        "restore": "premises.commands.restore",
        "rollup": "premises.commands.rollup",
        "rules": "premises.commands.rules",
        "run": "premises.commands.run",
        "savings": "premises.commands.savings",
        "secrets": "premises.commands.secrets",
        "serve": "premises.commands.serve",
        "simulate": "premises.commands.simulate",
        "store": "premises.commands.store",
    }
)
"""Command name to the module that holds it as `command`."""

BAD_INPUT = 2


class LazyGroup(click.Group):
    """A group that imports a command's module only when it is asked for, so that starting stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command, or None where there is none of that name."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="premises")
def premises() -> None:
    """Watch office buildings: readings in, findings out, mended and proven by the readings."""


def main() -> None:
    """Run the command line; bad input ends in one line on standard error and exit code 2."""
    try:
        premises(prog_name="premises")
    except (InputFault, NotNowError) as fault:
        click.echo(f"premises: {fault}", err=True)
        sys.exit(BAD_INPUT)
