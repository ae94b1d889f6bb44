"""`premises registry import LEDGER.xlsx` and `premises registry export`: the registry from and to Excel."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from sensors.errors import InputFault
from sensors.registry_changes import Change, changes, lines
from storage.registry_file import load_registry

if TYPE_CHECKING:
    from premises.intake.registry_ledger import Looked
    from sensors.topology import Registry

BAD_INPUT = 2
ENDING = ".xlsx"


def import_ledger(
    file: Path, home: Home, *, check: bool, as_json: bool, report: Path | None, replace: bool, keep_unlisted: bool
) -> "Registry":
    """Look a ledger over, tell what it changes, and unless `check` put it in place. Exits with 2 at faults."""
    from premises.clock import SystemClock  # noqa: PLC0415 - keeps `--help` quick
    from premises.intake.registry_ledger import look_over, put_in_place  # noqa: PLC0415

    looked = look_over(file, home, keep_unlisted=keep_unlisted)
    if report is not None:
        from storage.ledger.marked import write_marked  # noqa: PLC0415 - likewise

        write_marked(file, report, looked.faults)
    _tell(file, looked, as_json=as_json)
    if looked.registry is None:
        sys.exit(BAD_INPUT)
    if check:
        return looked.registry
    backup = put_in_place(looked, home, now=SystemClock().now(), replace=replace)
    if backup is not None and not as_json:
        click.echo(f"the registry as it was: {backup}")
    return looked.registry


def tell_changes(before: Path, after: "Registry") -> None:
    """Print what a registry changes of the one in place."""
    held = load_registry(before) if before.exists() else None
    for line in _change_lines(changes(held, after)):
        click.echo(line)


def _tell(file: Path, looked: "Looked", *, as_json: bool) -> None:
    for fault in looked.faults:
        click.echo(fault.line(file), err=True)
    if as_json:
        click.echo(json.dumps(_as_json(file, looked), ensure_ascii=False))
        return
    for note in looked.notes:
        click.echo(f"note: {note}")
    if looked.registry is not None:
        for line in _change_lines(looked.changes):
            click.echo(line)


def _change_lines(found: tuple[Change, ...]) -> Iterator[str]:
    yield from lines(found)
    if not found:
        yield "nothing changes"


def _as_json(file: Path, looked: "Looked") -> dict[str, object]:
    from storage.ledger.raw import fault_rows  # noqa: PLC0415 - keeps `--help` quick

    names = ("sheet", "row", "column", "cell", "reason")
    faults = [{"file": str(file), **dict(zip(names, row, strict=True))} for row in fault_rows(looked.faults)]
    return {
        "ok": looked.registry is not None,
        "faults": faults,
        "notes": looked.notes,
        "changes": {
            each.section: {"added": each.added, "changed": dict(each.changed), "removed": each.removed}
            for each in looked.changes
        },
        "comments_lost": () if looked.file is None else looked.file.lost,
    }


@click.command("export")
@home_option
@click.option("--format", "form", type=click.Choice(("xlsx", "yaml")), default="xlsx", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write; YAML can go to `-`.")
@click.option("--language", type=click.Choice(("zh", "en")), default="zh", show_default=True, help="Of closed lists.")
@click.option("--overwrite", is_flag=True, help="Take the place of a file that is there.")
def export(*, home: Path | None, form: str, output: Path | None, language: str, overwrite: bool) -> None:
    """Write the registry as an Excel workbook to be filled in, or as YAML with every field; comments stay behind."""
    registry = load_registry(Home.find(home).registry)
    content = _exported(registry, form, language)
    target = output or Path(f"registry-{registry.site.id}.{form}")
    if str(target) == "-":
        click.echo(content, nl=False)
        return
    if target.exists() and not overwrite:
        msg = f"{target}: there is such a file; name another with --output, or say --overwrite"
        raise InputFault(msg)
    try:
        target.write_bytes(content)
    except OSError as exc:
        msg = f"{target}: cannot be written: {exc.strerror}; name another file with --output"
        raise InputFault(msg) from exc
    click.echo(f"{target}: {registry.site.id}, {len(registry.rooms)} rooms, {len(registry.devices)} devices")


def _exported(registry: "Registry", form: str, language: str) -> bytes:
    if form == "yaml":
        from sensors.registry_text import registry_text  # noqa: PLC0415 - keeps `--help` quick

        return registry_text(registry).encode()
    from storage.ledger.written import written_book  # noqa: PLC0415 - likewise

    return written_book(registry, chinese=language == "zh")
