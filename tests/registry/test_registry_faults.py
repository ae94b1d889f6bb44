"""One registry in order; each test breaks one thing and expects the line that says so."""

import re
from datetime import date
from pathlib import Path

import pytest

from sensors import documents
from sensors.topology import BuildingId, CircuitId, DeviceId, RoomId
from storage.registry_file import (
    RegistryFaultsError,
    RegistryUnreadableError,
    fault_lines,
    install_registry,
    load_registry,
    parse_registry,
    read_registry,
)
from tests.registry.good import GOOD


def faults_after(old: str, new: str) -> list[str]:
    assert GOOD.count(old) == 1, old
    registry, faults = parse_registry(GOOD.replace(old, new).encode())
    assert (registry is None) == bool(faults)
    return fault_lines(Path("r.yaml"), faults)


def line_of(text: str, content: str = GOOD) -> int:
    return next(number for number, line in enumerate(content.splitlines(), 1) if text in line)


def test_registry_in_order_holds_what_is_written() -> None:
    registry, faults = parse_registry(GOOD.encode())
    assert not faults
    assert registry is not None
    room = registry.rooms[RoomId("a-202")]
    assert (room.floor, room.name.zh, room.is_meeting_room) == ("2", "0202", True)
    assert registry.site.name.en == "Compound 1"
    assert registry.devices[DeviceId("aq1")].metrics == ("co2_ppm", "temperature_c")
    assert [place.room for place in registry.devices[DeviceId("cam1")].placements] == ["a-201", "a-202"]
    assert registry.buildings[BuildingId("a")].title_certificate == ""
    assert registry.buildings[BuildingId("a")].land_certificate is None
    assert room.exemption is not None
    assert registry.site.season_hours[0].holds(date(2030, 7, 1))
    assert registry.circuit_building(CircuitId("c-light")) == "a"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: 0202", "name: 201", "rooms a-201 and a-202 on floor 2 of a have one name, 201"),
        ("name: 0202", "name: ２０１", "have one name"),
        ("usable_area_m2: 18.5, ", "", "room a-201: has no usable_area_m2; add it"),
        ("usable_area_m2: 18.5", "usable_area_m2: 0", "usable_area_m2 must be more than 0"),
        ("usable_area_m2: 18.5", "usable_area_m2: .nan", "usable_area_m2 must be a number"),
        ("serves: [a-201]", "serves: [a-999]", "circuit c-light names a-999, which is not in rooms"),
        ("parent: c-main", "parent: c-none", "circuit c-light names c-none, which is not in circuits"),
        ("parent: c-main", "parent: c-light", "loop, c-light → c-light"),
        ("building: a, item: total", "parent: c-light, item: total", "loop, c-main → c-light → c-main"),
        ("until: 2026-03-01", "until: 2026-03-02", "device cam1 is in two rooms at once, a-201 and a-202"),
        ("until: 2026-03-01", "until: 2025-03-01", "until 2025-03-01 is not after since 2026-01-01"),
        ("id: lux1, outdoor: true", "id: aq1, room: a-202", "device aq1 is in two rooms at once, a-201 and a-202"),
        ("id: lux1, outdoor: true", "id: aq1", "device aq1 is listed twice"),
        ("id: cam1\n", "id: cam1\n    room: a-201\n", "write every place under `places`"),
        ("room: a-201, interval_s", "room: a-203, interval_s", "a-203, which is restricted"),
        ("room: a-201, interval_s", "room: a-202, opening: d-201, interval_s", "at room a-202, opening d-201; a "),
        ("room: a-201, interval_s", "room: a-201, circuit: c-light, interval_s", "a device has one place at a time"),
        ("room: a-201, interval_s", "room: a-201, building: a, interval_s", "at room a-201, building a; a device has"),
        ("{room: a-202, since", "{room: a-202, circuit: c-light, since", "at room a-202, circuit c-light"),
        ("room: a-202, since: 2026-03-01", "circuit: c-light, since: 2026-02-01", "at once, room a-201 and circuit c-"),
        ("{room: a-202, since: 2026-03-01}", "{since: 2026-03-01}", "names no room, circuit, opening or building"),
        ("metrics: [co2, ", "metrics: [co3, ", "metrics 'co3' is no metric; did you mean co2?"),
        ("share: 0.6", "share: 1.6", "share must be at most 1, not 1.6"),
        ("[{department: admin, share: 0.6}]", "[{department: x, share: 0.6}]", "names x, which is not in departments"),
        (
            "share: 0.6}]",
            "share: 0.6}, {department: admin, share: 0.5}]",
            "building a: the shares make 1.1; together they are at most 1",
        ),
        ("toilet_m2: 5", "toilet_m2: 40", "toilet_m2 40 is a part of usable_area_m2 40"),
        (
            "rank: 县级/正科级",
            "rank: 县级/科长",
            "rank '县级/科长' has no quota at level county; write one of 县级正职",
        ),
        ("rank: 县级/正科级", "rank: 科长", "has no quota at level county"),
        ("first: 06-01", "first: 06-31", "first must be a day of the year like 06-01, not '06-31'"),
        ("last: 2026-03-15", "last: 2025-03-15", "a season ends after it begins"),
        ("tenure: own", "tenure: rented", "tenure 'rented' is not known; did you mean lent?"),
        ("reason: 涉密, ", "", "room a-202: exemption: has no reason; add it"),
        ("holders: [p01]", "holders: [p02]", "room a-201 names p02, which is not in people"),
        ("department: admin, rank", "department: none, rank", "person p01 names none, which is not in departments"),
        ("Asia/Shanghai", "Asia/Shanghia", "timezone 'Asia/Shanghia' is no time zone"),
        ("Asia/Shanghai", "Asia", "timezone 'Asia' is no time zone"),
        ("08:30-12:00,14:00-18:00", "08:30-12:00,11:00-18:00", "has spans that overlap"),
        ("07:00-08:00", "22:00-02:00", "may not cross midnight"),
        ("climate_zone: mild", "climate_zone: mid", "climate_zone 'mid' is not known; did you mean mild?"),
        ("category: service", "category: bathroom", "write one of office, service, equipment, ancillary"),
        ("item: lighting", "item: lightning", "did you mean lighting?"),
        ("kind: access", "kind: acess", "did you mean access?"),
        ("energy_class: B", "energy_class: C", "energy_class 'C' is not known"),
        ("rated_a: 32", "rated_a: -1", "rated_a must be more than 0"),
        ("capacity: 2,", "capacity: 2.5,", "capacity must be a whole number"),
        ("restricted: true", "restricted: maybe", "restricted must be true or false"),
        ("id: a-202", "id: A 202", "'A 202' is no id"),
        ("id: a-202", "id: a-201", "rooms: id a-201 is used twice"),
        ("capacity: 2,", "capasity: 2,", "unknown key 'capasity'; did you mean capacity?"),
        ("cleaning_hours", "cleening_hours", "unknown key 'cleening_hours'; did you mean cleaning_hours?"),
        ("circuits:\n", "circiuts:\n", "unknown key 'circiuts'; did you mean circuits?"),
        ("capacity: 2,", "capacity: 2, capacity: 3,", "capacity is written twice"),
        ("last: 2026-02-05", "last: 2026-01-05", "the absence ends 2026-01-05, before 2026-02-01"),
        ("first: 2026-02-01", "first: yesterday", "first must be a date like 2026-01-31"),
        ("name: 203", "name: {fr: 203}", "needs zh or en"),
        ("name: 203", "name: [203]", "name must be a single value, not a list"),
        ("serves: [a-201]", "serves: a-201", "serves must be a list"),
        ("altitude_m: 1890", "altitude_m: 18900", "altitude_m must be metres above the sea"),
        ("calendar: cn", "calendar: china", "calendar 'china' is not known"),
    ],
)
def test_fault_is_told_in_one_line(old: str, new: str, says: str) -> None:
    faults = faults_after(old, new)
    assert any(says in fault for fault in faults), faults


