"""`premises run`: broker, ingest and server together, stopped in order, refused twice, asked by other commands."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from premises.processes import server_info
from premises.processes.remote import Server, ServerFault
from storage.readings.duckdb import DuckDBReadingStore
from storage.spool import SqliteSpool
from tests.servers import MOSQUITTO, eventually
from tests.system.installation import answer, environment, installation, is_running, running

needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def premises(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "premises", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment())


def csv_of(folder: Path, rows: int) -> tuple[Path, Path]:
    table, mapping = folder / "table.csv", folder / "map.yaml"
    lines = [f"2026-10-{1 + n // 96:02d}T{n % 96 // 4:02d}:{n % 4 * 15:02d}:00+08:00,{400 + n}" for n in range(rows)]
    table.write_text("\n".join(["timestamp,co2", *lines]) + "\n", encoding="utf-8")
    mapping.write_text("time: {column: timestamp}\ncolumns: {co2: {device: aq1, metric: co2_ppm}}\n", encoding="utf-8")
    return table, mapping


@needs_mosquitto
def test_what_is_published_is_stored_and_served_and_nothing_is_left_behind(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    with running(installed) as process:
        pids = installed.pids()
        assert set(pids) == {"run", "broker", "ingest", "serve"}
        installed.publish(range(50))
        eventually(lambda: installed.stored() == 50, what="the readings in the store")
        info = server_info.read(installed.home)
        assert info is not None
        assert answer(f"{info.url}/healthz") == 200
        assert answer(f"{info.url}/readyz") == 200
        eventually(lambda: "/set-up?token=" in installed.output, what="the set-up link")
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert not any(map(is_running, pids.values()))
    assert not server_info.path_of(installed.home).exists()
    assert "console: http://127.0.0.1:" in installed.output
    assert "/set-up?token=" in installed.output
    stops = [line for line in installed.log.splitlines() if "stopped" in line]
    assert ["ingest" in stops[0], "serve" in stops[1], "broker" in stops[2]] == [True] * 3
    with closing(DuckDBReadingStore(installed.home.readings)) as store:
        assert store.count() == 50
    with closing(SqliteSpool(installed.home.spool)) as spool:
        assert (spool.depth, spool.books()["gw1"].stored) == (0, 50)


@needs_mosquitto
def test_other_commands_work_while_it_runs(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    root = installed.home.root
    table, mapping = csv_of(tmp_path, 96 * 3)
    with running(installed):
        imported = premises("import", table, "--mapping", mapping, "--home", root, "--json")
        assert imported.returncode == 0, imported.stderr
        assert json.loads(imported.stdout)["new"] == 96 * 3
        again = json.loads(premises("import", table, "--mapping", mapping, "--home", root, "--json").stdout)
        assert (again["new"], again["unchanged"]) == (0, 96 * 3)
        beside = premises("analyze", "--home", root, "--json")
        page = tmp_path / "answer.html"
        assert premises("analyze", "--home", root, "--html", page, "--language", "en").returncode == 0
        unknown = premises("analyze", "--home", root, "--rules", "X99")
        second = premises("run", "--home", root)
        export = tmp_path / "copy.duckdb"
        server = Server.find(installed.home)
        assert server is not None
        server.export_readings(export)
    assert beside.returncode == 0, beside.stderr
    assert "<html" in page.read_text(encoding="utf-8")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "runs this home already" in second.stderr
    alone = premises("analyze", "--home", root, "--json")
    assert json.loads(alone.stdout) == json.loads(beside.stdout)
    with closing(DuckDBReadingStore(export)) as store:
        assert store.count() == 96 * 3


@needs_mosquitto
def test_only_the_token_on_the_inner_listener_opens_the_internal_routes(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    with running(installed):
        info = server_info.read(installed.home)
        assert info is not None
        assert server_info.path_of(installed.home).stat().st_mode & 0o777 == 0o600
        assert answer(f"{info.internal}/internal/status", token=info.token) == 200
        assert answer(f"{info.internal}/internal/status", token="wrong") == 401  # noqa: S106 - no secret
        assert answer(f"{info.internal}/internal/status") == 401
        assert answer(f"{info.internal}/healthz", token=info.token) == 404
        assert answer(f"{info.url}/internal/status", token=info.token) == 404


def test_amqtt_serves_where_mosquitto_is_not_wanted(tmp_path: Path) -> None:
    installed = installation(tmp_path, broker="amqtt")
    with running(installed):
        installed.publish(range(5))
        eventually(lambda: installed.stored() == 5, what="the readings in the store")
        eventually(lambda: "install mosquitto" in installed.output, what="the advice to install mosquitto")


def test_run_without_a_registry_says_so_in_one_line(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    installed.home.registry.unlink()
    refused = premises("run", "--home", installed.home.root)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "registry.yaml" in refused.stderr


def test_what_a_server_that_ended_left_behind_is_not_believed(tmp_path: Path) -> None:
    home = installation(tmp_path).home
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    info = server_info.ServerInfo(url="http://x", internal="http://127.0.0.1:1", token="t", pid=gone.pid)  # noqa: S106 - no secret
    server_info.write(home, info)
    assert Server.find(home) is None
    server_info.path_of(home).write_text("{", encoding="utf-8")
    assert Server.find(home) is None


def test_a_server_that_does_not_answer_is_named_in_one_line(tmp_path: Path) -> None:
    home = installation(tmp_path).home
    info = server_info.ServerInfo(url="http://x", internal="http://127.0.0.1:1", token="t", pid=os.getpid())  # noqa: S106 - no secret
    server_info.write(home, info)
    server = Server.find(home)
    assert server is not None
    with pytest.raises(ServerFault, match=f"process {os.getpid()}"):
        server.get("/internal/status")
    with pytest.raises(ServerFault):
        server.analysis({}, lambda _what, _done: None)
