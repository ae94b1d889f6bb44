"""An analysis put together: where the readings come from, which calendar holds, and how the answer is given."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from analytics import runs
from analytics.ports import AnalysisStore
from analytics.runs import Analysis, Request
from ingest.readings_table import ReadingsTable
from premises.clock import SystemClock
from premises.holidays import holidays_of
from premises.home import Home
from premises.outputs import Language, outputs
from premises.processes.remote import Server
from premises.stores.bookings import HomeBookings
from premises.stores.energy import bills_of_home, energy_facts
from premises.stores.logs import HomeFacts
from premises.stores.readings import open_readings
from premises.thresholds import overrides_of
from premises.watched import ALL_RULES, analyse, watching
from sensors.errors import InputFault
from sensors.local_time import UnknownTimezoneError, find_timezone
from sensors.readings import epoch_ms
from sensors.topology import Registry
from storage.errors import StoreHeldError
from storage.readings.memory import MemoryReadingStore
from storage.registry_file import load_registry

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an analysis is to be turned into, by the names of `premises.outputs`."""

    names: tuple[str, ...]
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, as it was typed: rules by comma, local dates, `end` itself left out."""

    rules: str | None = None
    first: str | None = None
    end: str | None = None

    def request(self) -> Request:
        """Return the checked request. Raises InputFault."""
        end = _day("--to", self.end)
        rules = ALL_RULES if self.rules is None else tuple(name.strip().upper() for name in self.rules.split(","))
        return Request(
            rules=rules,
            first=_day("--from", self.first),
            last=None if end is None else end - timedelta(days=1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvSource:
    """A file of readings; `timezone` serves times without an offset."""

    path: Path
    timezone: str | None = None
    encoding: str = "utf-8"


def answer_of_csv(
    source: CsvSource, registry_path: Path | None, home: Home, question: Question, wanted: Wanted, progress: Progress
) -> dict[str, Any]:
    """Return what is wanted of the readings of a file."""
    return outputs(of_csv(source, registry_path, home, question, progress), wanted.names, wanted.language)


def of_csv(
    source: CsvSource, registry_path: Path | None, home: Home, question: Question, progress: Progress
) -> Analysis:
    """Return the analysis of a file, kept in memory only."""
    request = question.request()
    path = registry_path or home.registry
    registry = load_registry(path)
    return analyse(
        registry=registry,
        holidays=holidays_of(registry.site, path, registry),
        overrides=overrides_of(registry, path),
        store=store_of_csv(source, registry),
        request=request,
        energy=energy_facts(path, registry.site.id),
        progress=progress,
    )


def store_of_csv(source: CsvSource, registry: Registry) -> MemoryReadingStore:
    """Return the readings and events of a file, kept in memory only. Raises InputFault."""
    try:
        zone = None if source.timezone is None else find_timezone(source.timezone)
    except UnknownTimezoneError as exc:
        msg = f"--timezone {exc}"
        raise InputFault(msg) from exc
    store = MemoryReadingStore()
    table = ReadingsTable(path=source.path, registry=registry, zone=zone, encoding=source.encoding)
    for chunk in table.records():
        store.append(chunk.readings)
        store.append_events(chunk.events)
    return store


def answer_of_home(
    home: Home, registry_path: Path | None, question: Question, wanted: Wanted, progress: Progress
) -> dict[str, Any]:
    """Return what is wanted of the home's readings: made by the running server, or here where none runs."""
    request = replace(question.request(), now_ms=epoch_ms(SystemClock().now()))
    path = (registry_path or home.registry).resolve()
    load_registry(path)
    server = Server.find(home)
    if server is None:
        try:
            return outputs(of_home(home, path, request, progress), wanted.names, wanted.language)
        except StoreHeldError:
            # It may have started just now.
            server = Server.find(home)
            if server is None:
                raise
    return server.analysis(
        {
            "registry": str(path),
            "rules": list(request.rules),
            "first": None if request.first is None else request.first.isoformat(),
            "last": None if request.last is None else request.last.isoformat(),
            "now_ms": request.now_ms,
            "want": list(wanted.names),
            "language": wanted.language,
        },
        progress,
    )


def of_home(home: Home, path: Path, request: Request, progress: Progress) -> Analysis:
    """Return the analysis of what the home's store and spool hold. Raises StoreHeldError where a server runs."""
    registry = load_registry(path)
    with _analysis_store(home) as store:
        return watching(runs.analyse, HomeFacts(home))(
            registry=registry,
            holidays=holidays_of(registry.site, path, registry),
            overrides=overrides_of(registry, path),
            store=store,
            request=request,
            bookings=HomeBookings(home),
            energy=energy_facts(path, registry.site.id, bills_of_home(home)),
            progress=progress,
        )


@contextmanager
def _analysis_store(home: Home) -> Iterator[AnalysisStore]:
    with open_readings(home) as store:
        yield store


def write_page(page: str, path: Path) -> None:
    """Write the answer's HTML page, whole or not at all. Raises InputFault."""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(page)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as exc:
        msg = f"--html {path}: cannot be written: {exc.strerror}"
        raise InputFault(msg) from exc


def _day(option: str, written: str | None) -> date | None:
    if written is None:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as exc:
        msg = f"{option} {written!r} is no date; write it like 2026-01-31"
        raise InputFault(msg) from exc
