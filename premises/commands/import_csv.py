"""`premises import`: a CSV into the store of readings."""

import json
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from premises.imports.table_input import TableInput, TableOptions, checked, open_table, progress_bar, table_options

if TYPE_CHECKING:
    from premises.imports.import_journal import ImportCounts
    from premises.imports.import_run import ImportRun

CACHE_MB = 256
"""How much of its file the store keeps in memory: more makes an import no quicker."""

_INTERRUPTED = 130
_say = partial(click.echo, err=True)


@click.command("import")
@table_options
@click.option("--restart", is_flag=True, help="Begin anew where an import of the file broke off.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(*, options: TableOptions, restart: bool, as_json: bool) -> None:
    """Import FILE.csv as its mapping says.

    The file is checked from its first row to its last before anything is stored. Importing it again changes nothing;
    an import that broke off goes on where it was.
    """
    found = open_table(options)
    try:
        result = _imported(found, options, restart=restart)
    except KeyboardInterrupt:
        _say(f"premises: {options.file}: interrupted; start the import again and it goes on where it was")
        sys.exit(_INTERRUPTED)
    click.echo(json.dumps(result) if as_json else _sentence(found, result))


def _imported(found: TableInput, options: TableOptions, *, restart: bool) -> dict[str, object]:
    from premises.imports.import_journal import ImportJournal, key_of  # noqa: PLC0415 - keeps `--help` quick
    from premises.imports.import_run import ImportRun  # noqa: PLC0415 - as above

    file = str(options.file.resolve())
    bounds = found.selection.start_ms, found.selection.end_ms
    journal = ImportJournal(found.home, key_of(file, found.registry.site.id, *bounds))
    with journal.held(file):
        if restart:
            journal.forget()
        run = ImportRun.of(found, options.mapping, journal, lambda: checked(found, options))
        return _report(run, _stored(run, options))


def _stored(run: "ImportRun", options: TableOptions) -> "ImportCounts":
    """Return what the import came to, stored by the running server where one runs."""
    from premises.processes.remote import Server  # noqa: PLC0415 - as above
    from storage.errors import StoreHeldError  # noqa: PLC0415 - as above

    server = Server.find(run.found.home)
    if server is None:
        try:
            return _stored_here(run, options)
        except StoreHeldError:
            # It may have started just now.
            server = Server.find(run.found.home)
            if server is None:
                raise
    from premises.imports.bulk_import import ServerTarget  # noqa: PLC0415 - polars takes its time

    with progress_bar("storing", options) as progress:
        return run.into(ServerTarget(server, run.found.registry.site.id), progress, _say)


def _stored_here(run: "ImportRun", options: TableOptions) -> "ImportCounts":
    from premises.stores.readings import open_readings  # noqa: PLC0415 - takes a second; bad input should not wait
    from storage.readings.duckdb import DuckDBReadingStore  # noqa: PLC0415 - as above

    with open_readings(run.found.home) as store, progress_bar("storing", options) as progress:
        if isinstance(store, DuckDBReadingStore):
            store.limit_memory(CACHE_MB)
        return run.into(store, progress, _say)


def _report(run: "ImportRun", counts: "ImportCounts") -> dict[str, object]:
    survey, local = run.note.survey, run.found.local
    return {
        "rows": survey.rows,
        "first": local(survey.first_ms).isoformat(),
        "last": local(survey.last_ms).isoformat(),
        "interval_s": None if survey.interval_ms is None else survey.interval_ms / 1000,
        "jumps": survey.jumps,
        "blank_cells": survey.blanks,
        "readings": counts.readings,
        "new": counts.new,
        "replaced": counts.replaced,
        "unchanged": counts.unchanged,
        "refused": counts.refused,
        "uncounted": counts.uncounted,
    }


def _sentence(found: TableInput, result: dict[str, object]) -> str:
    rare = {
        "refused": "refused by the store",
        "uncounted": "stored as the import broke off, not counted as new or known",
    }
    more = "".join(f", {result[key]} {words}" for key, words in rare.items() if result[key])
    return (
        f"{found.table.path}: {result['rows']} rows from {result['first']} to {result['last']}, "
        f"{result['jumps']} jumps, {result['blank_cells']} blank cells; "
        f"{result['readings']} readings: {result['new']} new, {result['replaced']} replaced, "
        f"{result['unchanged']} unchanged{more}"
    )
