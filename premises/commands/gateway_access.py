"""`premises gateway add`, `remove`, `list`: which gateways the broker lets in, each only below its own topic."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option

if TYPE_CHECKING:
    from premises.deployment.broker_access import BrokerAccess

access_option = click.option(
    "--access",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the broker's passwords and access list; else broker/access in the home.",
)


@click.command("add")
@click.argument("name")
@click.option("--site", help="The site's id; else that of the registry.")
@click.option("--topic", "topics", multiple=True, help="A topic filter of a format of its own, such as zigbee2mqtt/#.")
@click.option("--commands", multiple=True, help="A topic filter that it listens to, such as spBv1.0/hq/NCMD/gw1.")
@click.option("--renew", is_flag=True, help="Make a new password where it has one; the old one ends.")
@access_option
@home_option
def add(
    *,
    name: str,
    site: str | None,
    topics: tuple[str, ...],
    commands: tuple[str, ...],
    renew: bool,
    access: Path | None,
    home: Path | None,
) -> None:
    """Give the gateway NAME a credential of its own and show its password, once: it is kept nowhere.

    With it the gateway may publish below premises/v1/SITE/NAME/ and see nothing of others.
    """
    from premises.deployment.broker_access import Gateway  # noqa: PLC0415 - keeps `--help` quick

    folder = _access(access, home)
    gateway = Gateway(site=site or _site(home), name=name, topics=topics, commands=commands)
    credential = folder.add_gateway(gateway, renew=renew)
    click.echo(f"username {credential.username}\npassword {credential.password}")
    for rule in gateway.rules():
        click.echo(f"may {rule}")
    click.echo("The password is shown this once. Let the broker read it: SIGHUP, see docs/administration.md.", err=True)


@click.command("remove")
@click.argument("name")
@click.option("--site", help="The site's id; else that of the registry.")
@access_option
@home_option
def remove(*, name: str, site: str | None, access: Path | None, home: Path | None) -> None:
    """Let the gateway NAME in no more, from the broker's next start or SIGHUP."""
    from premises.deployment.broker_access import Gateway  # noqa: PLC0415 - keeps `--help` quick

    gateway = Gateway(site=site or _site(home), name=name)
    _access(access, home).remove_gateway(gateway)
    click.echo(f"{gateway.username} has no credential any more; send the broker SIGHUP and end its connection")


@click.command("list")
@access_option
@home_option
def listed(*, access: Path | None, home: Path | None) -> None:
    """Print who the broker lets in, one a line."""
    for user in _access(access, home).users():
        click.echo(user)


def _access(access: Path | None, home: Path | None) -> "BrokerAccess":
    from premises.deployment.broker_access import BrokerAccess  # noqa: PLC0415 - keeps `--help` quick

    return BrokerAccess((access or Home.place(home).broker / "access").resolve())


def _site(home: Path | None) -> str:
    from storage.registry_file import load_registry  # noqa: PLC0415 - keeps `--help` quick

    return str(load_registry(Home.place(home).registry).site.id)
