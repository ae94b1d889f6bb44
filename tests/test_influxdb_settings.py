"""The InfluxDB that settings name, `premises store setup`, and the places that the registry gives."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from premises.home import Home
from premises.settings import SettingsError, load_settings
from premises.stores.places import BEGINNING_MS, RegistryPlaces
from sensors.topology import SiteId
from storage.ports import PlaceSpan
from storage.readings.influxdb_setup import found
from storage.registry_file import load_registry
from tests.command_line import runner
from tests.influx import influxdb
from tests.servers import free_port

HQ = SiteId("hq")
REGISTRY = """\
site: {id: hq, name: {zh: 院, en: Compound}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}
buildings: [{id: a, name: A}]
rooms:
  - {id: a-201, building: a, floor: 2, name: 201, category: office, usable_area_m2: 18.5}
  - {id: a-202, building: a, floor: 2, name: 202, category: office, usable_area_m2: 18.5}
circuits:
  - {id: c-main, building: a, item: total}
  - {id: c-one, parent: c-main, item: lighting, serves: [a-201]}
  - {id: c-two, parent: c-main, item: lighting, serves: [a-201, a-202]}
devices:
  - id: aq1
    metrics: [co2_ppm]
    places: [{room: a-201, since: 2026-01-01, until: 2026-03-01}, {room: a-202, since: 2026-03-01, until: 2026-05-01}]
  - {id: m1, circuit: c-one, metrics: [active_power_w]}
  - {id: m2, circuit: c-two, metrics: [active_power_w]}
"""


def local_ms(month: int) -> int:
    return int(datetime(2026, month, 1, tzinfo=UTC).timestamp() * 1000) - 8 * 3_600_000


@pytest.fixture
def places(tmp_path: Path) -> RegistryPlaces:
    path = tmp_path / "registry.yaml"
    path.write_text(REGISTRY, encoding="utf-8")
    registry = load_registry(path)
    return RegistryPlaces(lambda: registry)


def test_a_device_that_moves_has_a_span_for_each_place_and_none_after(places: RegistryPlaces) -> None:
    assert places.spans(HQ, "aq1") == [
        PlaceSpan(start_ms=local_ms(1), building="a", floor="2", room="a-201"),
        PlaceSpan(start_ms=local_ms(3), building="a", floor="2", room="a-202"),
        PlaceSpan(start_ms=local_ms(5)),
    ]


def test_a_meter_lies_in_the_one_room_it_serves_or_on_their_floor(places: RegistryPlaces) -> None:
    one, two = places.spans(HQ, "m1"), places.spans(HQ, "m2")
    assert list(one) == [PlaceSpan(start_ms=BEGINNING_MS, building="a", floor="2", room="a-201")]
    assert list(two) == [PlaceSpan(start_ms=BEGINNING_MS, building="a", floor="2")]


def test_a_stranger_is_nowhere(places: RegistryPlaces) -> None:
    assert list(places.spans(HQ, "unknown")) == []
    assert list(places.spans(SiteId("annex"), "aq1")) == []
    assert list(RegistryPlaces(lambda: None).spans(HQ, "aq1")) == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "needs a url"),
        ('url = "ftp://x"', "not one of http"),
        ('url = "http://me:secret@x"', "token_file"),
        ('url = "http://x"\nraw_bucket = "p/raw"\nhourly_bucket = "p/raw"', "must be three"),
        ('url = "http://x"\nraw_bucket = "a/b/c"', "raw_bucket"),
    ],
    ids=["no url", "scheme", "password", "one bucket twice", "odd bucket"],
)
def test_a_store_that_cannot_be_is_told_in_its_settings(tmp_path: Path, lines: str, words: str) -> None:
    home = Home.find(tmp_path)
    home.settings.write_text(f'[store]\nkind = "influxdb"\n{lines}\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as told:
        load_settings(home, {})
    assert "secret" not in str(told.value).partition("token_file")[0]


def test_set_up_makes_the_buckets_once_and_tells_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server, run, home = influxdb(), runner(monkeypatch, capsys), Home.find(tmp_path)
    buckets = server.new_buckets()
    (home.secrets / "token").write_text(server.token, encoding="utf-8")
    names = (f'{each.bucket.policy}_bucket = "{each.bucket.name}"' for each in buckets.all)
    home.settings.write_text(
        f'[store]\nkind = "influxdb"\nurl = "{server.url}"\ntoken_file = "secrets/token"\norg = "{server.org}"\n'
        + "\n".join(names),
        encoding="utf-8",
    )
    first, second = (run("store", "setup", "--home", tmp_path) for _ in range(2))
    assert (first.code, first.out.count(": made"), second.code, second.out.count(": ready")) == (0, 3, 0, 3)
    with server.connected() as connection:
        assert [state.state.value for state in found(connection, server.org, buckets)] == ["ready"] * 3
    server.remove(buckets)


def test_set_up_without_a_server_ends_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home.find(tmp_path)
    home.settings.write_text(f'[store]\nkind = "influxdb"\nurl = "http://127.0.0.1:{free_port()}"\n', encoding="utf-8")
    ended = runner(monkeypatch, capsys)("store", "setup", "--home", tmp_path)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "refused" in ended.err
