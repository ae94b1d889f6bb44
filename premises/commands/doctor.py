"""`premises doctor`: whether an installation is well."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from premises.home import Home, home_option

if TYPE_CHECKING:
    from premises.doctor.findings import Finding
    from premises.texts import Language

UNWELL = 1
_WIDE = 0x2E80
"""From here on characters take two columns of a terminal."""

_COLUMNS = 14


@click.command("doctor")
@home_option
@click.option("--lang", type=click.Choice(["zh", "en"]), help="The language; else that of LANG.")
@click.option(
    "--rules", "rules", is_flag=True, help="Say instead which rules the registry can feed, and what is missing."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, home: Path | None, lang: str | None, rules: bool, as_json: bool) -> None:
    """Look whether all is well and say what to do where it is not; ends with 1 where something is not well."""
    language = cast("Language", lang or ("zh" if os.environ.get("LANG", "").startswith("zh") else "en"))
    if rules:
        _tell_rules(Home.find(home), language, as_json=as_json)
    else:
        _tell_health(Home.place(home), language, as_json=as_json)


def _tell_rules(home: Home, language: "Language", *, as_json: bool) -> None:
    from premises.clock import SystemClock  # noqa: PLC0415 - keeps `--help` quick
    from premises.doctor.brought_in import BroughtIn  # noqa: PLC0415 - likewise
    from premises.doctor.rule_needs import rule_needs  # noqa: PLC0415 - likewise
    from premises.doctor.rule_needs_text import needs_json, needs_lines  # noqa: PLC0415 - likewise
    from premises.holidays import holidays_of  # noqa: PLC0415 - likewise
    from premises.stores.bookings import HomeBookings  # noqa: PLC0415 - likewise
    from premises.stores.energy import bills_of_home, energy_facts  # noqa: PLC0415 - likewise
    from storage.registry_file import load_registry  # noqa: PLC0415 - likewise

    registry = load_registry(home.registry)
    brought = BroughtIn(
        bookings=HomeBookings(home), energy=energy_facts(home.registry, registry.site.id, bills_of_home(home))
    )
    holidays = holidays_of(registry.site, home.registry)
    needs = rule_needs(registry, holidays, now=SystemClock().now(), brought=brought)
    if as_json:
        click.echo(json.dumps(needs_json(needs), ensure_ascii=False))
    else:
        click.echo("\n".join(needs_lines(needs, registry, language)))


def _tell_health(home: Home, language: "Language", *, as_json: bool) -> None:
    from premises.doctor.examination import examine  # noqa: PLC0415 - keeps `--help` quick

    findings = examine(home)
    well = all(finding.well for finding in findings)
    if as_json:
        click.echo(
            json.dumps({"well": well, "checks": [_fields(each, language) for each in findings]}, ensure_ascii=False)
        )
    else:
        for each in findings:
            click.echo(f"{'OK' if each.well else '!!'}  {_padded(each.title(language))} {each.words(language)}")
    if not well:
        sys.exit(UNWELL)


def _fields(finding: "Finding", language: "Language") -> dict[str, object]:
    return {
        "name": finding.name,
        "well": finding.well,
        "code": finding.code,
        "words": finding.words(language),
        "parameters": dict(finding.parameters),
    }


def _padded(title: str) -> str:
    width = sum(2 if ord(character) >= _WIDE else 1 for character in title)
    return title + " " * max(0, _COLUMNS - width)