def test_fault_names_its_line_and_column() -> None:
    expected = line_of("id: a-202")
    fault = faults_after("id: a-202, building: a", "id: a-202, building: b")[0]
    assert fault.startswith(f"r.yaml:{expected}:17: room a-202 names b")


def test_fault_between_two_entries_names_both_lines() -> None:
    (fault,) = faults_after("name: 0202", "name: 201")
    assert fault.startswith(f"r.yaml:{line_of('id: a-202')}:")
    assert fault.endswith(f"(the first is on line {line_of('id: a-201')})")


def test_fault_between_two_entries_of_one_line_names_the_column_of_the_first() -> None:
    rooms = "[{id: b-1, building: a, floor: 1, name: 1, category: office, usable_area_m2: 9}, "
    rooms += "{id: b-2, building: a, floor: 1, name: 1, category: office, usable_area_m2: 9}]"
    head, _, _ = GOOD.partition("rooms:")
    _, faults = parse_registry(f"{head}rooms: {rooms}\n".encode())
    (fault,) = fault_lines(Path("r.yaml"), faults)
    first, second = (match.start() + len("rooms: ") + 1 for match in re.finditer("name", rooms))
    assert fault.startswith(f"r.yaml:{line_of('rooms:')}:{second}:")
    assert fault.endswith(f"(the first is in column {first} of this line)")


