"""`premises secrets make`: the secrets of a new installation, each made once."""

from datetime import UTC, datetime
from pathlib import Path

import click


@click.group("secrets")
def command() -> None:
    """Passwords, tokens and certificates of an installation; none has a default."""


@command.command("make")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--host", "hosts", multiple=True, help="A name or address under which gateways reach the broker.")
@click.option("--renew-certificate", is_flag=True, help="Make a new certificate of the broker, by the same authority.")
@click.option("--demo", is_flag=True, help="Let the simulator of the profile `demo` speak for all gateways.")
def make(*, folder: Path, hosts: tuple[str, ...], renew_certificate: bool, demo: bool) -> None:
    """Make in FOLDER what is not there yet: secrets, certificates, and the broker's access lists; all closed to others.

    What is there stays as it is, so this may be run again at any time. No secret is printed.
    """
    from premises.deployment.first_secrets import State, make_secrets  # noqa: PLC0415 - keeps `--help` quick

    state = State(folder.resolve())
    names = (*dict.fromkeys((*hosts, "mosquitto", "localhost", "127.0.0.1")),)
    made = make_secrets(state, hosts=names, now=datetime.now(UTC), renew_certificate=renew_certificate, demo=demo)
    for path in dict.fromkeys(made):
        click.echo(f"made {path.relative_to(state.root)}")
    if not made:
        click.echo("all is there already")
