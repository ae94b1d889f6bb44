"""`premises bills`: what suppliers charged, from a CSV into the records, and listed."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option

if TYPE_CHECKING:
    from sensors.bills import Bill, KeptBill

BAD_INPUT = 2


@click.group("bills")
def command() -> None:
    """Keep bills of electricity, water, gas and heat: quantity and fee of a period."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--check", is_flag=True, help="Look the file over, beside the bills that are kept, and keep nothing.")
@click.option("--encoding", type=click.Choice(("utf-8", "gb18030")), default="utf-8", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def import_(*, file: Path, home: Path | None, check: bool, encoding: str, as_json: bool) -> None:
    """Keep the bills of FILE: subject,utility,from,to,quantity[,unit][,fee][,note].

    All of them or, with a fault in any, none. The same file again changes nothing; another quantity or fee for the same
    period corrects the bill, and the audit log keeps both.
    """
    from premises.bills.bill_file import BillsRefusedError  # noqa: PLC0415 - keeps `--help` quick
    from sensors.bills import bill_gaps  # noqa: PLC0415 - as above

    try:
        result, held = (
            _looked_over(file, Home.find(home), encoding) if check else _kept(file, Home.find(home), encoding)
        )
    except BillsRefusedError as refused:
        if not check:
            raise
        for fault in refused.faults:
            click.echo(f"premises: {fault}", err=True)
        sys.exit(BAD_INPUT)
    gaps = [f"{before.subject} {before.utility}: {before.last} to {after.first}" for before, after in bill_gaps(held)]
    result["gaps"] = gaps
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else _sentence(file, result, gaps, check=check))


def _looked_over(file: Path, home: Home, encoding: str) -> "tuple[dict[str, object], list[Bill]]":
    """Return the count of a file's bills, and all bills as they would stand. Raises BillsRefusedError."""
    from premises.bills.bill_file import read_bills  # noqa: PLC0415 - keeps `--help` quick
    from premises.stores.records import open_records  # noqa: PLC0415 - as above
    from storage.registry_file import load_registry  # noqa: PLC0415 - as above

    registry = load_registry(home.registry)
    new = read_bills(file, registry.site.id, encoding=encoding)
    with closing(open_records(home)) as records, records.reading() as tx:
        held = [each.bill for each in tx.bills(registry.site.id)]
    new.checked(held, registry)
    return {"bills": len(new.bills)}, list({bill.id: bill for bill in (*held, *new.bills)}.values())


def _kept(file: Path, home: Home, encoding: str) -> "tuple[dict[str, object], list[Bill]]":
    """Return what keeping a file's bills changed, and all bills. Raises BillsRefusedError."""
    from premises.bills.bill_file import keep, read_bills  # noqa: PLC0415 - keeps `--help` quick
    from premises.stores.records import open_records  # noqa: PLC0415 - as above
    from sensors.actors import system_actor  # noqa: PLC0415 - as above
    from storage.registry_file import load_registry  # noqa: PLC0415 - as above

    registry = load_registry(home.registry)
    new = read_bills(file, registry.site.id, encoding=encoding)
    with closing(open_records(home)) as records, records.transaction() as tx:
        result = dict[str, object](keep(new, tx, registry, actor_id=system_actor("command-line").id))
        return result, [each.bill for each in tx.bills(registry.site.id)]


@command.command("list")
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_(*, home: Path | None, as_json: bool) -> None:
    """Print all bills, by subject, utility and period."""
    from premises.stores.records import open_records  # noqa: PLC0415 - keeps `--help` quick
    from storage.registry_file import load_registry  # noqa: PLC0415 - as above

    found = Home.find(home)
    site = load_registry(found.registry).site.id
    with closing(open_records(found)) as records, records.reading() as tx:
        kept = [_row(each) for each in tx.bills(site)]
    if as_json:
        click.echo(json.dumps(kept, ensure_ascii=False))
        return
    for row in kept:
        fee = "" if row["fee"] is None else f"  fee {row['fee']:g}"
        note = f"  {row['note']}" if row["note"] else ""
        line = f"{row['subject']}  {row['utility']}  {row['from']} to {row['to']}  {row['quantity']:g} {row['unit']}"
        click.echo(f"{line}{fee}{note}")
    if not kept:
        click.echo("no bills; bring some in with `premises bills import FILE.csv`")


def _row(kept: "KeptBill") -> dict[str, object]:
    from sensors.bills import METRIC_OF  # noqa: PLC0415 - keeps `--help` quick

    bill = kept.bill
    return {
        "subject": str(bill.subject),
        "utility": bill.utility.value,
        "from": bill.first.isoformat(),
        "to": bill.last.isoformat(),
        "quantity": bill.quantity,
        "unit": METRIC_OF[bill.utility].unit,
        "fee": bill.fee,
        "note": bill.note,
        "entered": kept.entered.isoformat(),
        "entered_by": kept.entered_by,
    }


def _sentence(file: Path, result: dict[str, object], gaps: list[str], *, check: bool) -> str:
    counts = f"{result['bills']} bills"
    if check:
        counts += " in order; nothing was kept"
    else:
        counts += f": {result['new']} new, {result['corrected']} corrected, {result['unchanged']} unchanged"
    return "\n".join([f"{file}: {counts}", *(f"days without a bill: {gap}" for gap in gaps)])