def test_device_of_two_places_names_the_line_of_the_second() -> None:
    two = "room: a-201,\n     circuit: c-light, interval_s"
    (fault,) = faults_after("room: a-201, interval_s", two)
    assert fault.startswith(f"r.yaml:{line_of('id: aq1') + 1}:6: device aq1 is at room a-201, circuit c-light")


def test_every_fault_is_told_at_once_in_the_order_of_the_file() -> None:
    broken = (
        GOOD.replace("name: 0202", "name: 201")
        .replace("usable_area_m2: 40", "capacity: 4")
        .replace("serves: [a-201]", "serves: [a-999]")
        .replace("building: a, item: total", "parent: c-light, item: total")
        .replace("until: 2026-03-01", "until: 2026-04-01")
    )
    _, faults = parse_registry(broken.encode())
    words = ("has no usable_area_m2", "one name", "loop", "a-999", "two rooms at once")
    told = [next(word for word in words if word in fault.reason) for fault in faults]
    assert told == list(words)


def test_long_loop_is_told_once() -> None:
    faults = faults_after(
        "  - {id: c-main, building: a, item: total}\n",
        "  - {id: c-main, item: total, parent: c3}\n"
        "  - {id: c3, item: power, parent: c-light}\n"
        "  - {id: c4, item: power, parent: c3}\n",
    )
    assert [fault.split(": ", 1)[1] for fault in faults] == [
        "circuits feed each other in a loop, c-main → c3 → c-light → c-main; the topmost has no parent"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (b"- a\n", "must be a mapping that begins with `site:`"),
        (b"site: {id: hq\n", "not YAML"),
        (b"site: !!python/object:os.system {}\n", "tags (!) are not read here"),
        (b"site: {id: hq}\n---\nsite: {}\n", "a second document"),
        (b"site: *nowhere\n", "*nowhere stands for nothing"),
        (b"a: &a [*a]\n", "*a stands for nothing"),
        (b"site: " + b"[" * 40 + b"]" * 40, "nested more than"),
        (b"site: \xff\n", "not UTF-8"),
        (b"site: {[a]: b}\n", "a key must be a plain word"),
        (b"rooms: 3\n", "rooms must be a list"),
        (b"rooms: [3]\n", "an entry must be a mapping"),
        (b"site: 3\n", "site must be a mapping"),
    ],
)
def test_file_that_is_no_registry_is_refused_in_words(text: bytes, says: str) -> None:
    registry, faults = parse_registry(text)
    assert registry is None
    assert any(says in fault.reason for fault in faults), faults


def test_aliases_that_multiply_are_refused() -> None:
    levels = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)]
    _, faults = parse_registry(b"\n".join(levels))
    assert "the file is too large" in faults[0].reason


def test_too_many_values_are_refused_before_anything_is_built_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_NODES", 1000)
    monkeypatch.setattr(documents, "_Composer", None)
    _, faults = parse_registry(b"site: {id: hq}\nrooms:\n" + b"  - [1, 2, 3]\n" * 400)
    assert "more than 1000 values; the file is too large" in faults[0].reason
    assert faults[0].place is not None
    assert faults[0].place.line == 251


def test_large_file_of_few_values_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_NODES", 1000)
    assert parse_registry(GOOD.encode() + b"#" * 2000)[1] == []


def test_registry_of_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnreadableError, match="premises registry import"):
        load_registry(tmp_path / "registry.yaml")


def test_loading_a_registry_with_faults_raises_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(GOOD.replace("name: 0202", "name: 201").replace("rated_a: 32", "rated_a: 0"), encoding="utf-8")
    with pytest.raises(RegistryFaultsError) as raised:
        load_registry(path)
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == [str(path)] * 2


def test_installing_replaces_the_registry_only_by_one_in_order(tmp_path: Path) -> None:
    source, target = tmp_path / "new.yaml", tmp_path / "registry.yaml"
    source.write_text(GOOD, encoding="utf-8")
    install_registry(source, target)
    source.write_text(GOOD.replace("rated_a: 32", "rated_a: 0"), encoding="utf-8")
    with pytest.raises(RegistryFaultsError):
        install_registry(source, target)
    assert target.read_text(encoding="utf-8") == GOOD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.yaml", "registry.yaml"]


def test_registry_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert read_registry(path)[1] == []
