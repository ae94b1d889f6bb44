"""What `premises doctor` says of an InfluxDB that is well, away, or does not let us in."""

from contextlib import closing
from pathlib import Path

import pytest

from premises.doctor.stores import store
from premises.home import Home
from premises.settings import load_settings
from tests.influx import Influx, influxdb
from tests.servers import free_port


def home_at(folder: Path, server: Influx, *, url: str = "", token: str = "", database: str) -> Home:
    home = Home.find(folder / "home")
    (home.secrets / "token").write_text(token or server.token, encoding="utf-8")
    names = "\n".join(f'{name}_bucket = "{database}/{name}"' for name in ("raw", "hourly", "daily"))
    home.settings.write_text(
        f'[store]\nkind = "influxdb"\nurl = "{url or server.url}"\ntoken_file = "secrets/token"\norg = "{server.org}"\n'
        f"timeout_s = 5\n{names}\n",
        encoding="utf-8",
    )
    load_settings(home)
    return home


@pytest.fixture
def server() -> Influx:
    return influxdb()


def test_an_influxdb_that_answers_and_has_the_buckets_is_well(tmp_path: Path, server: Influx) -> None:
    with closing(server.store(tmp_path)) as there:
        home = home_at(tmp_path, server, database=there.buckets.raw.bucket.database)
        found = store(home)
        server.remove(there.buckets)
    assert (found.well, server.url in found.words()) == (True, True)


def test_a_missing_bucket_is_named(tmp_path: Path, server: Influx) -> None:
    found = store(home_at(tmp_path, server, database="not-made"))
    assert not found.well
    assert "not-made/raw" in found.words()
    assert "premises store setup" in found.words()


def test_a_wrong_token_is_told_apart_from_a_server_that_is_away(tmp_path: Path, server: Influx) -> None:
    wrong = store(home_at(tmp_path, server, token="not-the-token", database="x"))  # noqa: S106 - no secret
    away = store(home_at(tmp_path, server, url=f"http://127.0.0.1:{free_port()}", database="x"))
    assert (wrong.well, away.well) == (False, False)
    assert "(401)" in wrong.words()
    assert "token_file" in wrong.words()
    assert "not-the-token" not in wrong.words()
    assert "refused" in away.words()
