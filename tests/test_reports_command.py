"""A form's table becomes reports: each row once, or with a fault none."""

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from premises.cli import premises
from premises.home import Home
from premises.stores.records import open_records
from rectification.reports import Report, ReportCategory, ReportState
from sensors.errors import InputFault

REGISTRY = """
site: {id: hq, name: {zh: 一号院, en: Compound 1}, timezone: Asia/Shanghai, working_hours: "09:00-17:00"}
buildings: [{id: a, name: 主楼}]
rooms:
  - {id: a-201, building: a, floor: 2, name: 财务室, category: office, usable_area_m2: 18.5}
"""
HEADER = "编号,房间,问题,类别,提交时间,电话"
MAPPING = ("id=编号", "room=房间", "text=问题", "category=类别", "received=提交时间", "contact=电话")
GOOD = "7,财务室,水龙头漏水,water,2026/03/02 09:00,8812"


def brought_in(folder: Path, *rows: str, mapping: tuple[str, ...] = MAPPING) -> str:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    table = folder / "FORM.csv"
    table.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    options = [part for each in mapping for part in ("--mapping", each)]
    done = CliRunner().invoke(premises, ["reports", "import", str(table), "--home", str(home), *options])
    if isinstance(done.exception, InputFault):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output.removeprefix(f"{table}: ").strip()


def kept(folder: Path) -> list[Report]:
    with closing(open_records(Home(folder / "home"))) as records, records.reading() as tx:
        return list(tx.reports(states=tuple(ReportState)))


def test_row_becomes_a_report_that_waits(tmp_path: Path) -> None:
    assert brought_in(tmp_path, GOOD, "8,a-201,灯不亮,,,") == "2 new reports, 0 known already"
    [report] = [each for each in kept(tmp_path) if each.category is ReportCategory.WATER]
    assert (report.room, report.text, report.state) == ("a-201", "水龙头漏水", ReportState.NEW)
    assert report.received.isoformat() == "2026-03-02T01:00:00+00:00"


def test_same_rows_again_change_nothing(tmp_path: Path) -> None:
    brought_in(tmp_path, GOOD, GOOD)
    assert brought_in(tmp_path, GOOD, "9,a-201,又漏水,,,") == "1 new reports, 1 known already"
    assert len(kept(tmp_path)) == 2


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("8,a-999,灯不亮,,,", "row 3, column 房间: 'a-999' is no one room"),
        ("8,a-201,,,,", "row 3, column 问题: write what is wrong"),
        ("8,a-201,灯不亮,鬼,,", "row 3, column 类别: '鬼' is not known"),
        ("8,a-201,灯不亮,,昨天,", "row 3, column 提交时间: '昨天' is no time"),
        ("8,a-201,灯不亮,,2999-01-01,", "row 3, column 提交时间: '2999-01-01' is still to come"),
    ],
)
def test_fault_is_told_with_its_place_and_nothing_is_kept(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(InputFault) as refused:
        brought_in(tmp_path, GOOD, row)
    assert told in str(refused.value)
    assert kept(tmp_path) == []


@pytest.mark.parametrize("mapping", [("room=房间",), ("rom=房间",), ("text",)])
def test_mapping_that_does_not_fit_says_what_to_write(tmp_path: Path, mapping: tuple[str, ...]) -> None:
    with pytest.raises(InputFault, match="--mapping"):
        brought_in(tmp_path, GOOD, mapping=mapping)
