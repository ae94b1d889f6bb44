"""The registry as an Excel ledger: out and in again, the user's own ledgers, and every fault with its cell."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from io import BytesIO
from pathlib import Path
from random import Random
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from sensors import topology
from sensors.registry_text import registry_text
from sensors.topology import (
    Absence,
    Building,
    BuildingId,
    Department,
    DepartmentId,
    Name,
    Person,
    PersonId,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
    Tenure,
)
from storage.ledger.columns import SHEETS
from storage.ledger.marked import TITLE, write_marked
from storage.ledger.raw import MAX_UNPACKED_BYTES, WorkbookFault, read_book
from storage.ledger.reading import ReadLedger, read_ledger
from storage.ledger.written import written_book
from storage.registry_file import parse_registry
from tests.registry.good import GOOD

Rows = Sequence[Sequence[object]]
HEAD = ("编号", "建筑", "楼层", "房间号", "房间类别", "使用面积（㎡）")


def good() -> Registry:
    registry, faults = parse_registry(GOOD.encode())
    assert registry is not None, faults
    return registry


def book(path: Path, sheets: Mapping[str, Rows]) -> Path:
    written = Workbook()
    written.remove(written.worksheets[0])
    for title, rows in sheets.items():
        sheet = written.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    written.save(path)
    return path


def ledger(tmp_path: Path, sheets: Mapping[str, Rows], base: Registry | None = None) -> ReadLedger:
    return read_ledger(book(tmp_path / "ledger.xlsx", sheets), base)


def read(tmp_path: Path, sheets: Mapping[str, Rows], base: Registry | None = None) -> Registry:
    done = ledger(tmp_path, sheets, base)
    assert done.registry is not None, done.faults
    return done.registry


def faults(tmp_path: Path, sheets: Mapping[str, Rows], base: Registry | None = None) -> list[tuple[str, str, str]]:
    return [(fault.sheet, fault.cell, fault.reason) for fault in ledger(tmp_path, sheets, base).faults]


@pytest.mark.parametrize("chinese", [True, False])
def test_what_is_exported_comes_back_as_it_was(chinese: bool, tmp_path: Path) -> None:  # noqa: FBT001 - the two forms
    path = tmp_path / "out.xlsx"
    path.write_bytes(written_book(good(), chinese=chinese))
    assert read_ledger(path, None).registry == good()


def test_every_field_of_the_registry_has_a_column() -> None:
    kinds = {
        "site": topology.Site,
        "departments": Department,
        "people": Person,
        "buildings": Building,
        "rooms": Room,
        "circuits": topology.Circuit,
        "openings": topology.Opening,
        "devices": topology.Device,
    }
    for section, kind in kinds.items():
        keys = {column.key.partition(".")[0] for column in SHEETS[section].columns}
        assert {each.name for each in fields(kind)} - {"placements"} <= keys


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
AREAS = st.integers(1, 10**7).map(lambda hundredths: hundredths / 100)


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    names = draw(st.lists(TEXTS, min_size=3, max_size=3, unique_by=str.casefold))
    first = draw(DAYS)
    person = Person(
        id=PersonId("p1"),
        name=draw(TEXTS),
        department=DepartmentId("d1"),
        roles=tuple(draw(st.lists(TEXTS, max_size=3))),
        absences=(Absence(first=first, last=draw(st.dates(first, date(2031, 1, 1)))),),
        left=draw(st.none() | DAYS),
    )
    rooms = [
        Room(
            id=RoomId(f"r{number}"),
            building=BuildingId("b1"),
            floor=f"{number}",
            name=Name(zh=name, en=draw(st.just(name) | TEXTS)),
            category=draw(st.sampled_from(RoomCategory)),
            usable_area_m2=draw(AREAS),
            capacity=draw(st.none() | st.integers(0, 500)),
            department=draw(st.none() | st.just(DepartmentId("d1"))),
            holders=draw(st.sampled_from([(), (PersonId("p1"),)])),
            restricted=draw(st.booleans()),
            tenure=draw(st.none() | st.sampled_from(Tenure)),
        )
        for number, name in enumerate(names)
    ]
    return Registry(
        site=Site(id=SiteId("s"), name=Name(zh="站", en="S"), timezone="Asia/Shanghai", working_hours="08:30-12:00"),
        departments={DepartmentId("d1"): Department(id=DepartmentId("d1"), name=Name(zh=names[0], en=names[0]))},
        people={person.id: person},
        buildings={
            BuildingId("b1"): Building(
                id=BuildingId("b1"),
                name=Name(zh=names[1], en=names[1]),
                gross_area_m2=draw(st.none() | AREAS),
                owner=draw(st.none() | st.just("")),
            )
        },
        rooms={room.id: room for room in rooms},
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registry=registries())
def test_any_registry_comes_back_from_excel_and_from_yaml(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    path.write_bytes(written_book(registry))
    done = read_ledger(path, None)
    assert done.registry == registry, done.faults
    assert parse_registry(registry_text(registry).encode())[0] == registry


def test_texts_that_begin_like_formulas_stay_texts(tmp_path: Path) -> None:
    text = registry_text(good()).replace('"张三"', '"=HYPERLINK(1)"')
    registry, _ = parse_registry(text.encode())
    assert registry is not None
    content = written_book(registry)
    cells = [cell for sheet in load_workbook(BytesIO(content)) for row in sheet.iter_rows() for cell in row]
    [found] = [cell for cell in cells if cell.value == "=HYPERLINK(1)"]
    assert (found.data_type, found.quotePrefix) == ("s", True)
    assert all(cell.data_type != "f" for cell in cells)
    (tmp_path / "out.xlsx").write_bytes(content)
    assert read_ledger(tmp_path / "out.xlsx", None).registry == registry


def test_exported_sheets_have_lists_to_choose_from_filters_and_headings_in_both_languages() -> None:
    sheet = load_workbook(BytesIO(written_book(good())))["房间 Rooms"]
    heads = [(sheet.cell(row=1, column=number).value, sheet.cell(row=2, column=number).value) for number in (1, 2, 6)]
    assert heads == [("编号", "id"), ("建筑", "building"), ("房间类别", "category")]
    rules = [rule.formula1 for rule in sheet.data_validations.dataValidation]
    assert '"办公室,服务用房,设备用房,附属用房"' in rules
    assert any(rule and rule.startswith("='建筑 Buildings'") for rule in rules)
    assert sheet.auto_filter.ref.startswith("A2:")


OFFICIAL: Rows = [
    ("办公用房管理台账",),
    ("填报单位：机关一号院",),
    ("序号", "使用单位", "楼栋", "楼层", "房间号", "使用人", "职务职级", "核定面积", "使用面积(㎡)", "用途", "备注"),
    (1, "财务处", "副楼", 3, 301, "李四、王五", "县级/正科级", 36, "32.5㎡", "办公室", None),
    (2, "财务处", "副楼", 3, 302, None, None, None, 60, "会议室", "可容纳20人"),
    (3, "行政处", "主楼", 2, 201, "张三", None, 18, 18.5, "办公室", None),
    ("合计", None, None, None, None, None, None, None, 111, None, None),
]


def test_an_official_ledger_without_ids_is_taken_over_what_is_known(tmp_path: Path) -> None:
    registry = read(tmp_path, {"办公用房管理台账": OFFICIAL}, without_places(good()))
    new = registry.rooms[RoomId("b-1-301")]
    assert (new.building, new.floor, new.department, new.usable_area_m2) == ("b-1", "3", "d-1", 32.5)
    assert [registry.people[holder].name for holder in new.holders] == ["李四", "王五"]
    assert [registry.people[holder].rank for holder in new.holders] == ["县级/正科级"] * 2
    meeting = registry.rooms[RoomId("b-1-302")]
    assert (meeting.category, meeting.subtype) == (RoomCategory.SERVICE, "meeting")
    known = registry.rooms[RoomId("a-201")]
    assert (known.holders, known.department, known.capacity) == (("p01",), "admin", 2)
    assert set(registry.rooms) == {"a-201", "b-1-301", "b-1-302"}
    again = read(tmp_path, {"办公用房管理台账": OFFICIAL}, registry)
    assert again == registry


def without_places(registry: Registry) -> Registry:
    """Return the site, people and rooms alone, so that rooms may go."""
    return Registry(
        site=registry.site,
        departments=registry.departments,
        people=registry.people,
        buildings=registry.buildings,
        rooms=registry.rooms,
    )


def test_sections_without_a_sheet_and_fields_without_a_column_stay(tmp_path: Path) -> None:
    rows = [("编号", "编制"), ("admin", 25)]
    registry = read(tmp_path, {"部门": rows}, good())
    assert registry.departments[DepartmentId("admin")].headcount == 25
    assert registry.departments[DepartmentId("admin")].name == Name(zh="行政处", en="Administration")
    assert (registry.rooms, registry.devices) == (good().rooms, good().devices)


def test_rooms_left_out_are_removed_or_stay_as_asked(tmp_path: Path) -> None:
    rows = {"rooms": [HEAD, ("a-204", "a", 2, "204", "办公室", 12)]}
    base = without_places(good())
    path = book(tmp_path / "part.xlsx", rows)
    alone, together = read_ledger(path, base).registry, read_ledger(path, base, keep_unlisted=True).registry
    assert alone is not None
    assert together is not None
    assert set(alone.rooms) == {"a-204"}
    assert set(together.rooms) == {*base.rooms, "a-204"}


def test_a_room_that_a_device_stands_in_does_not_go_silently(tmp_path: Path) -> None:
    found = faults(tmp_path, {"rooms": [HEAD, ("a-204", "a", 2, "204", "办公室", 12)]}, good())
    assert any("device aq1 names a-201" in reason and "no sheet for it" in reason for _, _, reason in found)


def test_every_fault_is_told_at_once_with_its_cell(tmp_path: Path) -> None:
    rows = [
        (*HEAD, "使用人", "朝向"),
        ("a-201", "a", 2, "201", "办公", 18.5, "赵六", None),
        ("a-202", "main", 2, "202", "office", "大", None, None),
        ("a-203", "a", 2, "203", "office", None, None, None),
        ("a-203", "a", 3, "303", "office", 10, None, None),
    ]
    people = [("编号", "姓名"), ("p01", "张三")]
    found = faults(tmp_path, {"房间 Rooms": rows, "人员": people}, without_places(good()))
    assert {sheet for sheet, _, _ in found} == {"房间 Rooms"}
    assert [(cell, reason.partition(";")[0]) for _, cell, reason in found] == [
        ("E2", "room a-201: category '办公' is not known"),
        ("G2", "room a-201: holders '赵六' is no id"),
        ("B3", "room a-202 names main, which is not in buildings"),
        ("F3", "room a-202: usable_area_m2 must be a number, not '大'"),
        ("F4", "room a-203: has no usable_area_m2"),
        ("A5", "rooms: id a-203 is used twice"),
    ]
    assert found[-1][2].endswith("(the first is in row 4)")


def test_a_name_that_two_people_have_is_not_guessed(tmp_path: Path) -> None:
    people = [("编号", "姓名", "部门"), ("p01", "张伟", "admin"), ("p02", "张伟", "admin")]
    rooms = [(*HEAD, "使用人"), ("a-201", "a", 2, "201", "办公室", 18, "张伟")]
    found = faults(tmp_path, {"人员": people, "房间": rooms}, without_places(good()))
    assert ("房间", "G2", "张伟 can be p01 or p02; write the id") in found


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("使用面织", "did you mean 使用面积（㎡） (usable_area_m2)?"),
        ("usable_area", "did you mean"),
        ("房号", "two columns are"),
    ],
)
def test_headings_that_are_slips_are_faults(head: str, reason: str, tmp_path: Path) -> None:
    found = faults(
        tmp_path, {"房间": [(*HEAD, head), ("a-201", "a", 2, "201", "办公室", 18, None)]}, without_places(good())
    )
    assert [(cell, reason in told) for _, cell, told in found] == [("G1", True)]


def test_a_column_of_the_users_own_is_passed_over_and_told(tmp_path: Path) -> None:
    rows = [(*HEAD, "朝向"), ("a-201", "a", 2, "201", "办公室", 18, "南")]
    done = ledger(tmp_path, {"房间": rows, "随手记": [("x",)]}, without_places(good()))
    assert done.registry is not None
    assert done.notes == ("the sheet '随手记' is not read", "房间: the column '朝向' is not read")


def test_formulas_without_a_stored_value_are_refused(tmp_path: Path) -> None:
    rows = [HEAD, ("a-201", "a", 2, "201", "办公室", "=9*2")]
    [(sheet, cell, reason), *_] = faults(tmp_path, {"房间": rows}, without_places(good()))
    assert (sheet, cell) == ("房间", "F2")
    assert "formulas are not worked out here" in reason


def test_cells_joined_downwards_count_for_every_row(tmp_path: Path) -> None:
    path = book(
        tmp_path / "joined.xlsx",
        {"房间": [HEAD, ("a-201", "a", 2, "201", "办公室", 18), ("a-202", None, None, "202", "办公室", 9)]},
    )
    written = load_workbook(path)
    written["房间"].merge_cells("B2:B3")
    written["房间"].merge_cells("C2:C3")
    written.save(path)
    registry = read_ledger(path, without_places(good())).registry
    assert registry is not None
    assert [(room.building, room.floor) for room in registry.rooms.values()] == [("a", "2"), ("a", "2")]


def test_a_ledger_needs_a_site_from_somewhere(tmp_path: Path) -> None:
    found = faults(tmp_path, {"部门": [("编号", "名称"), ("admin", "行政处")]})
    assert [reason for _, _, reason in found] == ["has no site; add it"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04rubbish", b"id,name\n1,2\n"])
def test_what_is_no_workbook_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.xlsx"
    path.write_bytes(content)
    with pytest.raises(WorkbookFault, match="no Excel workbook"):
        read_book(path)


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as packed, packed.open("xl/worksheets/sheet1.xml", "w") as sheet:
        for _ in range(MAX_UNPACKED_BYTES // 2**20 + 1):
            sheet.write(bytes(2**20))
    with pytest.raises(WorkbookFault, match="no ledger"):
        read_book(path)


def test_the_marked_copy_shows_each_fault_where_it_is(tmp_path: Path) -> None:
    path = book(tmp_path / "ledger.xlsx", {"房间": [HEAD, ("a-201", "a", 2, "201", "办公室", "=1+")]})
    done = read_ledger(path, without_places(good()))
    write_marked(path, tmp_path / "marked.xlsx", done.faults)
    marked = load_workbook(tmp_path / "marked.xlsx")
    assert marked.sheetnames == [TITLE, "房间"]
    comment = marked["房间"]["F2"].comment
    assert comment is not None
    assert "write the value" in comment.text
    assert [cell.value for cell in marked[TITLE][2]][:4] == ["房间", 2, 6, "F2"]
    with pytest.raises(WorkbookFault, match="own place"):
        write_marked(path, path, done.faults)


def test_whatever_is_broken_in_a_workbook_is_told_in_one_way(tmp_path: Path) -> None:
    whole, outcomes = written_book(good()), set[object]()
    random = Random(1)  # noqa: S311 - the same breaks each time, no secrets
    for _ in range(60):
        path = tmp_path / "broken.xlsx"
        with ZipFile(BytesIO(whole)) as packed, ZipFile(path, "w") as broken:
            victim = random.choice(packed.namelist())
            for name in packed.namelist():
                content = bytearray(packed.read(name))
                if name == victim:
                    content[random.randrange(len(content))] = random.choice(b'<>"/ 0Z\xff&')
                broken.writestr(name, bytes(content))
        try:
            outcomes.add(read_ledger(path, None).registry is None)
        except WorkbookFault:
            outcomes.add("no workbook")
    assert outcomes >= {False, "no workbook"}


def test_entities_of_a_file_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hush", encoding="utf-8")
    path = book(tmp_path / "plain.xlsx", {"部门": [("编号", "名称"), ("admin", "行政处")]})
    evil = tmp_path / "evil.xlsx"
    with ZipFile(path) as packed, ZipFile(evil, "w") as made:
        for name in packed.namelist():
            text = packed.read(name)
            if name == "xl/sharedStrings.xml":
                entity = f'<!DOCTYPE sst [<!ENTITY x SYSTEM "{secret.as_uri()}">]><sst'.encode()
                text = text.replace(b"<sst", entity, 1).replace("行政处".encode(), b"&x;")
            made.writestr(name, text)
    try:
        texts = str(read_book(evil).sheets)
    except WorkbookFault:
        texts = ""
    assert "hush" not in texts
