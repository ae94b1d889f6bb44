"""`premises energy`: what the electricity went to, by unit, zone or item (分户、分区、分项)."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "load": "用电", "pv": "其中光伏", "office": "办公", "apart": "另计(机房、厨房、充电)", "unmetered": "未计量",
        "measured": "实测", "by_area": "按面积分摊", "by_shares": "按比例分摊", "common": "公共",
        "over": "分表多于总表", "unknown": "无读数的回路", "missing": "缺数据的天数", "estimated": "估算",
        "lighting": "照明", "plugs": "插座", "hvac": "空调", "power": "动力", "special": "特殊",
        "server_room": "机房", "kitchen": "厨房", "charging": "充电桩",
    },
    "en": {
        "load": "load", "pv": "of it PV", "office": "offices", "apart": "apart (server room, kitchen, charging)",
        "unmetered": "unmetered", "measured": "measured", "by_area": "apportioned by area",
        "by_shares": "apportioned by shares", "common": "common", "over": "sub-meters above their main",
        "unknown": "circuits without readings", "missing": "days without data", "estimated": "estimated",
        "server_room": "server room",
    },
}  # fmt: skip


@click.command("energy")
@home_option
@click.option("--by", type=click.Choice(("unit", "zone", "item")), default="item", show_default=True)
@click.option("--from", "first", metavar="DATE", required=True, help="The first local day.")
@click.option("--to", "end", metavar="DATE", required=True, help="The local day on which to stop; itself left out.")
@click.option("--lang", type=click.Choice(("zh", "en")), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, home: Path | None, by: str, first: str, end: str, lang: str, as_json: bool) -> None:
    """Tell what the electricity went to, with cost and carbon where energy.yaml tells them."""
    told = _asked(Home.find(home), by, _day("--from", first), _day("--to", end))
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(_lines(told, lang)))


def _asked(home: Home, by: str, first: date, end: date) -> Mapping[str, Any]:
    """Return the answer: of the running server where one runs, for it holds the readings."""
    from premises.energy_use import energy_use_of_home  # noqa: PLC0415 - polars takes its time
    from premises.processes.remote import Server  # noqa: PLC0415 - keeps `--help` quick
    from storage.errors import StoreHeldError  # noqa: PLC0415 - as above

    server = Server.find(home)
    if server is None:
        try:
            return energy_use_of_home(home, by, first, end)
        except StoreHeldError:
            # It may have started just now.
            server = Server.find(home)
            if server is None:
                raise
    asked = {"by": by, "first": first.isoformat(), "end": end.isoformat()}
    return server.ask("/internal/energy", asked, lambda _what, _done: None)


def _lines(told: Mapping[str, Any], language: str) -> "Iterator[str]":
    words = WORDS[language]
    yield f"{told['from']} – {told['to']}"
    for name in ("load", "pv", "office", "apart", "unmetered", "estimated"):
        yield f"  {words[name]}: {told[f'{name}_kwh']:.1f} kWh"
    for part in told["parts"]:
        name = words.get(part["key"], part["name"][language])
        costs = [f"{part[key]:.2f} {unit}" for key, unit in COSTS.items() if part[key] is not None]
        yield "  ".join([f"- {name}", f"{part['kwh']:.1f} kWh", words[part["basis"]], *costs])
    for over in told["over"]:
        yield f"! {words['over']}: {over['circuit']} {over['kwh']:.1f} kWh"
    if told["unknown"]:
        yield f"! {words['unknown']}: {', '.join(told['unknown'])}"
    for circuit, days in told["missing_days"].items():
        yield f"! {words['missing']}: {circuit} {days}"


COSTS: Mapping[str, str] = {"cost_cny": "CNY", "carbon_kg": "kgCO2"}


def _day(option: str, written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError as exc:
        msg = f"{option} {written!r} is no date; write it like 2026-01-31"
        raise InputFault(msg) from exc
