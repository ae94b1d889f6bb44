"""The traps of each format are in what the simulator says, and the reader falls into none."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.dialects.desk import Dialects
from ingest.messages import Message
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingBatch, from_epoch_ms
from sensors.topology import DeviceId, SiteId
from simulators.dialects.dialect import Dialect
from simulators.dialects.dialect import Message as Spoken
from simulators.dialects.dialects import DIALECTS, dialect_named
from simulators.dialects.protobuf import bytes_field, varint
from simulators.dialects.speech import speech
from simulators.dialects.spoken import Said, Value, said_of_rows
from tests.simulators.dialects.spoken_day import GATEWAY, events_of, kept, options_of, registry, saids, series_of

NOW_MS = 1_792_339_200_000
"""2026-10-19T00:00:00+08:00."""
MINUTE_MS, DAY_MS = 60_000, 86_400_000


def made(name: str) -> Dialect:
    return dialect_named(name, registry())


def said(device: str, *values: tuple[str, float], time_ms: int = NOW_MS, **other: Any) -> Said:  # noqa: ANN401 - any field
    return Said(device=device, time_ms=time_ms, values=tuple(Value(name, "", value) for name, value in values), **other)


def happened(device: str, kind: EventType, state: EventState, *, test: bool = False, time_ms: int = NOW_MS) -> Said:
    event = Event(
        site=SiteId("hq"),
        gateway="gw",
        device=DeviceId(device),
        type=kind,
        state=state,
        time=from_epoch_ms(time_ms),
        received=from_epoch_ms(time_ms),
        test=test,
    )
    return Said(device=device, time_ms=time_ms, event=event)


def documents(messages: Iterable[Spoken]) -> list[Any]:
    return [json.loads(payload) for _, payload in messages]


def read(name: str, dialect: Dialect, folder: Path, *messages: tuple[int, Spoken]) -> Any:  # noqa: ANN401 - entries
    heard = [Message(topic, payload, time_ms) for time_ms, (topic, payload) in messages]
    return kept(folder, heard, options_of(name, dialect))


def test_same_morning_gives_the_same_bytes() -> None:
    for name in DIALECTS:
        assert list(speech(made(name), saids())) == list(speech(made(name), saids())), name


def test_chirpstack_tells_some_uplinks_twice_and_counts_anew_after_a_join(tmp_path: Path) -> None:
    dialect = made("chirpstack")
    told = [
        (NOW_MS + step, each)
        for step in range(8)
        for each in dialect.says(said("aq-201", ("co2_ppm", 500.0 + step), time_ms=NOW_MS + step))
    ]
    assert len(told) == 9
    again = [(NOW_MS + 9, each) for each in dialect.restart(NOW_MS + 9)]
    more = [(NOW_MS + 9, each) for each in dialect.says(said("aq-201", ("co2_ppm", 600.0), time_ms=NOW_MS + 9))]
    assert documents([more[0][1]])[0]["fCnt"] == 0
    entries = read("chirpstack", dialect, tmp_path, *told, *again, *more)
    values = [value for _, value in series_of(entries)["aq-201", "co2_ppm", ""]]
    assert values == [500, 501, 502, 503, 504, 505, 506, 507, 600]
    assert sum(entry.duplicates for entry in entries) == 2


def test_a_bridge_that_starts_repeats_what_it_remembers_and_nothing_of_it_counts(tmp_path: Path) -> None:
    dialect = made("zigbee2mqtt")
    told = [(NOW_MS, each) for each in dialect.says(said("door-main", ("open", 1.0), ("locked", 0.0)))]
    later_ms = NOW_MS + 30 * MINUTE_MS
    again = [(later_ms, each) for each in dialect.restart(later_ms)]
    assert documents([each for _, each in again if each[0].endswith("/door-main")]) == [
        {"linkquality": 120, "contact": False, "lock_state": "unlocked"}
    ]
    found = series_of(read("zigbee2mqtt", dialect, tmp_path, *told, *again))
    assert found["door-main", "open", ""] == [(NOW_MS, 1.0)]


def test_an_action_is_followed_by_an_empty_one_and_not_remembered() -> None:
    dialect = made("zigbee2mqtt")
    first, second = documents(dialect.says(happened("door-main", EventType.GRANTED, EventState.MOMENTARY)))
    assert (first["action"], second["action"]) == ("rfid_unlock", "")
    (later,) = documents(dialect.says(said("door-main", ("open", 0.0))))
    assert "action" not in later


def test_tasmota_writes_local_time_and_some_fahrenheit() -> None:
    dialect = made("tasmota")
    told = [documents(dialect.says(said(each.id, ("temperature_c", 20.0))))[0] for each in dialect.devices]
    assert {each["Time"] for each in told} == {"2026-10-19T00:00:00"}
    assert {(each["TempUnit"], each["SCD40"]["Temperature"]) for each in told} == {("C", 20.0), ("F", 68.0)}


def test_tasmota_writes_phases_as_a_list() -> None:
    values = tuple(Value("voltage_v", phase, 230.0 + place) for place, phase in enumerate(("L1", "L2", "L3")))
    (document,) = documents(made("tasmota").says(Said(device="m-main", time_ms=NOW_MS, values=values)))
    assert document["ENERGY"] == {"Voltage": [230, 231, 232]}


def test_shelly_tells_only_what_moved_beyond_its_threshold() -> None:
    dialect = made("shelly")
    powers = (100.0, 101.0, 103.0, 103.0)
    told = [
        document["params"]
        for power in powers
        for document in documents(dialect.says(said("m-201-light", ("active_power_w", power), ("voltage_v", 230.0))))
    ]
    assert [each["pm1:0"] for each in told] == [
        {"id": 0, "apower": 100.0, "voltage": 230.0},
        {"id": 0, "apower": 103.0},
    ]


def test_the_things_stack_leaves_a_first_count_out_and_somebody_tries_it(tmp_path: Path) -> None:
    dialect = made("things_stack")
    told = [
        (NOW_MS + step, each)
        for step in range(40)
        for each in dialect.says(said("aq-201", ("temperature_c", 21.0), time_ms=NOW_MS + step))
    ]
    found = documents(each for _, each in told)
    assert "f_cnt" not in found[0]["uplink_message"]
    assert sum(document.get("simulated", False) for document in found) == 1
    series = series_of(read("things_stack", dialect, tmp_path, *told))
    assert {value for _, value in series["aq-201", "temperature_c", ""]} == {21.0}


def test_huawei_calls_local_time_utc() -> None:
    dialect = made("huawei")
    first, second = (documents(dialect.says(said("aq-201", ("co2_ppm", 500.0))))[0] for _ in range(2))
    assert first["services"][0]["event_time"] == "20261019T000000Z"
    assert second["devices"][0]["services"][0]["event_time"] == "2026-10-19T00:00:00.000Z"
    assert first["services"][0]["properties"] == {"CO2": "500"}


def test_alink_counts_each_day_anew() -> None:
    dialect = made("alink")
    days = [said("aq-201", ("co2_ppm", 500.0), time_ms=NOW_MS + step) for step in (0, 1, DAY_MS)]
    assert [document["id"] for day in days for document in documents(dialect.says(day))] == ["1", "2", "1"]


@pytest.mark.parametrize("name", ["tasmota", "shelly", "zigbee2mqtt", "sparkplug", "homie", "home_assistant"])
def test_wills_make_devices_or_their_gateway_offline(name: str, tmp_path: Path) -> None:
    dialect = made(name)
    told = [(NOW_MS, each) for each in (*dialect.births(NOW_MS), *dialect.deaths(NOW_MS))]
    entries = read(name, dialect, tmp_path, *told)
    offline = {event.device for entry in entries for event in entry.events if event.state is EventState.ACTIVE}
    lost = [entry.status.state for entry in entries if entry.status is not None]
    assert "aq-201" in offline or lost[-1:] == ["lost"]
    assert name == "sparkplug" or any(dialect.retains(topic) for _, (topic, _) in told)


def test_a_node_of_sparkplug_that_was_heard_too_late_is_asked_for_its_births_and_answers() -> None:
    dialect = made("sparkplug")
    list(dialect.births(NOW_MS))
    dialects = Dialects([options_of("sparkplug", dialect)])
    dialects.use(registry())
    lost = list(dialect.says(said("aq-201", ("co2_ppm", 500.0))))
    (topic, payload) = lost[0]
    assert [each.reason for each in decoded(dialects, topic, payload).problems] == ["no_birth"]
    (command,) = dialects.commands()
    answers = list(dialect.answers(command.topic, command.payload, NOW_MS + 1))
    read_again = [decoded(dialects, *each) for each in answers]
    assert [problem for one in read_again for problem in one.problems] == []
    assert [value for one in read_again for value in one.readings.value] == [500.0]
    (later,) = dialect.says(said("aq-201", ("co2_ppm", 510.0), time_ms=NOW_MS + 2))
    found = decoded(dialects, *later)
    assert (list(found.readings.value), found.notes) == ([510.0], ())
    assert list(dialects.commands()) == []


def decoded(dialects: Dialects, topic: str, payload: bytes) -> Any:  # noqa: ANN401 - the contract's own
    return dialects.decode(GATEWAY, topic, payload, received_ms=NOW_MS + MINUTE_MS, retained=False)


def test_a_command_that_is_none_of_ours_is_not_answered() -> None:
    dialect = made("sparkplug")
    assert list(dialect.answers("spBv1.0/premises/NCMD/gw-2", b"", NOW_MS)) == []
    assert list(dialect.answers("spBv1.0/premises/NCMD/nobody", b"Node Control/Rebirth", NOW_MS)) == []


def test_what_sparkplug_sends_afterwards_is_marked(tmp_path: Path) -> None:
    dialect = made("sparkplug")
    told = [*dialect.births(NOW_MS), *dialect.says(said("aq-201", ("co2_ppm", 500.0), is_past=True))]
    entries = read("sparkplug", dialect, tmp_path, *((NOW_MS, each) for each in told))
    flags = [flag for entry in entries if entry.readings is not None for flag in entry.readings.flags]
    assert flags == [2]


def test_numbers_of_protobuf_are_those_of_its_documentation() -> None:
    assert varint(150) == bytes.fromhex("9601")
    assert bytes_field(2, b"testing") == bytes.fromhex("120774657374696e67")


@pytest.mark.parametrize("name", ["chirpstack", "milesight", "things_stack", "zigbee2mqtt"])
def test_a_test_of_a_smoke_detector_is_told_as_one(name: str, tmp_path: Path) -> None:
    dialect = made(name)
    pressed = dialect.says(happened("smoke-1", EventType.SMOKE, EventState.ACTIVE, test=True))
    entries = read(name, dialect, tmp_path, *((NOW_MS, each) for each in (*dialect.births(NOW_MS), *pressed)))
    assert [(device, test) for device, _, _, test, _ in events_of(entries)] == [("smoke-1", True)]


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_what_no_format_has_a_word_for_is_not_said(name: str) -> None:
    dialect = made(name)
    fire = happened("panel-1", EventType.FIRE, EventState.ACTIVE)
    assert fire.event is not None
    assert not dialect.tells(fire.event)
    assert list(dialect.says(fire)) == []
    assert list(dialect.says(Said(device="aq-201", time_ms=NOW_MS))) == []


def test_a_value_beyond_the_bytes_of_a_model_is_not_said() -> None:
    dialect = made("chirpstack")
    assert list(dialect.says(said("m-201-light", ("active_power_w", -5.0)))) == []


def test_rows_without_a_value_are_said_by_nobody() -> None:
    batch = ReadingBatch(site=SiteId("hq"))
    batch.add(NOW_MS, "aq-201", "co2_ppm", float("nan"))
    assert list(said_of_rows(batch)) == []


def test_a_door_by_esp_rfid_is_open_to_cards_alone(tmp_path: Path) -> None:
    dialect = made("esp_rfid")
    granted = happened("door-main", EventType.GRANTED, EventState.MOMENTARY)
    assert granted.event is not None
    button = replace(granted, event=replace(granted.event, type=EventType.EXIT_REQUEST))
    assert list(dialect.says(button)) == []
    entries = read("esp_rfid", dialect, tmp_path, *((NOW_MS, each) for each in dialect.says(granted)))
    assert [each[:2] for each in events_of(entries)] == [("door-main", "granted")]
