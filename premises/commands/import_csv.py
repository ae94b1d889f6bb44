"""`premises import`: a CSV into the store of readings."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from premises.table_input import TableInput, TableOptions, open_table, progress_bar, table_options

if TYPE_CHECKING:
    from ingest.csv_records import Progress
    from premises.remote import Server
    from sensors.readings import ReadingBatch


@click.command("import")
@table_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(*, options: TableOptions, as_json: bool) -> None:
    """Import FILE.csv as its mapping says.

    The file is checked from its first row to its last before anything is stored. Importing it again changes nothing.
    """
    found = open_table(options)
    result = _report(found, _stored(found, options))
    click.echo(json.dumps(result) if as_json else _sentence(found, result))


def _stored(found: TableInput, options: TableOptions) -> tuple[int, int, int]:
    """Return how many readings were new, replaced and unchanged: stored by the running server where one runs."""
    from premises.remote import Server  # noqa: PLC0415 - keeps `--help` quick
    from storage.errors import StoreHeldError  # noqa: PLC0415 - as above

    with progress_bar("storing", options) as progress:
        server = Server.find(found.home)
        if server is None:
            try:
                return _stored_here(found, progress)
            except StoreHeldError:
                # It may have started just now.
                server = Server.find(found.home)
                if server is None:
                    raise
        return _stored_by(server, found, options, progress)


def _batches(found: TableInput, progress: "Progress | None") -> "Iterator[ReadingBatch]":
    return found.table.batches(found.registry.site.id, found.survey, selection=found.selection, progress=progress)


def _stored_here(found: TableInput, progress: "Progress | None") -> tuple[int, int, int]:
    from premises.readings import open_readings  # noqa: PLC0415 - takes a second; bad input should not wait

    with open_readings(found.home) as store:
        done = map(store.append, _batches(found, progress))
        return _summed((each.new, each.replaced, each.unchanged) for each in done)


def _stored_by(
    server: "Server", found: TableInput, options: TableOptions, progress: "Progress | None"
) -> tuple[int, int, int]:
    """Send the batches in order; those that an import which broke off has brought already are passed over."""
    from premises.bulk_import import digest_of, sent  # noqa: PLC0415 - polars takes its time

    digest = digest_of(options.file, options.mapping, found.selection, found.registry.site.id)
    done = sent(server, digest, found.registry.site.id, _batches(found, progress))
    return done.new, done.replaced, done.unchanged


def _summed(counts: Iterable[tuple[int, int, int]]) -> tuple[int, int, int]:
    new = replaced = unchanged = 0
    for one in counts:
        new, replaced, unchanged = new + one[0], replaced + one[1], unchanged + one[2]
    return new, replaced, unchanged


def _report(found: TableInput, counts: tuple[int, int, int]) -> dict[str, object]:
    new, replaced, unchanged = counts
    survey = found.survey
    return {
        "rows": survey.rows,
        "first": found.local(survey.first_ms).isoformat(),
        "last": found.local(survey.last_ms).isoformat(),
        "interval_s": None if survey.interval_ms is None else survey.interval_ms / 1000,
        "jumps": survey.jumps,
        "blank_cells": survey.blanks,
        "readings": new + replaced + unchanged,
        "new": new,
        "replaced": replaced,
        "unchanged": unchanged,
    }


def _sentence(found: TableInput, result: dict[str, object]) -> str:
    return (
        f"{found.table.path}: {result['rows']} rows from {result['first']} to {result['last']}, "
        f"{result['jumps']} jumps, {result['blank_cells']} blank cells; "
        f"{result['readings']} readings: {result['new']} new, {result['replaced']} replaced, "
        f"{result['unchanged']} unchanged"
    )
