"""What `premises import` and `premises replay` share: the options of a CSV with its mapping, and the check of both."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ingest.csv_records import ENCODINGS, Progress
from ingest.mapping import load_mapping
from ingest.tables import CsvTable, Selection, TableSurvey
from premises.home import Home, home_option
from sensors.errors import InputFault
from sensors.local_time import TimeError, UnreadableTimeError, find_timezone, parse_time
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Registry
from storage.registry_file import load_registry

_TENTHS = 10


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
    """A table that was checked from its first row to its last, and which rows of it are wanted."""

    home: Home
    registry: Registry
    table: CsvTable
    survey: TableSurvey
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
    """Return the input after a look at every cell. Raises InputFault; nothing was used by then."""
    home = Home.find(options.home)
    registry = load_registry(options.registry or home.registry)
    zone = find_timezone(registry.site.timezone)
    selection = _selection(options, zone)
    table = CsvTable(options.file, load_mapping(options.mapping, registry), options.encoding)
    with progress_bar("checking", options) as progress:
        survey = table.survey(progress)
    return TableInput(home=home, registry=registry, table=table, survey=survey, selection=selection)


@contextmanager
def progress_bar(label: str, options: TableOptions) -> Iterator[Progress | None]:
    """Yield what counts bytes of the file into a bar on a terminal, or into a line per tenth where it was asked for."""
    stderr = sys.stderr
    size = options.file.stat().st_size if options.file.is_file() else 0
    if options.progress is False or not (options.progress or stderr.isatty()):
        yield None
    elif stderr.isatty():
        with click.progressbar(length=size, label=label, file=stderr) as bar:
            yield bar.update
    else:
        yield _tenths(label, size)


def _tenths(label: str, size: int) -> Progress:
    done = told = 0

    def count(read: int) -> None:
        nonlocal done, told
        done += read
        tenth = _TENTHS * done // max(size, 1)
        if tenth > told:
            told = tenth
            click.echo(f"{label} {100 * tenth // _TENTHS} %", err=True)

    return count


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
