from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner, Result
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from ingest.native import Topic, decode
from premises.cli import premises
from premises.simulated.simulation import STANDARD_START
from sensors.errors import InputFault
from sensors.readings import epoch_ms
from simulators.building import office_building
from simulators.device_profiles import realistic
from simulators.equipment import Equipment
from simulators.fault_file import read_faults
from simulators.field import Field
from simulators.world import World
from storage.registry_file import load_registry
from tests.servers import eventually, free_port, mosquitto
from tests.simulators.worlds import local


def simulate(folder: Path, *options: str) -> Result:
    outputs = ("--csv", str(folder / "readings.csv"), "--registry", str(folder / "registry.yaml"))
    return CliRunner().invoke(premises, ["simulate", *outputs, *options])


def test_writes_what_analyze_reads(tmp_path: Path) -> None:
    done = simulate(tmp_path, "--days", "1", "--rooms", "3", "--faults", "none")
    assert done.exit_code == 0, done.output
    rows = (tmp_path / "readings.csv").read_text().splitlines()
    assert rows[0] == "timestamp,device,metric,value,phase"
    assert rows[1].startswith("2026-10-19T00:00:00+08:00,")
    assert any(",event,granted:momentary," in row for row in rows)
    assert len(load_registry(tmp_path / "registry.yaml").rooms) == 3
    judged = CliRunner().invoke(
        premises,
        ["analyze", "--csv", str(tmp_path / "readings.csv"), "--registry", str(tmp_path / "registry.yaml"), "--json"],
    )
    assert judged.exit_code == 0, judged.output
    assert '"subject": "room:a-201"' in judged.output


def test_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert simulate(tmp_path / name, "--days", "1", "--rooms", "2", "--faults", "none").exit_code == 0
        written.append([path.read_bytes() for path in sorted((tmp_path / name).iterdir())])
    assert written[0] == written[1]


