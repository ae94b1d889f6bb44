"""`premises import` with InfluxDB as the store: the same answers, and the same going on after a break."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from premises.home import Home
from sensors.readings import ReadingBatch
from storage.errors import StoreAwayError
from storage.ports import AppendResult
from storage.readings.influxdb import InfluxReadingStore
from tests.command_line import Outcome, runner
from tests.imports import Flaky, desk_in
from tests.influx import influxdb
from tests.tables.csv_files import REGISTRY, written

Premises = Callable[..., Outcome]


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Premises:
    server, home = influxdb(), Home.find(tmp_path / "home")
    buckets = server.new_buckets()
    written(home.root, home.registry.name, REGISTRY)
    token = written(home.secrets, "token", server.token)
    written(
        home.root,
        home.settings.name,
        f'[store]\nkind = "influxdb"\nurl = "{server.url}"\ntoken_file = "{token}"\norg = "{server.org}"\n'
        + "".join(f'{kept.bucket.name.split("/")[1]}_bucket = "{kept.bucket.name}"\n' for kept in buckets.all),
    )
    monkeypatch.setenv("PREMISES_HOME", str(home.root))
    command = runner(monkeypatch, capsys)
    assert command("store", "setup").code == 0
    return command


def test_import_into_influxdb_goes_on_where_it_broke_off(
    premises: Premises, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk, plain = desk_in(tmp_path), Flaky()
    readings = desk.imported(plain).readings
    whole = InfluxReadingStore.append_from_spool

    def away(
        store: InfluxReadingStore, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = ()
    ) -> AppendResult:
        whole(store, spool, last_entry=last_entry, batches=batches)
        where = "influxdb"
        raise StoreAwayError(where, "no connection")

    with monkeypatch.context() as patched:
        patched.setattr(InfluxReadingStore, "append_from_spool", away)
        broken = premises("import", desk.table, "--mapping", desk.mapping)
    assert broken.code == 2
    assert "no connection" in broken.err
    done = premises("import", desk.table, "--mapping", desk.mapping, "--json")
    assert "goes on after" in done.err
    answer = json.loads(done.out)
    assert (done.code, answer["readings"], answer["uncounted"]) == (0, readings, readings)
    again = json.loads(premises("import", desk.table, "--mapping", desk.mapping, "--json").out)
    assert (again["new"], again["replaced"], again["unchanged"]) == (0, 0, readings)
