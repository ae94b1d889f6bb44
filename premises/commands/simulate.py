"""`premises simulate`: a simulated building into the store, into files, or live over MQTT."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, TypeVar

import click

from premises.home import Home, home_option
from premises.simulated.dialect_options import DialectOptions, dialect_options
from sensors.errors import InputFault

if TYPE_CHECKING:
    from premises.simulated.live_simulation import Pace, Published
    from premises.simulated.publishing import Broker
    from premises.simulated.simulation import Simulation
    from simulators.dialects.dialect import Dialect
    from simulators.world import World

HOUR = timedelta(hours=1)
Tell = Callable[[timedelta], None]
Lines = tuple[str, int]
T = TypeVar("T")


@click.command("simulate")
@home_option
@click.option("--days", type=int, default=35, show_default=True, help="How many local days.")
@click.option("--rooms", type=int, default=12, show_default=True, help="How many rooms the building has.")
@click.option("--buildings", type=int, default=1, show_default=True, help="How many such buildings the site has.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--start", metavar="DATE", help="The first day; 2026-10-19 where not given.")
@click.option("--city", help="beijing, shanghai, guangzhou or kunming: its weather, altitude and heating.")
@click.option("--equipment", type=click.Choice(("meters", "usual", "full")), default="usual", show_default=True)
@click.option("--devices", type=click.Choice(("ideal", "real")), help="Without a flaw, or as their models are.")
@click.option(
    "--faults", metavar="NAME|FILE", default="demo", show_default=True, help="What is broken, or a YAML file."
)
@click.option(
    "--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write the readings here, not into a home."
)
@click.option("--registry", type=click.Path(path_type=Path, dir_okay=False), help="Write the registry here.")
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), help="Write what is there to be found here.")
@click.option(
    "--bookings", type=click.Path(path_type=Path, dir_okay=False), help="Write who booked meeting rooms here."
)
@click.option(
    "--energy",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the tariff here: energy.yaml beside the registry.",
)
@click.option("--publish", is_flag=True, help="Speak over MQTT instead.")
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), help="With --publish: 60 is an hour a minute.")
@click.option("--interval", type=click.IntRange(1, 3600), help="Seconds between ideal devices' readings; 300 else.")
@click.option("--host", help="With --publish: the broker, if not the one of the settings.")
@click.option("--port", type=click.IntRange(1, 65535))
@dialect_options
@click.option("--progress/--no-progress", default=None, help="Say how far it is; by default on a terminal.")
def command(
    *,
    home: Path | None,
    days: int,
    rooms: int,
    buildings: int,
    seed: int,
    start: str | None,
    city: str | None,
    equipment: str,
    devices: str | None,
    faults: str,
    csv: Path | None,
    registry: Path | None,
    truth: Path | None,
    bookings: Path | None,
    energy: Path | None,
    publish: bool,
    speed: float | None,
    interval: int | None,
    host: str | None,
    port: int | None,
    spoken: DialectOptions,
    progress: bool | None,
) -> None:
    """Simulate a building: weather, people, air, heat, electricity, water, doors, a fire panel, and what is broken.

    Without --csv or --publish it goes into the store of a home, whose registry it becomes. With --publish and without
    --speed messages go as fast as the broker acknowledges.
    """
    from premises.simulated.simulation import Devices, Simulation, Wish  # noqa: PLC0415 - --help should not wait for polars and the rest
    from simulators.equipment import Equipment  # noqa: PLC0415 - as above
    from simulators.tariff import energy_text  # noqa: PLC0415 - as above

    _check_together(
        publish,
        csv,
        {
            "--speed": speed,
            "--host": host,
            "--port": port,
            "--dialect": spoken.name,
            "--dialect-settings": spoken.settings,
        },
    )
    wish = Wish(
        days=days,
        rooms=rooms,
        seed=seed,
        buildings=buildings,
        start=start,
        faults=faults,
        city=city,
        equipment=Equipment(equipment),
        interval_s=interval,
        devices=None if devices is None else Devices(devices),
    )
    simulation = Simulation.of(wish)
    if simulation.beyond:
        click.echo(f"premises: {simulation.beyond} of the faults lie wholly outside the simulated days", err=True)
    with ExitStack() as files:
        _written(files, "--registry", registry, simulation.registry_text)
        _written(files, "--truth", truth, simulation.truth_text)
        _written(files, "--bookings", bookings, simulation.bookings_text)
        _written(files, "--energy", energy, energy_text)
        tell = files.enter_context(_progress(simulation.end - simulation.begin, progress))
        if csv is not None:
            told = f"{csv}: {_write_readings(simulation, files, csv, tell)} readings"
        elif publish:
            told = _publish(simulation, Home.find(home), (host, port), speed, spoken, tell)
        else:
            told = _store(simulation, Home.find(home), tell)
    click.echo(
        f"{told} of {rooms} rooms over {days} days, from {simulation.first_day}; {len(simulation.faults)} faults"
    )


def _check_together(publish: bool, csv: Path | None, live: Mapping[str, object]) -> None:  # noqa: FBT001 - the option
    """Refuse options that say nothing together. Raises InputFault."""
    if publish and csv is not None:
        msg = "--publish and --csv: give one of them"
        raise InputFault(msg)
    for option, value in live.items():
        if value is not None and not publish:
            msg = f"{option} {value}: goes with --publish, which is not given"
            raise InputFault(msg)


def _store(simulation: "Simulation", home: Home, tell: Tell) -> str:
    from premises.simulated.simulation import store_in_home  # noqa: PLC0415 - as above

    stored = store_in_home(simulation, home, tell)
    return f"{home.readings}: {stored.readings} readings and {stored.events} events"


def _publish(
    simulation: "Simulation",
    home: Home,
    address: tuple[str | None, int | None],
    speed: float | None,
    spoken: DialectOptions,
    tell: Tell,
) -> str:
    from premises.processes.broker_settings import broker_of  # noqa: PLC0415 - as above
    from premises.simulated.live_simulation import Pace  # noqa: PLC0415 - as above

    dialect = spoken.dialect(simulation.registry)
    stopping = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopping.set())
    try:
        broker, pace = broker_of(home, *address), Pace(step=simulation.step, speed=speed)
        if dialect is None:
            published = _speak_natively(simulation, broker, pace, _since(simulation, tell), stopping)
        else:
            published = _speak(simulation, dialect, broker, pace, _since(simulation, tell), stopping)
    finally:
        signal.signal(signal.SIGINT, before)
    if published.without_subscriber:
        click.echo(f"premises: {published.without_subscriber} messages had no subscriber and are lost", err=True)
    return f"{published.messages} messages in {published.seconds:.1f} s, every one acknowledged,"


def _speak_natively(
    simulation: "Simulation",
    broker: "Broker",
    pace: "Pace",
    heard: Callable[[datetime], None],
    stopping: threading.Event,
) -> "Published":
    from premises.simulated.live_simulation import publish, publish_field  # noqa: PLC0415 - as above
    from premises.simulated.simulation import Devices  # noqa: PLC0415 - as above
    from simulators.field import Field  # noqa: PLC0415 - as above

    whither, world = (simulation.registry, simulation.end, broker, pace), simulation.world()
    if simulation.devices is Devices.REAL:
        return publish_field(Field(world), *whither, tell=heard, stopping=stopping)
    return publish(world, *whither, tell=heard, stopping=stopping)


def _speak(
    simulation: "Simulation",
    dialect: "Dialect",
    broker: "Broker",
    pace: "Pace",
    heard: Callable[[datetime], None],
    stopping: threading.Event,
) -> "Published":
    from premises.simulated.dialect_publishing import publish_dialect  # noqa: PLC0415 - as above
    from premises.simulated.simulation import Devices  # noqa: PLC0415 - as above
    from simulators.dialects.spoken import said_by_world, said_in_field  # noqa: PLC0415 - as above
    from simulators.field import Field  # noqa: PLC0415 - as above

    world = simulation.world()
    if simulation.devices is Devices.REAL:
        told = said_in_field(Field(world), simulation.end)
    else:
        told = said_by_world(world, simulation.end, simulation.step)
    return publish_dialect(dialect, _told_aloud(told, world, heard), broker, pace, stopping=stopping)


def _told_aloud(told: Iterator[T], world: "World", heard: Callable[[datetime], None]) -> Iterator[T]:
    for said in told:
        yield said
        heard(world.now)


def _since(simulation: "Simulation", tell: Tell) -> Callable[[datetime], None]:
    return lambda now: tell(now - simulation.begin)


def _write_readings(simulation: "Simulation", files: ExitStack, path: Path, tell: Tell) -> int:
    from premises.simulated.simulation import Devices  # noqa: PLC0415 - as above
    from simulators.tables import READINGS_HEADER  # noqa: PLC0415 - as above

    file, world, heard = files.enter_context(_replaced("--csv", path)), simulation.world(), _since(simulation, tell)
    lines = (
        _reported(world, simulation.end, heard)
        if simulation.devices is Devices.REAL
        else _shown(world, simulation.end, simulation.step, heard)
    )
    count = 0
    with _translated("--csv", path):
        file.write(READINGS_HEADER)
        for text, readings in lines:
            file.write(text)
            count += readings
        file.flush()
    return count


def _shown(world: "World", end: datetime, step: timedelta, heard: Callable[[datetime], None]) -> Iterator[Lines]:
    """Yield the lines of ideal devices, with how many readings are in them."""
    from simulators.tables import readings_rows  # noqa: PLC0415 - as above

    for tick in world.run(end, step):
        yield readings_rows(tick, world.zone), len(tick.readings)
        heard(tick.time)


def _reported(world: "World", end: datetime, heard: Callable[[datetime], None]) -> Iterator[Lines]:
    """Yield the lines of devices as they are, with how many readings are in them."""
    from sensors.readings import epoch_ms  # noqa: PLC0415 - as above
    from simulators.field import Field  # noqa: PLC0415 - as above
    from simulators.tables import post_rows  # noqa: PLC0415 - as above

    for post in Field(world).posts(end):
        yield post_rows(post, epoch_ms(end), world.zone), len(post.delivered(epoch_ms(end)).row)
        heard(world.now)


def _written(files: ExitStack, option: str, path: Path | None, text: Callable[[], str]) -> None:
    if path is not None:
        file = files.enter_context(_replaced(option, path))
        with _translated(option, path):
            file.write(text())


@contextmanager
def _progress(whole: timedelta, wanted: bool | None) -> Iterator[Tell]:  # noqa: FBT001 - the option's three states
    """Yield what shows how far the simulation is: a bar on a terminal, or a line per tenth where it was asked for."""
    if wanted is False or not (wanted or sys.stderr.isatty()):
        yield lambda _done: None
    elif sys.stderr.isatty():
        with click.progressbar(length=whole // HOUR, label="simulating", file=sys.stderr, update_min_steps=24) as bar:
            yield lambda done: bar.update(done // HOUR - bar.pos)
    else:
        yield _tenths(whole)


def _tenths(whole: timedelta) -> Tell:
    told = -1

    def tell(done: timedelta) -> None:
        nonlocal told
        if (tenth := 10 * done // whole) > told:
            told = tenth
            click.echo(f"simulating {10 * told} %", err=True)

    return tell


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
