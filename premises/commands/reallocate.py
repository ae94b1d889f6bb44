"""`premises reallocate`: which rooms to free, merge or hand over, under stated rules (调剂)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from premises.home import Home, home_option

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("reallocate")
@home_option
@click.option("--seconds", type=click.FloatRange(1, 3600), default=30.0, show_default=True, help="How long to look.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write a workbook too.")
def command(*, home: Path | None, seconds: float, as_json: bool, xlsx: Path | None) -> None:
    """Propose which rooms to free, merge or hand over. Nothing is changed; the console decides."""
    from premises.reallocating.of_home import proposal_of_home  # noqa: PLC0415 - polars takes its time

    told = proposal_of_home(Home.find(home), seconds)
    if xlsx is not None:
        from reports.reallocation_xlsx import write_reallocation  # noqa: PLC0415 - openpyxl as well

        write_reallocation(told, xlsx)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(_lines(told)))


def _lines(told: Mapping[str, Any]) -> "Iterator[str]":
    yield f"{told['first']} – {told['last']}"
    if not told["feasible"]:
        yield "! nothing keeps to all rules; it would without any one of: " + (
            ", ".join(each["rule"] or f"need {each['need']}" for each in told["conflicts"]) or "(several conflict)"
        )
    else:
        yield from _found(told)
    for each in told["untouched"]:
        yield f"! {each['room']}: {each['reason']}"
    for room in told["no_capacity"]:
        yield f"! {room}: no capacity written down, so nobody is moved there"


def _found(told: Mapping[str, Any]) -> "Iterator[str]":
    yield f"  freed {told['freed_m2']} m², empty today {told['empty_now_m2']} m²"
    energy = told["energy"]
    if energy is None:
        yield "  kWh: unknown, no readings of circuits that serve freed rooms alone"
    else:
        yield f"  {energy['low_kwh']:.0f}–{energy['high_kwh']:.0f} kWh in 30 days, measured on {energy['days']} days"
    for aim in told["aims"]:
        yield f"  {aim['aim']}: {aim['value']:g}, bound {aim['bound']:g}, gap {aim['gap_pct']} %"
    for move in told["moves"]:
        to = f" → {move['to']}" if move["to"] and move["to"] != move["room"] else ""
        yield f"- {move['kind']} {move['room']}{to}: {move['people']} people, {move['why']}, {move['confidence']}"