def test_truth_lists_what_is_broken(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    done = simulate(tmp_path, "--days", "28", "--rooms", "12", "--truth", str(truth))
    assert done.exit_code == 0, done.output
    header, *rows = truth.read_text().splitlines()
    assert header == "rule,subject,start,end,kind"
    assert "S02,room:a-205,2026-10-19T00:00:00+08:00,2026-11-16T00:00:00+08:00,fault" in rows


@pytest.mark.parametrize(
    "options",
    [
        ("--days", "0"),
        ("--days", "-3"),
        ("--rooms", "0"),
        ("--rooms", "-1"),
        ("--faults", "storm"),
        ("--faults", "demo", "--rooms", "2"),
        ("--start", "yesterday"),
        ("--start", "1970-01-01"),
        ("--start", "2089-12-31"),
        ("--days", "99999999999"),
        ("--rooms", "99999999999"),
        ("--city", "atlantis"),
        ("--faults", "none", "--devices", "real", "--interval", "60"),
        ("--faults", "none", "--days", "1", "--speed", "60"),
        ("--truth", "no/such/folder/truth.csv"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing_behind(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = simulate(tmp_path, *options)
    assert isinstance(done.exception, InputFault)
    assert "\n" not in str(done.exception)
    assert options[0] in str(done.exception) or options[-2] in str(done.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "written", "meant"),
    [("--faults", "standrad", "standard"), ("--faults", "BadGateway", "bad-gateway"), ("--city", "Beijin", "beijing")],
)
def test_name_that_there_is_not_is_answered_with_the_nearest(
    tmp_path: Path, option: str, written: str, meant: str
) -> None:
    done = simulate(tmp_path, option, written)
    assert isinstance(done.exception, InputFault)
    assert f"did you mean {meant}?" in str(done.exception)


def test_city_may_be_named_in_chinese(tmp_path: Path) -> None:
    done = simulate(tmp_path, "--days", "1", "--rooms", "1", "--faults", "none", "--city", "昆明")
    assert done.exit_code == 0, done.output
    assert load_registry(tmp_path / "registry.yaml").site.altitude_m == 1890


def test_faults_outside_the_days_are_counted_aloud(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text('- {rule: A01, subject: "room:a-201", start: 2025-10-20, end: 2025-10-21}\n')
    done = simulate(tmp_path, "--days", "1", "--rooms", "1", "--faults", str(faults))
    assert done.exit_code == 0, done.output
    assert "1 of the faults lie wholly outside" in done.stderr


def test_interval_is_that_of_the_registry_and_of_the_store(tmp_path: Path) -> None:
    done = in_home(tmp_path, "--days", "1", "--interval", "900")
    assert done.exit_code == 0, done.output
    registry = load_registry(tmp_path / "registry.yaml")
    assert {device.interval_s for device in registry.devices.values()} == {900}
    sent = sum(len(device.metrics) for device in registry.devices.values())
    assert f"{sent * 96} readings" in done.output


def test_real_devices_write_their_own_instants_and_models(tmp_path: Path) -> None:
    done = simulate(tmp_path, "--days", "1", "--rooms", "3", "--faults", "none", "--devices", "real")
    assert done.exit_code == 0, done.output
    registry = load_registry(tmp_path / "registry.yaml")
    assert {device.model for device in registry.devices.values()} >= {"air-radio", "meter-bus", "presence-radio"}
    rows = [row.split(",") for row in (tmp_path / "readings.csv").read_text().splitlines()[1:]]
    told = [row[0] for row in rows if row[1:3] == ["aq-201", "co2_ppm"]]
    assert told == sorted(told)
    assert len({row.partition(".")[2] for row in told}) > 200


def test_says_how_far_it_is_where_asked(tmp_path: Path) -> None:
    done = simulate(tmp_path, "--days", "1", "--rooms", "1", "--faults", "none", "--progress")
    assert "simulating 90 %" in done.stderr


def in_home(folder: Path, *options: str) -> Result:
    usual = ("--home", str(folder), "--rooms", "3", "--faults", "none")
    return CliRunner().invoke(premises, ["simulate", *usual, *options])


def test_without_a_file_the_building_goes_into_the_home_where_analyze_finds_it(tmp_path: Path) -> None:
    for _ in range(2):
        done = in_home(tmp_path / "home", "--days", "2")
        assert done.exit_code == 0, done.output
    assert len(load_registry(tmp_path / "home" / "registry.yaml").rooms) == 3
    judged = CliRunner().invoke(premises, ["analyze", "--home", str(tmp_path / "home"), "--json"])
    assert judged.exit_code == 0, judged.output
    assert '"subject": "room:a-201"' in judged.output


def test_home_of_another_building_is_left_alone(tmp_path: Path) -> None:
    assert in_home(tmp_path, "--days", "1").exit_code == 0
    done = in_home(tmp_path, "--days", "1", "--city", "beijing")
    assert isinstance(done.exception, InputFault)
    assert "registry.yaml" in str(done.exception)


def test_faults_come_from_a_file_and_their_places_are_checked(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text('- {rule: A01, subject: "room:a-201", start: 2026-10-20, end: 2026-10-21, severity: 1.5}\n')
    (tmp_path / "out").mkdir()
    truth = tmp_path / "truth.csv"
    done = simulate(tmp_path / "out", "--days", "3", "--rooms", "3", "--faults", str(faults), "--truth", str(truth))
    assert done.exit_code == 0, done.output
    assert truth.read_text().splitlines()[1].startswith("A01,room:a-201,2026-10-20T00:00:00+08:00,")
    faults.write_text('- {rule: A01, subject: "room:a-999", start: 2026-10-20}\n')
    refused = simulate(tmp_path / "out", "--days", "3", "--rooms", "3", "--faults", str(faults))
    assert isinstance(refused.exception, InputFault)
    assert f"{faults}:1:" in str(refused.exception)


def test_fully_equipped_building_in_a_city_is_written_with_its_phases(tmp_path: Path) -> None:
    done = simulate(
        tmp_path, "--days", "1", "--rooms", "3", "--faults", "none", "--city", "guangzhou", "--equipment", "full"
    )
    assert done.exit_code == 0, done.output
    rows = (tmp_path / "readings.csv").read_text()
    assert ",m-main,voltage_v,2" in rows
    assert ",L3\n" in rows
    assert load_registry(tmp_path / "registry.yaml").site.climate_zone == "hot_summer_warm_winter"


@contextmanager
def listening(port: int) -> Iterator[set[tuple[str, str, str, int]]]:
    """Yield the readings that reach a subscriber: device, metric, phase, time."""
    heard: set[tuple[str, str, str, int]] = set()
    subscribed = Event()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_subscribe = lambda *_: subscribed.set()

    def keep(_client: Client, _data: object, message: MQTTMessage) -> None:
        received_ms = epoch_ms(local(STANDARD_START, 24))
        batch = decode(Topic.parse(message.topic), bytes(message.payload), received_ms=received_ms).readings
        heard.update(zip(batch.device, batch.metric, batch.phase, batch.time_ms, strict=True))

    client.on_message = keep
    client.connect("127.0.0.1", port)
    client.subscribe("premises/v1/hq/+/readings", qos=1)
    client.loop_start()
    try:
        assert subscribed.wait(10)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def test_published_building_is_heard_whole(tmp_path: Path) -> None:
    port, hour = mosquitto().port, timedelta(hours=1)
    registry = office_building(2, start=STANDARD_START, equipment=Equipment.FULL)
    place = World(registry, 1, local(STANDARD_START))
    wanted = sum(stretch.block.count for stretch in place.stretches(local(STANDARD_START, 24), hour))
    options = ("--publish", "--days", "1", "--interval", "3600", "--equipment", "full", "--speed", "1000000")
    with listening(port) as heard:
        done = in_home(tmp_path, "--rooms", "2", *options, "--host", "127.0.0.1", "--port", str(port))
        assert done.exit_code == 0, done.output
        eventually(lambda: len(heard) == wanted, what=f"{wanted} readings are heard")
    assert {phase for _, _, phase, _ in heard} == {"", "L1", "L2", "L3"}


def test_poor_link_is_published_without_what_it_lost(tmp_path: Path) -> None:
    port, file = mosquitto().port, tmp_path / "faults.yaml"
    file.write_text('- {rule: G04, subject: "gateway:gw-2", start: 2026-10-19T01:00, kind: confounder}\n')
    registry, end = realistic(office_building(2, start=STANDARD_START)), local(STANDARD_START, 24)
    faults = read_faults(file.read_text(), name="faults.yaml", registry=registry)
    posts = list(Field(World(registry, 1, local(STANDARD_START), faults)).posts(end))
    wanted = sum(len(post.delivered(epoch_ms(end)).row) for post in posts)
    assert wanted < sum(len(post.row) for post in posts)
    options = ("--publish", "--days", "1", "--faults", str(file), "--host", "127.0.0.1", "--port", str(port))
    with listening(port) as heard:
        done = in_home(tmp_path, "--rooms", "2", *options)
        assert done.exit_code == 0, done.output
        eventually(lambda: len(heard) == wanted, what=f"{wanted} readings are heard")


def test_publishing_where_no_broker_is_says_so_in_one_line(tmp_path: Path) -> None:
    done = in_home(tmp_path, "--publish", "--days", "1", "--port", str(free_port()))
    assert isinstance(done.exception, InputFault)
    assert "broker is away" in str(done.exception)
