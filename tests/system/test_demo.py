"""`premises demo`: the loop closes by itself, and nothing is left behind."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from premises.demo.history import DemoHistory
from premises.demo.live import fire_events
from premises.home import Home
from sensors.events import EventState, EventType
from simulators.building import office_building
from tests.system.installation import environment

WANTED = {"ready_s", "readings", "findings", "alerts", "plan_items", "verified_items"}


@pytest.mark.alone
def test_check_shows_the_closed_loop_and_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "premises", "demo", "--check"]
    own = environment() | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=own)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == WANTED
    assert min(told.values()) >= 1
    assert list(tmp_path.iterdir()) == []


def test_demo_does_not_fill_a_folder_that_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    command = [sys.executable, "-P", "-m", "premises", "demo", "--home", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment())
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_history_begins_35_local_days_before_today(tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # the 24th in Shanghai
    history = DemoHistory(Home.find(tmp_path), now, lambda _line: None)
    assert history.start.isoformat() == "2026-10-20T00:00:00+08:00"


def test_fire_is_told_by_the_panel_from_its_outbreak_to_the_reset() -> None:
    start = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    events = fire_events(office_building(12, start=date(2026, 10, 19)), start)
    first = events[0]
    assert (first.type, first.state, first.time) == (EventType.FIRE, EventState.ACTIVE, start)
    assert events[-1].type is EventType.RESET
