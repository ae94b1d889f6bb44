"""`kill -9` of each process in turn, in the middle of a stream of readings."""

import threading
from pathlib import Path

import pytest

from tests.servers import MOSQUITTO, eventually
from tests.system.installation import Installation, installation, is_running, kill, running

pytestmark = [
    pytest.mark.kill,
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed"),
]
COUNT = 2_000


def killed_and_back(installed: Installation, name: str) -> None:
    pid = installed.pids()[name]
    kill(pid)
    eventually(lambda: installed.pids().get(name, pid) != pid, what=f"{name} is started again", seconds=60)


@pytest.mark.parametrize("name", ["ingest", "serve"])
def test_nothing_acknowledged_is_lost(tmp_path: Path, name: str) -> None:
    installed = installation(tmp_path)
    with running(installed):
        stream = threading.Thread(target=installed.publish, args=(range(COUNT),))
        stream.start()
        eventually(lambda: installed.stored() > 0, what="the first readings")
        killed_and_back(installed, name)
        stream.join(60)
        killed_and_back(installed, name)
        eventually(lambda: installed.stored() == COUNT, what="every reading in the store", seconds=60)


def test_the_stream_goes_on_after_the_broker_was_killed(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    with running(installed):
        installed.publish(range(100))
        eventually(lambda: installed.stored() == 100, what="the first readings")
        subscriptions = (installed.home.logs / "ingest.log").read_text().count("subscribed")
        killed_and_back(installed, "broker")
        eventually(
            lambda: (installed.home.logs / "ingest.log").read_text().count("subscribed") > subscriptions,
            what="ingest has subscribed again",
            seconds=60,
        )
        installed.publish(range(100, 200))
        eventually(lambda: installed.stored() == 200, what="the readings that came after")


def test_children_of_a_killed_supervisor_end_and_the_next_run_goes_on(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    with running(installed) as process:
        installed.publish(range(100))
        pids = installed.pids()
        process.kill()
        process.wait()
        eventually(lambda: not any(map(is_running, pids.values())), what="the children end", seconds=60)
    with running(installed):
        installed.publish(range(100, 200))
        eventually(lambda: installed.stored() == 200, what="all readings in the store")
