"""The supervisor over small processes of the test's own."""

import json
import sys
import threading
from pathlib import Path

import pytest

from premises.home import Home
from premises.processes.supervisor import AWAY, QUICK_DEATHS, ChildSpec, Supervisor
from tests.faults.disks import fill, small_disk
from tests.servers import eventually
from tests.system.installation import is_running, kill

SLEEPER = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile 1: signal.pause()"
)


def child(name: str, script: str, *, stop_s: float = 10.0) -> ChildSpec:
    return ChildSpec(name=name, command=(sys.executable, "-c", script), stop_s=stop_s)


def run_beside(supervisor: Supervisor, home: Home, *names: str) -> None:
    """Stop the supervisor from another thread once the children are up."""

    def watch() -> None:
        for name in names:
            eventually(lambda log=home.logs / f"{name}.log": "up" in log.read_text(), what=f"{name} is up")  # type: ignore[misc]  # the default binds it
        supervisor.stop()

    thread = threading.Thread(target=watch)
    thread.start()
    assert supervisor.run() is None
    thread.join()


def pid_of(home: Home, name: str) -> int | None:
    try:
        written = json.loads((home.run / "processes.json").read_text())
    except FileNotFoundError:
        return None
    return written.get(name, {}).get("pid")  # type: ignore[no-any-return]  # JSON


def test_children_run_until_stopped_and_none_is_left(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    for name in ("a", "b"):
        (home.logs / f"{name}.log").touch()
    run_beside(Supervisor(home, [child("a", SLEEPER), child("b", SLEEPER)], stop_order=("b", "a")), home, "a", "b")
    assert json.loads((home.run / "processes.json").read_text()).keys() == {"run"}


def test_child_that_was_killed_is_started_again(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    supervisor = Supervisor(home, [child("a", SLEEPER)], stop_order=("a",))

    def watch() -> None:
        eventually(lambda: pid_of(home, "a") is not None, what="a runs")
        first = pid_of(home, "a")
        assert first is not None
        kill(first)
        eventually(lambda: pid_of(home, "a") not in {None, first}, what="a runs again")
        supervisor.stop()

    thread = threading.Thread(target=watch)
    thread.start()
    assert supervisor.run() is None
    thread.join()


def test_child_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    (home.logs / "a.log").touch()
    pids: list[int | None] = []
    supervisor = Supervisor(home, [child("a", STUBBORN, stop_s=0.3)], stop_order=("a",))
    run_beside(supervisor, home, "a")
    assert not any(is_running(pid) for pid in pids if pid is not None)


def test_bad_input_is_told_at_once_with_what_the_child_said(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    broken = child("a", "import sys; sys.stderr.write('premises: x.toml: no such setting\\n'); sys.exit(2)")
    failure = Supervisor(home, [broken, child("b", SLEEPER)], stop_order=("a", "b")).run()
    assert failure == "a cannot go on: premises: x.toml: no such setting"


def test_child_that_cannot_start_is_given_up_loudly(tmp_path: Path) -> None:
    missing = ChildSpec(name="a", command=(str(tmp_path / "nothing-here"),))
    failure = Supervisor(Home.find(tmp_path), [missing], stop_order=("a",)).run()
    assert failure is not None
    assert failure.startswith("a cannot be started")


def test_what_waits_for_something_that_is_away_is_started_again_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("premises.processes.supervisor.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("premises.processes.supervisor.LONGEST_WAIT_S", 0.02)
    home = Home.find(tmp_path)
    runs = tmp_path / "runs"
    waiting = child("a", f"open({str(runs)!r}, 'a').write('x'); raise SystemExit({AWAY})")
    supervisor = Supervisor(home, [waiting, child("b", SLEEPER)], stop_order=("a", "b"))

    def watch() -> None:
        eventually(lambda: runs.exists() and len(runs.read_text()) > QUICK_DEATHS + 2, what="many starts")
        supervisor.stop()

    thread = threading.Thread(target=watch)
    thread.start()
    assert supervisor.run() is None
    thread.join()


def test_child_that_ran_steadily_is_not_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it lacks may come back; to end the others with it would end the alarms."""
    monkeypatch.setattr("premises.processes.supervisor.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("premises.processes.supervisor.LONGEST_WAIT_S", 0.02)
    monkeypatch.setattr("premises.processes.supervisor.STEADY_S", 0.0)
    home = Home.find(tmp_path)
    runs = tmp_path / "runs"
    dying = child("a", f"open({str(runs)!r}, 'a').write('x'); import sys; sys.exit(2)")
    supervisor = Supervisor(home, [dying], stop_order=("a",))

    def watch() -> None:
        eventually(lambda: runs.exists() and len(runs.read_text()) > QUICK_DEATHS + 2, what="many starts")
        supervisor.stop()

    thread = threading.Thread(target=watch)
    thread.start()
    assert supervisor.run() is None
    thread.join()


def test_child_that_never_starts_well_ends_the_run_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("premises.processes.supervisor.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("premises.processes.supervisor.LONGEST_WAIT_S", 0.02)
    dying = child("a", "print('out of luck', flush=True); raise SystemExit(1)")
    failure = Supervisor(Home.find(tmp_path), [dying], stop_order=("a",)).run()
    assert failure is not None
    assert failure.startswith(f"a ended {QUICK_DEATHS} times in a row")
    assert failure.endswith("out of luck")


def test_full_disk_does_not_end_the_supervisor(tmp_path: Path) -> None:
    with small_disk(tmp_path, 1) as disk:
        home = Home.find(disk)
        fill(disk)
        supervisor = Supervisor(home, [child("a", SLEEPER)], stop_order=("a",))
        ticks: list[int] = []

        def tick() -> None:
            ticks.append(1)
            if len(ticks) > 2:
                supervisor.stop()

        assert supervisor.run(each_tick=tick) is None
        assert len(ticks) == 3
        # Who runs could not be written; nobody ended for it.
        assert pid_of(home, "run") is None
