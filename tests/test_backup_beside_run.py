"""A backup of an installation that runs: the server is asked for what it holds, and nothing acknowledged is missing."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from premises.home import Home
from premises.stores.records import open_records
from storage.drain import drain
from storage.readings.duckdb import DuckDBReadingStore
from storage.spool import SqliteSpool
from tests.servers import MOSQUITTO, eventually
from tests.system.installation import environment, installation, running


def premises(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "premises", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment())


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
def test_a_running_installation_is_backed_up_and_comes_back(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    archive, new = tmp_path / "backup.tar.zst", tmp_path / "new"
    with running(installed):
        installed.publish(range(50))
        eventually(lambda: installed.stored() == 50, what="the readings in the store")
        installed.publish(range(50, 60))
        done = premises("backup", archive, "--home", installed.home.root)
        assert done.returncode == 0, done.stderr
    restored = premises("restore", archive, "--home", new)
    assert restored.returncode == 0, restored.stderr
    home = Home.place(new)
    with closing(DuckDBReadingStore(home.readings)) as store, closing(SqliteSpool(home.spool)) as spool:
        drain(spool, store)
        assert store.count() >= 50
    with closing(open_records(home)) as records, records.reading() as tx:
        assert tx.verify_audit() is None
