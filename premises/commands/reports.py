"""`premises reports`: what people reported on a form, into the inbox of reports."""

from pathlib import Path

import click

from premises.home import Home, home_option


@click.group("reports")
def command() -> None:
    """Bring in what people report where their phones cannot reach the server."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--mapping", multiple=True, metavar="FIELD=COLUMN", help="Which column holds a field; once for each.")
@click.option("--encoding", type=click.Choice(("utf-8", "gb18030")), default="utf-8", show_default=True)
def import_(*, file: Path, home: Path | None, mapping: tuple[str, ...], encoding: str) -> None:
    """Bring a form's CSV into the inbox: room and text, and category, received, contact, id where there are such.

    All rows or, with a fault in any, none. The same rows again change nothing.
    """
    from premises.clock import SystemClock  # noqa: PLC0415 - keeps `--help` quick
    from premises.reported.form_table import import_form, read_columns  # noqa: PLC0415 - as above

    columns = read_columns(mapping)
    done = import_form(file, Home.find(home), columns=columns, encoding=encoding, clock=SystemClock())
    click.echo(f"{file}: {done.new} new reports, {done.known} known already")
