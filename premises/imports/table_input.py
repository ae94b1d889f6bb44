"""What `premises import` and `premises replay` share: the options of a CSV with its mapping, and the check of both."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ingest.csv_records import ENCODINGS
from ingest.mapping import load_mapping
from ingest.registers import Selection
from ingest.survey import TableSurvey
from ingest.tables import CsvTable
from premises.home import Home, home_option
from premises.imports.table_progress import TableProgress, table_progress
from sensors.errors import InputFault
from sensors.local_time import TimeError, UnreadableTimeError, find_timezone, parse_time
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Registry
from storage.registry_file import load_registry


class OptionFault(InputFault):
    """An option's value that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """The options as they were given."""

    file: Path
    mapping: Path
    home: Path | None
    registry: Path | None
    encoding: str
    start: str | None
    end: str | None
    progress: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInput:
    """A table with what its columns mean, and which rows of it are wanted."""

    home: Home
    registry: Registry
    table: CsvTable
    selection: Selection

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return find_timezone(self.registry.site.timezone)

    def local(self, time_ms: int) -> datetime:
        """Return a time as the site's clocks show it."""
        return from_epoch_ms(time_ms).astimezone(self.zone)


def table_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a CSV with a mapping; it receives them as `options`."""

    @wraps(function)
    def command(
        *,
        file: Path,
        mapping: Path,
        home: Path | None,
        registry: Path | None,
        encoding: str,
        start: str | None,
        end: str | None,
        progress: bool | None,
        **others: object,
    ) -> None:
        options = TableOptions(
            file=file,
            mapping=mapping,
            home=home,
            registry=registry,
            encoding=encoding,
            start=start,
            end=end,
            progress=progress,
        )
        function(options=options, **others)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...] = (
    click.argument("file", type=click.Path(path_type=Path)),
    click.option("--mapping", type=click.Path(path_type=Path), required=True, help="What the columns mean: MAP.yaml."),
    home_option,
    click.option("--registry", type=click.Path(path_type=Path), help="A registry other than the home's."),
    click.option("--encoding", type=click.Choice(ENCODINGS), default="utf-8", show_default=True),
    click.option("--from", "start", metavar="TIME", help="First row: a local date, or a time."),
    click.option("--to", "end", metavar="TIME", help="Where to stop; a row of this very time is left out."),
    click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal."),
)


def open_table(options: TableOptions) -> TableInput:
    """Return the input, no row of it read. Raises InputFault."""
    home = Home.find(options.home)
    registry = load_registry(options.registry or home.registry)
    selection = _selection(options, find_timezone(registry.site.timezone))
    table = CsvTable(options.file, load_mapping(options.mapping, registry), options.encoding)
    return TableInput(home=home, registry=registry, table=table, selection=selection)


def checked(found: TableInput, options: TableOptions) -> TableSurvey:
    """Return what the table holds after a look at every cell. Raises InputFault; nothing was used by then."""
    with progress_bar("checking", options) as progress:
        return found.table.survey(progress)


def progress_bar(label: str, options: TableOptions) -> AbstractContextManager[TableProgress | None]:
    """Return what tells how far the file is read, as the options want it."""
    return table_progress(label, options.file, options.progress)


def _selection(options: TableOptions, zone: ZoneInfo) -> Selection:
    selection = Selection(start_ms=_bound("--from", options.start, zone), end_ms=_bound("--to", options.end, zone))
    if selection.start_ms is not None and selection.end_ms is not None and selection.end_ms <= selection.start_ms:
        msg = f"--to {options.end} is not after --from {options.start}; no row lies between them"
        raise OptionFault(msg)
    return selection


def _bound(option: str, text: str | None, zone: ZoneInfo) -> int | None:
    if text is None:
        return None
    try:
        return epoch_ms(parse_time(text, zone))
    except TimeError as exc:
        hint = ", nor a date like 2026-01-31" if isinstance(exc, UnreadableTimeError) else ""
        msg = f"{option} {exc}{hint}"
        raise OptionFault(msg) from exc
