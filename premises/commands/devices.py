"""`premises devices`: what was heard and is not in the registry, and how it gets there."""

import click

from premises.commands.quarantine import list_devices
from premises.commands.registry_adopt import command as adopt


@click.group("devices")
def command() -> None:
    """List the devices that speak and nobody has entered, and enter them."""


command.add_command(list_devices, "heard")
command.add_command(adopt)
