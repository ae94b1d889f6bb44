"""What those who watch from outside are told by a whole installation: readiness and figures."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from premises.home import Home
from premises.processes.server_info import read
from tests.servers import MOSQUITTO, eventually
from tests.system.installation import installation, kill, running

WATCHWORD = "of-the-watchers"


def ask(home: Home, path: str, **headers: str) -> tuple[int, str]:
    info = read(home)
    assert info is not None
    request = urllib.request.Request(info.url + path, headers=headers)  # noqa: S310 - our own server on loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - as above
            return response.status, response.read().decode()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read().decode()


def figures(home: Home) -> dict[tuple[str, ...], float]:
    status, text = ask(home, "/metrics")
    assert status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def reasons(home: Home) -> dict[str, str]:
    found: dict[str, str] = json.loads(ask(home, "/readyz")[1])["reasons"]
    return found


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
@pytest.mark.kill
def test_figures_and_readiness_of_a_whole_installation(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    home = installed.home
    (home.secrets / "metrics").write_text(WATCHWORD, encoding="utf-8")
    with home.settings.open("a", encoding="utf-8") as settings:
        settings.write('[metrics]\ntoken_file = "secrets/metrics"\n')
    with running(installed):
        installed.publish(range(50))
        installed.publish([1])
        eventually(lambda: installed.stored() == 50, what="the readings are stored")
        eventually(lambda: ask(home, "/readyz")[0] == 200, what="all parts are ready")

        eventually(lambda: figures(home).get(("premises_ingest_messages_total",)) == 51, what="ingest has reported")
        found = figures(home)
        assert found["premises_records_received_total", "gw1"] == 51
        assert found["premises_records", "gw1", "accepted"] == 50
        assert found["premises_records", "gw1", "duplicate"] == 1
        assert found["premises_records_stored_total", "gw1"] == 50
        assert found["premises_books_unbalanced",] == 0
        assert found["premises_store_write_seconds_count",] >= 1
        assert found["premises_ingest_commit_seconds_count",] >= 1
        assert found["premises_ingest_subscribed",] == 1
        assert found["premises_spool_records",] == 0
        # As through a proxy: no longer this machine's own request.
        assert ask(home, "/metrics", **{"X-Forwarded-For": "192.0.2.7"})[0] == 403
        assert (
            ask(home, "/metrics", **{"X-Forwarded-For": "192.0.2.7", "Authorization": f"Bearer {WATCHWORD}"})[0] == 200
        )
        kill(installed.pids()["broker"])
        eventually(lambda: "not subscribed" in reasons(home).get("broker", ""), what="the lost broker is told")
        assert ask(home, "/healthz")[0] == 200
        assert figures(home)["premises_drain_failures_total",] == 0
