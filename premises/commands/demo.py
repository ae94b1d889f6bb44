"""`premises demo`: a simulated building with a past and a present, to look at and to check."""

import json
import sys
from pathlib import Path

import click

GAVE_UP = 1


@click.command("demo")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the demo here; else it is removed at the end.",
)
@click.option("--port", type=click.IntRange(0, 65_535), help="The console's port; else 8088, or any that is free.")
@click.option("--speed", type=click.FloatRange(min=0.1, max=50), default=1.0, show_default=True, help="Of reporting.")
@click.option("--open", "open_page", is_flag=True, help="Open the console in a browser.")
@click.option("--check", "check_only", is_flag=True, help="See whether the loop closes, print one JSON object, end.")
def command(*, home: Path | None, port: int | None, speed: float, open_page: bool, check_only: bool) -> None:
    """Run a simulated building of 12 rooms: 35 days of history, then live over MQTT, with a fire before long.

    Visitors are signed in as the demo's manager; it listens on loopback only.
    """
    from premises.demo.show import CheckFault, DemoOptions, check, demo  # noqa: PLC0415 - polars takes its time

    options = DemoOptions(home=home, port=port, speed=speed)
    if not check_only:
        failure = demo(options, click.echo, opened=_open if open_page else None)
        if failure is not None:
            click.echo(f"premises: {failure}", err=True)
            sys.exit(GAVE_UP)
        return
    try:
        click.echo(json.dumps(check(options, lambda line: click.echo(line, err=True))))
    except CheckFault as fault:
        click.echo(f"premises: {fault}", err=True)
        sys.exit(GAVE_UP)


def _open(address: str) -> None:
    click.launch(address)
