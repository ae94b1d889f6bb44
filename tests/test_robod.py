"""The answer on real measurements, by file and over a real broker. The figures are those of docs/by-hand.md."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage.spool import SqliteSpool
from tests.command_line import Outcome, runner
from tests.robod import robod_file, robod_home
from tests.servers import eventually, mosquitto, stop

pytestmark = pytest.mark.real_data

WITHIN_ONE_PERCENT = 0.01
Premises = Callable[..., Outcome]


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Premises:
    return runner(monkeypatch, capsys)


def answer(premises: Premises, home: Path, *options: str) -> dict[str, Any]:
    outcome = premises("analyze", "--home", home, "--json", *options)
    assert outcome.code == 0, outcome.err
    document: dict[str, Any] = json.loads(outcome.out)
    return document


def near(value: float) -> object:
    return pytest.approx(value, rel=WITHIN_ONE_PERCENT)


def test_the_imported_file_gives_the_answer_worked_out_by_hand(premises: Premises, tmp_path: Path) -> None:
    home, mapping = robod_home(tmp_path)
    for expected in ("41770 new", "41770 unchanged"):  # the second time changes nothing
        imported = premises("import", robod_file(), "--mapping", mapping, "--home", home)
        assert imported.code == 0, imported.err
        assert expected in imported.out
        assert "7 jumps" in imported.out
    room = answer(premises, home)["summary"][0]
    assert room["utilisation_pct"] == near(32.0)
    assert (room["days"], room["days_never_occupied"]) == (29, 8)
    energy = {name: (use["kwh"], use["kwh_while_empty"]) for name, use in room["circuits"].items()}
    assert energy == {
        "light": (near(426.1), near(153.9)),
        "plugs": (near(705), near(460)),
        "chilled": (near(3718), near(2016)),
    }


def test_the_jumps_are_gaps_and_not_use(premises: Premises, tmp_path: Path) -> None:
    home, mapping = robod_home(tmp_path)
    premises("import", robod_file(), "--mapping", mapping, "--home", home)
    document = answer(premises, home)
    gaps = [f for f in document["findings"] if f["subject"] == "device:cam1" and f["verdict"] == "fault"]
    assert [finding["rule"] for finding in gaps] == ["G05"] * 7
    room = document["summary"][0]
    assert (room["known_h"], room["working_h"]) == (290.0, 780.0)


def test_the_waste_of_a_week_is_the_one_worked_out_by_hand(premises: Premises, tmp_path: Path) -> None:
    home, mapping = robod_home(tmp_path)
    premises("import", robod_file(), "--mapping", mapping, "--home", home)
    weeks = {f["start"][:10]: f for f in answer(premises, home, "--rules", "E05")["findings"]}
    evidence = weeks["2021-09-13"]["evidence"]
    assert evidence["standby_w"] == pytest.approx(553.145)
    assert (evidence["empty_h"], evidence["energy_kwh"]) == (35.5, pytest.approx(341.047, abs=0.001))


@contextmanager
def ingest(home: Path) -> Iterator[subprocess.Popen[str]]:
    broker = mosquitto()
    environment = {
        **os.environ,
        "PREMISES_MQTT__PORT": str(broker.port),
        "PREMISES_MQTT__CLIENT_ID": f"robod-{home.parent.name}",
        "PREMISES_MQTT__TOPICS": "premises/v1/nus/#",
    }
    command = [sys.executable, "-m", "premises", "ingest", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        try:
            yield process
        finally:
            stop(process)


def taken_in(home: Path) -> int:
    spool = SqliteSpool(home / "spool.db")
    try:
        return sum(book.accepted + book.duplicate for book in spool.books().values())
    finally:
        spool.close()


@pytest.mark.kill
def test_two_days_over_mosquitto_with_ingest_killed_in_the_middle(
    premises: Premises, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, mapping = robod_home(tmp_path)
    (tmp_path / "imported").mkdir()
    by_file, _ = robod_home(tmp_path / "imported")
    days = ("--from", "2021-09-07", "--to", "2021-09-09")
    monkeypatch.setenv("PREMISES_MQTT__PORT", str(mosquitto().port))
    replay = [sys.executable, "-m", "premises", "replay", str(robod_file()), "--mapping", str(mapping)]
    with ingest(home) as first, subprocess.Popen([*replay, "--home", str(home), *days]) as publishing:
        eventually(lambda: taken_in(home) > 500, what="ingest has taken in a good part")
        first.send_signal(signal.SIGKILL)
        first.wait()
        with ingest(home):
            assert publishing.wait(timeout=60) == 0
            # five readings a row, and each of the three registers' first points
            eventually(lambda: taken_in(home) >= 576 * 5 + 3, what="ingest has taken in all of it")
    premises("import", robod_file(), "--mapping", mapping, "--home", by_file, *days)
    live, imported = answer(premises, home), answer(premises, by_file)
    assert live["summary"] == imported["summary"]
    assert live["findings"] == imported["findings"]
    assert live["summary"][0]["days"] == 2
