import threading
from pathlib import Path

from ingest.watchdog import Watchdog
from tests.servers import eventually


def test_loop_that_hangs_is_ended_with_every_stack_said(tmp_path: Path) -> None:
    ended = threading.Event()
    release = threading.Event()

    def hang_for_ever() -> None:
        release.wait()

    hanging = threading.Thread(target=hang_for_ever, daemon=True)
    hanging.start()
    with (tmp_path / "err").open("w") as out:
        watchdog = Watchdog(0.2, out=out, end=ended.set)
        watchdog.start()
        eventually(ended.is_set, what="the watchdog ends it")
        watchdog.stop()
    release.set()
    hanging.join()
    said = (tmp_path / "err").read_text()
    assert "hang_for_ever" in said
    assert said.splitlines()[-1].startswith("ingest_stuck")


def test_loop_that_ticks_is_left_alone(tmp_path: Path) -> None:
    ended = threading.Event()
    with (tmp_path / "err").open("w") as out:
        watchdog = Watchdog(2.0, out=out, end=ended.set)
        watchdog.start()
        pause = threading.Event()
        for _ in range(60):
            watchdog.tick()
            pause.wait(0.05)
        watchdog.stop()
    assert not ended.is_set()


def test_stopped_watchdog_ends_nothing(tmp_path: Path) -> None:
    ended = threading.Event()
    with (tmp_path / "err").open("w") as out:
        watchdog = Watchdog(0.05, out=out, end=ended.set)
        watchdog.stop()
        watchdog = Watchdog(30, out=out, end=ended.set)
        watchdog.start()
        watchdog.stop()
    assert not ended.is_set()
