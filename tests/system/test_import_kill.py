"""`premises import` killed in the middle, alone and beside a running server: the next call goes on where it was."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from premises.home import Home
from premises.processes.remote import Server
from sensors.topology import SiteId
from storage.readings.duckdb import DuckDBReadingStore
from tests.faults.disks import fill, small_disk
from tests.servers import PATIENCE_S, eventually, stop
from tests.system.installation import environment
from tests.tables.csv_files import HEADER, MAPPING, REGISTRY, written

pytestmark = pytest.mark.kill

ROWS = 150_000
"""Four chunks and more: of each row two readings and a point of the register."""


@dataclass(frozen=True, slots=True)
class Site:
    """A home and a table to import into it."""

    home: Home
    table: Path
    mapping: Path

    def command(self, name: str, *arguments: str) -> Sequence[str]:
        return (sys.executable, "-P", "-m", "premises", name, *arguments, "--home", str(self.home.root))

    def start_import(self) -> "subprocess.Popen[str]":
        command = self.command("import", str(self.table), "--mapping", str(self.mapping), "--json")
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())

    def has_stored(self, chunks: int) -> bool:
        """Say whether the journal tells of so many chunks."""
        for path in (self.home.run / "imports").glob("*.json"):
            marks = json.loads(path.read_text(encoding="utf-8"))["marks"]
            return min((mark["chunks"] for mark in marks), default=0) >= chunks
        return False

    def readings(self) -> pl.DataFrame:
        with closing(DuckDBReadingStore(self.home.readings)) as store:
            found = store.readings(SiteId("hq"), start_ms=0, end_ms=2**53)
            assert store.count() == found.height == found.unique(["time_ms", "device", "metric", "phase"]).height
            return found


def site_in(folder: Path, *, home: Path | None = None) -> Site:
    folder.mkdir()
    found = Home.find(home or folder / "home")
    written(found.root, found.registry.name, REGISTRY)
    written(found.root, found.settings.name, "[server]\nport = 0\n[spool]\nmin_free_bytes = 0\n")
    rows = (f"{1_600_000_000 + 300 * n},{400 + n % 997},0.{n % 10},{n % 2}\n" for n in range(ROWS))
    mapping = MAPPING.replace("timezone: Asia/Singapore", "format: unix_s")
    return Site(found, written(folder, "t.csv", HEADER + "".join(rows)), written(folder, "map.yaml", mapping))


@cache
def whole() -> pl.DataFrame:
    """Return what an import that nobody disturbs stores."""
    with TemporaryDirectory() as folder:
        site = site_in(Path(folder) / "whole")
        outcome = ended(site.start_import())
        assert json.loads(outcome.out)["new"] == 3 * ROWS + 1
        return site.readings()


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


def ended(process: "subprocess.Popen[str]") -> Ended:
    out, err = process.communicate(timeout=PATIENCE_S * 4)
    return Ended(process.returncode, out, err)


def under_way(site: Site, *, chunks: int) -> "subprocess.Popen[str]":
    """Return an import that has stored so many chunks."""
    process = site.start_import()
    eventually(lambda: site.has_stored(chunks) or process.poll() is not None, what="some of it is stored", seconds=60)
    assert process.poll() is None, ended(process)
    return process


def finished(site: Site) -> None:
    """Import the rest, and find everything in the store once."""
    outcome = ended(site.start_import())
    assert outcome.code == 0, outcome.err
    assert "goes on after" in outcome.err
    answer = json.loads(outcome.out)
    assert (answer["readings"], answer["new"] + answer["uncounted"]) == (3 * ROWS + 1, 3 * ROWS + 1)
    assert site.readings().equals(whole())


@contextmanager
def serving(site: Site) -> Iterator["subprocess.Popen[bytes]"]:
    with (site.home.logs / "serve.out").open("wb") as log:
        process = subprocess.Popen(site.command("serve"), stdout=log, stderr=log, env=environment())
    try:
        eventually(lambda: Server.find(site.home) is not None, what="the server answers", seconds=60)
        yield process
    finally:
        stop(process)


def test_import_interrupted_and_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    site = site_in(tmp_path / "killed")
    process = under_way(site, chunks=1)
    process.send_signal(signal.SIGINT)
    outcome = ended(process)
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.err == f"premises: {site.table}: interrupted; start the import again and it goes on where it was\n"
    process = under_way(site, chunks=3)
    process.kill()
    ended(process)
    finished(site)


def test_import_goes_on_though_it_and_the_server_that_stores_for_it_are_killed(tmp_path: Path) -> None:
    site = site_in(tmp_path / "served")
    with serving(site) as server:
        process = under_way(site, chunks=1)
        process.kill()
        ended(process)
        process = under_way(site, chunks=2)
        server.kill()
        outcome = ended(process)
        assert (outcome.code, len(outcome.err.splitlines())) == (2, 2)
        assert "start it again and it goes on from there" in outcome.err
    with serving(site):
        done = ended(site.start_import())
        assert (done.code, json.loads(done.out)["readings"]) == (0, 3 * ROWS + 1)
    assert site.readings().equals(whole())


def test_full_disk_ends_an_import_with_one_line_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path, 64) as disk:
        site = site_in(tmp_path / "full", home=disk / "home")
        process = under_way(site, chunks=1)
        filler = fill(disk)
        outcome = ended(process)
        assert (outcome.code, len(outcome.err.splitlines())) == (2, 1), outcome.err
        assert "start it again and it goes on from there" in outcome.err
        filler.unlink()
        finished(site)
