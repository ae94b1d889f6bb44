"""`premises simulate` and `premises replay` in the formats of other gateways, over a real broker."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingest.dialects.desk import Dialects, GatewayOptions
from premises.cli import premises
from premises.home import Home
from premises.settings import load_settings
from premises.simulated.simulation import STANDARD_START
from sensors.errors import InputFault
from sensors.intake import Book
from sensors.readings import epoch_ms
from sensors.registry_text import registry_text
from sensors.topology import Registry
from simulators.building import office_building
from simulators.device_profiles import reporting_every
from simulators.dialects.dialects import dialect_named, settings_text
from simulators.dialects.spoken import said_by_world
from simulators.equipment import Equipment
from simulators.world import World
from storage.spool import SqliteSpool
from storage.spool_entries import Pending
from tests.servers import eventually, mosquitto, stop
from tests.simulators.dialects.listeners import listening
from tests.simulators.worlds import local
from tests.tables.csv_files import HEADER, MAPPING, REGISTRY, ROWS, written

HOUR = timedelta(hours=1)
REAL = ("simulate", "--days", "1", "--rooms", "1", "--faults", "none", "--devices", "real")
FULL = ("--days", "1", "--rooms", "2", "--faults", "none", "--equipment", "full", "--interval", "3600")


def simulate(home: Path, *options: str) -> Result:
    return CliRunner().invoke(premises, ["simulate", "--home", str(home), *FULL, *options])


def publishing(*options: str) -> Sequence[str]:
    return ("--publish", "--host", "127.0.0.1", "--port", str(mosquitto().port), *options)


def site() -> Registry:
    return reporting_every(office_building(2, start=STANDARD_START, equipment=Equipment.FULL), HOUR)


@contextmanager
def ingesting(home: Path) -> Iterator[None]:
    """Let `premises ingest` run beside the block."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREMISES_")}
    command = [str(Path(sys.executable).with_name("premises")), "ingest", "--home", str(home)]
    with (home / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            eventually(lambda: b"ready" in (home / "out").read_bytes(), what="ready", seconds=60)
            yield
        finally:
            stop(process)


def book_of(home: Path, gateway: str) -> Book:
    with closing(SqliteSpool(home / "spool.db")) as spool:
        return spool.books().get(gateway, Book(gateway=gateway))


def entries_of(home: Path) -> list[Pending]:
    with closing(SqliteSpool(home / "spool.db")) as spool:
        return spool.pending(limit=10_000, most_records=1_000_000)


def told_by(name: str) -> set[tuple[str, str, str, int]]:
    """Return the readings of the simulated day for which a format has a word."""
    place, dialect = World(site(), 1, local(STANDARD_START)), dialect_named(name, site())
    return {
        (said.device, value.metric, value.phase, said.time_ms)
        for said in said_by_world(place, local(STANDARD_START, 24), HOUR)
        for value in said.values
        if dialect.step(said.device, value) is not None
    }


def kept_of(folder: Path) -> set[tuple[str, str, str, int]]:
    """Return device, metric, phase and time of every reading that waits in the spool."""
    return {
        row
        for entry in entries_of(folder)
        if (batch := entry.readings) is not None
        for row in zip(batch.device, batch.metric, batch.phase, batch.time_ms, strict=True)
    }


def test_published_building_is_in_the_spool_by_the_settings_that_were_written(tmp_path: Path) -> None:
    (tmp_path / "registry.yaml").write_text(registry_text(site()), encoding="utf-8")
    broker = f'[mqtt]\nport = {mosquitto().port}\nclient_id = "{tmp_path.name}"\n[spool]\nmin_free_bytes = 0\n'
    own = settings_text("chirpstack", dialect_named("chirpstack", site()))
    (tmp_path / "premises.toml").write_text(broker + own, encoding="utf-8")
    with ingesting(tmp_path):
        done = simulate(tmp_path, *publishing("--dialect", "chirpstack", "--dialect-settings", str(tmp_path / "own")))
        assert done.exit_code == 0, done.output
        wanted = told_by("chirpstack")
        eventually(lambda: kept_of(tmp_path) >= wanted, what="all of it is kept")
    assert (tmp_path / "own").read_text() == own
    found = kept_of(tmp_path)
    assert {row for row in found if row[1] != "signal_dbm"} == wanted
    book = book_of(tmp_path, "sim-chirpstack")
    assert book.balances
    assert (book.quarantined, book.duplicate > 0) == (0, True)


def test_real_devices_speak_the_format_too(tmp_path: Path) -> None:
    with listening(["homie/5/#"]) as heard:
        done = CliRunner().invoke(
            premises,
            [*REAL, "--home", str(tmp_path), *publishing("--dialect", "homie")],
        )
        assert done.exit_code == 0, done.output
        eventually(lambda: ("homie/5/gw-2/$state", b"lost") in heard, what="the wills")
    assert ("homie/5/aq-201/$state", b"ready") in heard
    assert any(topic == "homie/5/aq-201/sensor/co2" for topic, _ in heard)
    broker = mosquitto()
    broker.publish(*((topic, b"") for topic in {topic for topic, _ in heard}), retain=True)


def test_replayed_table_is_heard_in_the_format(tmp_path: Path) -> None:
    home = Home.find(tmp_path / "home")
    written(home.root, home.registry.name, REGISTRY)
    table, mapping = written(tmp_path, "t.csv", HEADER + ROWS), written(tmp_path, "map.yaml", MAPPING)
    options = ["--mapping", str(mapping), "--home", str(home.root), "--host", "127.0.0.1"]
    options += ["--port", str(mosquitto().port), "--dialect", "senml", "--dialect-settings", str(home.settings)]
    with listening(["senml/#"]) as heard:
        done = CliRunner().invoke(premises, ["replay", str(table), *options])
        assert done.exit_code == 0, done.output
        eventually(lambda: len(heard) > 0 and f"{len(heard)} messages" in done.output, what="every message")
    (gateway,) = load_settings(home).dialects.gateways
    dialects = Dialects([GatewayOptions(name="g", format=gateway.format, topics=gateway.topics, names=gateway.devices)])
    read = [dialects.decode("g", topic, payload, received_ms=NOW_MS, retained=False) for topic, payload in heard]
    assert [problem for one in read for problem in one.problems] == []
    assert sum(len(one.readings) for one in read) > 0


NOW_MS = epoch_ms(local(STANDARD_START, 24))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--publish", "--dialect", "zigbe2mqtt"), "did you mean zigbee2mqtt?"),
        (("--dialect", "senml"), "goes with --publish"),
        (("--dialect-settings", "x.toml"), "goes with --publish"),
        (("--publish", "--dialect-settings", "x.toml"), "goes with --dialect"),
        (("--publish", "--dialect", "senml", "--dialect-settings", "no/such/x.toml"), "cannot be written"),
    ],
)
def test_options_that_say_nothing_are_refused_in_one_line(tmp_path: Path, options: Sequence[str], said: str) -> None:
    done = simulate(tmp_path, *options)
    assert isinstance(done.exception, InputFault)
    assert said in str(done.exception)
    assert "\n" not in str(done.exception)
