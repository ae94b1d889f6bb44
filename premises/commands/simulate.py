"""`premises simulate`: the history of a simulated building as a CSV with its registry and its labelled faults."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from sensors.errors import InputFault

if TYPE_CHECKING:
    from simulators.world import World

STANDARD_START = date(2026, 10, 19)
"""A Monday after the long holidays, so that the same seed gives the same bytes whenever it is run."""
MOST_DAYS = 3660
HOUR = timedelta(hours=1)


@click.command("simulate")
@click.option("--days", type=int, default=35, show_default=True, help="How many local days.")
@click.option("--rooms", type=int, default=12, show_default=True, help="How many rooms the building has.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--start", metavar="DATE", help=f"The first day; {STANDARD_START} where not given.")
@click.option("--faults", metavar="demo|none", default="demo", show_default=True, help="What is broken in it.")
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Write the readings here.")
@click.option(
    "--registry", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Write the registry here."
)
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), help="Write what is there to be found here.")
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def command(
    *,
    days: int,
    rooms: int,
    seed: int,
    start: str | None,
    faults: str,
    csv: Path,
    registry: Path,
    truth: Path | None,
    progress: bool | None,
) -> None:
    """Simulate a building: people, air, electricity, doors, a fire, and what is broken."""
    from simulators.building import office_building  # noqa: PLC0415 - --help should not wait for the calendar
    from simulators.demands import truth_rows  # noqa: PLC0415
    from simulators.registry_yaml import registry_text  # noqa: PLC0415
    from simulators.scenarios import scenario  # noqa: PLC0415
    from simulators.truth import truth_text  # noqa: PLC0415
    from simulators.world import World  # noqa: PLC0415

    first = _first_day(start, days)
    site = office_building(rooms, start=first)
    zone = ZoneInfo(site.site.timezone)
    begin, end = (_midnight(day, zone) for day in (first, first + timedelta(days=days)))
    broken = scenario(faults, site, start=begin, days=days)
    outputs = (("--csv", csv), ("--registry", registry), ("--truth", truth))
    with ExitStack() as files:
        opened = [files.enter_context(_replaced(option, path)) for option, path in outputs if path is not None]
        opened[1].write(registry_text(site))
        for file in opened[2:]:
            file.write(truth_text(truth_rows(broken, site, end=end)))
        with _translated("--csv", csv):
            count = _write_readings(World(site, seed, begin, broken), end, opened[0], progress)
    click.echo(f"{csv}: {count} readings of {rooms} rooms over {days} days, from {first}; {len(broken)} faults")


def _write_readings(world: "World", end: datetime, file: IO[str], progress: bool | None) -> int:  # noqa: FBT001 - the option's three states
    from simulators.tables import READINGS_HEADER, readings_rows  # noqa: PLC0415 - as above

    file.write(READINGS_HEADER)
    count, begin = 0, world.now
    with _progress(end - begin, progress) as tell:
        for tick in world.run(end):
            file.write(readings_rows(tick, world.zone))
            count += len(tick.readings)
            tell(tick.time - begin)
    file.flush()
    return count


@contextmanager
def _progress(whole: timedelta, wanted: bool | None) -> Iterator[Callable[[timedelta], None]]:  # noqa: FBT001
    """Yield what shows how far the simulation is: a bar on a terminal, or a line per tenth where it was asked for."""
    if wanted is False or not (wanted or sys.stderr.isatty()):
        yield lambda _done: None
    elif sys.stderr.isatty():
        hours = whole // HOUR
        with click.progressbar(length=hours, label="simulating", file=sys.stderr, update_min_steps=24) as bar:
            yield lambda done: bar.update(done // HOUR - bar.pos)
    else:
        yield _tenths(whole)


def _tenths(whole: timedelta) -> Callable[[timedelta], None]:
    told = -1

    def tell(done: timedelta) -> None:
        nonlocal told
        if (tenth := 10 * done // whole) > told:
            told = tenth
            click.echo(f"simulating {10 * told} %", err=True)

    return tell


def _first_day(written: str | None, days: int) -> date:
    if not 1 <= days <= MOST_DAYS:
        msg = f"--days {days}: simulate 1 to {MOST_DAYS} days"
        raise InputFault(msg)
    if written is None:
        return STANDARD_START
    try:
        first = date.fromisoformat(written)
    except ValueError as exc:
        msg = f"--start {written!r} is no date; write it like {STANDARD_START}"
        raise InputFault(msg) from exc
    if not 2000 <= first.year < 2090:  # noqa: PLR2004 - what our readers take for a clock that was set
        msg = f"--start {written}: simulate days from 2000 to 2089"
        raise InputFault(msg)
    return first


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


@contextmanager
def _replaced(option: str, path: Path) -> Iterator[IO[str]]:
    """Yield a file that takes the place of another when all went well, and leaves nothing behind otherwise."""
    with _translated(option, path):
        file = NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, delete=False)  # noqa: SIM115 - closed below
    draft = Path(file.name)
    try:
        with file:
            yield file
        with _translated(option, path):
            draft.chmod(0o644)
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _translated(option: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        msg = f"{option} {path}: cannot be written: {exc.strerror}"
        raise InputFault(msg) from exc
