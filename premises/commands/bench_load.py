"""`premises bench load`: made-up traffic of many gateways to a broker, for trials of endurance."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from premises.home import Home, home_option

if TYPE_CHECKING:
    from simulators.load import LoadPlan

_SHARE = click.FloatRange(0, 1)
_COUNT = click.IntRange(min=1)


@click.command("load")
@home_option
@click.option("--messages", type=_COUNT, default=100_000, show_default=True, help="In good order; others come on top.")
@click.option("--gateways", type=_COUNT, default=10, show_default=True)
@click.option("--devices", "devices_per_gateway", type=_COUNT, default=10, show_default=True, help="Of each gateway.")
@click.option("--readings", type=_COUNT, default=1, show_default=True, help="In each message.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Messages a second; else as fast as it goes.")
@click.option("--qos", type=click.IntRange(0, 1), default=1, show_default=True)
@click.option("--duplicated", type=_SHARE, default=0.0, help="What share comes twice.")
@click.option("--garbage", type=_SHARE, default=0.0, help="What share nobody can decode, in addition.")
@click.option("--reordered", type=_SHARE, default=0.0, help="What share comes late.")
@click.option("--lost", type=_SHARE, default=0.0, help="What share of the numbers never comes.")
@click.option("--events", type=_SHARE, default=0.0, help="What share are events of doors.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same messages.")
@click.option("--boot", help="The gateways' start; another one each time, where not given.")
@click.option("--start-ms", type=int, help="Time of the first reading; so that the last is now, where not given.")
@click.option("--host", help="The broker, if not the one of the settings.")
@click.option("--port", type=click.IntRange(1, 65535))
@click.option(
    "--registry", type=click.Path(path_type=Path, dir_okay=False), help="Write the load's site here, and end."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def command(
    *,
    home: Path | None,
    rate: float | None,
    qos: int,
    host: str | None,
    port: int | None,
    registry: Path | None,
    as_json: bool,
    progress: bool | None,
    **planned: Any,  # noqa: ANN401 - the fields of the plan, as click has checked them
) -> None:
    """Publish a load that is made up, to see what takes it in.

    Ingest knows its devices by the registry that --registry writes. The answer says how many records of each kind were
    sent: what the books of ingest must show.
    """
    plan = _plan(**planned)
    if registry is not None:
        _write_registry(plan, registry)
        return
    from premises.bench.load import Sending  # noqa: PLC0415 - keeps `--help` quick
    from premises.processes.broker_settings import broker_of  # noqa: PLC0415 - as above

    shown = sys.stderr.isatty() if progress is None else progress
    with click.progressbar(length=plan.messages, label="messages", file=sys.stderr, hidden=not shown) as bar:
        broker = broker_of(Home.place(home), host, port)
        report = Sending(plan, broker, qos=qos, rate=rate, told=bar.update).run()
    click.echo(json.dumps(report.as_json()) if as_json else report.text())


def _plan(*, boot: str | None, start_ms: int | None, **planned: Any) -> "LoadPlan":  # noqa: ANN401 - as above
    from simulators.load import LoadPlan  # noqa: PLC0415 - as above

    now_ms = time.time_ns() // 1_000_000
    plan = LoadPlan(**planned, boot=boot or f"load-{now_ms:x}")
    return replace(plan, start_ms=now_ms - plan.span_ms if start_ms is None else start_ms)


def _write_registry(plan: "LoadPlan", path: Path) -> None:
    from sensors.registry_text import registry_text  # noqa: PLC0415 - as above
    from simulators.load import load_registry  # noqa: PLC0415 - as above

    path.write_text(registry_text(load_registry(plan)), encoding="utf-8")
    click.echo(f"{path}: {plan.gateways} gateways with {plan.devices_per_gateway} devices each")
