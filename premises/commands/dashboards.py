"""`premises dashboards`: make the JSON of the Grafana dashboards again."""

import click

from sensors.errors import InputFault


@click.group("dashboards")
def command() -> None:
    """Grafana dashboards of the readings in InfluxDB."""


@command.command("build")
def build() -> None:
    """Write the dashboards' JSON again from their description; needs what development installs."""
    try:
        from dashboards.build import write  # noqa: PLC0415 - the generator is there in development only
    except ModuleNotFoundError as exc:
        msg = f"{exc.name} is missing; install requirements-dev.lock, or use the JSON in dashboards/generated as it is"
        raise InputFault(msg) from exc
    changed = write()
    click.echo("\n".join(changed) or "nothing has changed")
