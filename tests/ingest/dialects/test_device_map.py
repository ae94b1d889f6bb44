"""A device map is read strictly: a typo is refused with line, key and the nearest that is known."""

import pytest

from ingest.dialects.decoded import At, Context, Decoded
from ingest.dialects.device_map import DeviceMap, DeviceMapError, parse_device_map
from ingest.dialects.mapped import Mapped, parse_json_mapping
from sensors.topology import DeviceId, SiteId

NOW_MS = 1_795_392_000_000


def device_map(text: str) -> DeviceMap:
    return parse_device_map("d.yaml", text, lambda _name: None)


def refusal(text: str) -> str:
    with pytest.raises(DeviceMapError) as refused:
        device_map(text)
    return str(refused.value)


def said(text: str, raw: object) -> Decoded:
    out = Decoded()
    context = Context(site=SiteId("hq"), gateway="gw", received_ms=NOW_MS)
    device_map(f"keys:\n  k: {text}\n").keys["k"].apply(out, raw, "k", DeviceId("d"), At(NOW_MS, 0), context)
    return out


def value(text: str, raw: object) -> float:
    (row,) = said(text, raw).readings
    return row[4]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "models: [A]\nkeys:\n  t: {metrik: co2_ppm}\n",
            "d.yaml:3:7: key 't': unknown key 'metrik'; did you mean metric?",
        ),
        (
            "models: [A]\nkeys:\n  t: {metric: co2_pmm}\n",
            "d.yaml:3:7: key 't': metric 'co2_pmm' is no metric; did you mean",
        ),
        ("modles: [A]\n", "d.yaml:1:1: unknown key 'modles'; did you mean models?"),
        ("keys:\n  t: {metric: co2_ppm, unit: ppq}\n", "d.yaml:2:24: key 't': unit 'ppq' is not accepted for co2_ppm"),
        (
            "keys:\n  t: {events: {on: smok active}}\n",
            "d.yaml:2:16: key 't': events: on 'smok' is not known; did you mean smoke?",
        ),
        ("keys:\n  t: {events: {on: smoke}}\n", "write smoke active"),
        (
            'channels: {"03 6": t i16/10}\n',
            "d.yaml:1:12: channels: '03 6' is no channel; write two bytes such as 03 67",
        ),
        ('channels: {"03 67": t i61/10}\n', "'i61' is no type; one of u8"),
        (
            'channels: {"03 67": temp i16}\nvalues: {tempp: {1: a}}\n',
            "no layout has a field 'tempp'; did you mean temp?",
        ),
        ("include: [climat]\n", "'climat' is no map beside this one"),
        ("- a\n", "d.yaml:1:1: must be a mapping"),
    ],
)
def test_a_typo_is_refused_with_its_line(text: str, line: str) -> None:
    assert line in refusal(text)


def test_all_faults_are_told_at_once_in_their_order() -> None:
    lines = refusal("keys:\n  a: {metric: x}\n  b: {metrc: co2}\n").splitlines()
    assert [line.split(":")[1] for line in lines] == ["2", "3", "3"]


@pytest.mark.parametrize(
    ("text", "raw", "expected"),
    [
        ("{metric: co2_ppm}", "612", 612.0),
        ("{metric: co2_ppm}", " 6.12e2 ", 612.0),
        ("{metric: temperature_c, unit: F}", 70.7, 21.5),
        ("{metric: energy_import_kwh, unit: Wh}", 29, 0.029),
        ("{metric: temperature_c, scale: 0.1}", 233, 23.3),
        ("{metric: active_power_w, invert: true}", 100, -100.0),
        ("{metric: open, invert: true}", False, 1.0),
        ("{metric: open}", "ON", 1.0),
        ("{metric: open}", 0, 0.0),
        ("{metric: motion, words: {idle: 0, trigger: 1}}", "trigger", 1.0),
        ("{metric: people_count, words: {none: 0}}", "none", 0.0),
    ],
)
def test_a_value_is_read_as_the_map_says(text: str, raw: object, expected: float) -> None:
    assert value(text, raw) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("raw", [327.67, "327.67"])
def test_a_sentinel_is_a_reading_without_a_value(raw: object) -> None:
    out = said("{metric: temperature_c, sentinel: [327.67]}", raw)
    assert out.readings == []
    assert [outcome.reason for _, outcome in out.faulty] == ["sentinel"]


@pytest.mark.parametrize(
    ("text", "raw", "reason"),
    [
        ("{metric: co2_ppm}", "n/a", "not_a_number"),
        ("{metric: co2_ppm}", [1], "not_a_number"),
        ("{metric: co2_ppm}", float("inf"), "not_a_number"),
        ("{metric: co2_ppm}", 99_999, "out_of_range"),
        ("{metric: open}", "ajar", "not_a_boolean"),
        ("{events: {on: leak active}}", "off", "unknown_word"),
    ],
)
def test_what_a_metric_cannot_be_is_a_problem(text: str, raw: object, reason: str) -> None:
    out = said(text, raw)
    assert (out.readings, [each.reason for each in out.problems]) == ([], [reason])


def test_nothing_said_is_ignored() -> None:
    assert [each.reason for each in said("{metric: co2_ppm}", None).ignored] == ["no_value"]


def test_a_site_maps_its_own_tags_to_devices() -> None:
    mapping = parse_json_mapping("m.yaml", "preset: neuron\nkeys:\n  tag0: {metric: co2_ppm, device: aq1}\n")
    payload = b'{"timestamp":1795391999943,"node":"plc","values":{"tag0":612,"tag1":1}}'
    out = Mapped(mapping).decode("t", payload, Context(site=SiteId("hq"), gateway="gw", received_ms=NOW_MS))
    assert out.readings == [(1_795_391_999_943, "aq1", "co2_ppm", "", 612.0, 0)]


def test_a_device_that_does_not_name_itself_is_named_by_the_topic() -> None:
    context = Context(site=SiteId("hq"), gateway="gw", received_ms=NOW_MS)
    for preset, topic, name in (("json", "plc/aq1", "aq1"), ("neuron\ndevice_in_topic: 0", "aq2/x", "aq2")):
        mapping = parse_json_mapping("m.yaml", f"preset: {preset}\nvalues: '@'\n")
        out = Mapped(mapping).decode(topic, b'{"co2":612}', context)
        assert [row[1] for row in out.readings] == [name]


def test_a_mapping_with_a_bad_expression_is_refused_with_its_line() -> None:
    with pytest.raises(DeviceMapError, match=r"m.yaml:2:\d+: .*is no JMESPath expression"):
        parse_json_mapping("m.yaml", "preset: neuron\nvalues: a[\n")
