"""`premises savings`: what a measure saved, by meter and weather of two periods, from files and without a store."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from premises.texts import Language
    from reports.savings_case import SavingsCase

_FILE = click.Path(path_type=Path)
_OUT = click.Path(path_type=Path, dir_okay=False)


@click.command("savings")
@click.option(
    "--meter", type=_FILE, required=True, help="timestamp,energy_kwh: hours or parts of them, days, or bills."
)
@click.option("--weather", type=_FILE, required=True, help="timestamp,temperature_c (or temperature_f), outdoors.")
@click.option("--baseline", metavar="FIRST/LAST", required=True, help="The days before the measure, both inclusive.")
@click.option("--reporting", metavar="FIRST/LAST", required=True, help="The days after it, both inclusive.")
@click.option("--timezone", metavar="TZ", help="The building's zone; needed where times have no offset.")
@click.option("--calendar", type=click.Choice(("cn", "none")), default="none", show_default=True, help="Holidays.")
@click.option("--adjust-events", is_flag=True, help="Count without the non-routine events; the other way is told too.")
@click.option("--price", type=float, metavar="CNY", help="Per kWh: tells the money saved.")
@click.option("--carbon-factor", type=float, metavar="KG", help="kgCO2 per kWh: tells the carbon saved.")
@click.option("--normal-year", type=_FILE, metavar="W.csv", help="A typical year's weather: what it would take.")
@click.option("--chart", type=_OUT, metavar="PICTURE", help="Draw baseline, measured and events: a .png or .svg.")
@click.option("--out", type=_OUT, help="Write timestamp, measured, expected and its band for each interval.")
@click.option("--encoding", type=click.Choice(("utf-8", "gb18030")), default="utf-8", show_default=True)
@click.option("--lang", type=click.Choice(("zh", "en")), help="Of sentences; zh, and en with --json, where not given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    *,
    meter: Path,
    weather: Path,
    baseline: str,
    reporting: str,
    timezone: str | None,
    calendar: str,
    adjust_events: bool,
    price: float | None,
    carbon_factor: float | None,
    normal_year: Path | None,
    chart: Path | None,
    out: Path | None,
    encoding: str,
    lang: "Language | None",
    as_json: bool,
) -> None:
    """Tell what was saved against the baseline, and how sure that is (IPMVP option C).

    Poor data give no number; a saving that cannot be told from zero is said to be so.
    """
    from premises.savings.one_thread import keep_to_one_thread  # noqa: PLC0415 - keeps `--help` quick

    keep_to_one_thread()
    from premises.savings.asked import FilesAsked, answered  # noqa: PLC0415 - polars takes its time
    from premises.table_out import must_be_another  # noqa: PLC0415 - keeps `--help` quick

    for read in filter(None, (meter, weather, normal_year)):
        must_be_another(out, read)
    asked = FilesAsked(
        meter=meter,
        weather=weather,
        baseline=baseline,
        reporting=reporting,
        timezone=timezone,
        calendar=calendar,
        encoding=encoding,
        adjust_events=adjust_events,
        price_cny_kwh=price,
        carbon_kg_kwh=carbon_factor,
        normal_year=normal_year,
    )
    language: Language = lang or ("en" if as_json else "zh")
    form = _form(chart)
    case = answered(asked)
    if out is not None:
        _write_points(case, out)
    if chart is not None:
        _draw(case, chart, form, language)
    click.echo(_told(case, language, as_json=as_json))


def _form(chart: Path | None) -> str:
    """Return the kind of picture, before anything takes time. Raises ChartFault."""
    from reports.charts import form_of  # noqa: PLC0415 - keeps `--help` quick

    return "" if chart is None else form_of(chart)


def _told(case: "SavingsCase", language: "Language", *, as_json: bool) -> str:
    from reports.savings_document import savings_document  # noqa: PLC0415 - keeps `--help` quick
    from reports.savings_text import render_savings  # noqa: PLC0415 - as above

    if as_json:
        return json.dumps(savings_document(case, language), ensure_ascii=False)
    return render_savings(case, language)


def _draw(case: "SavingsCase", chart: Path, form: str, language: "Language") -> None:
    from reports.charts import write_chart  # noqa: PLC0415 - matplotlib takes its time
    from reports.savings_chart import savings_chart  # noqa: PLC0415 - as above

    write_chart(chart, savings_chart(case, language, form))


def _write_points(case: "SavingsCase", out: Path) -> None:
    from premises.savings.points import write_points  # noqa: PLC0415 - keeps `--help` quick

    write_points(case, out)
