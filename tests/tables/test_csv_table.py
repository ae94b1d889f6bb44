from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.csv_records import TableFault
from ingest.registers import Selection
from sensors.topology import SiteId
from tests.tables.csv_files import HEADER, MAPPING, ROWS, at, points, readings_of, table_in


def test_cells_become_readings_and_blank_ones_none(tmp_path: Path) -> None:
    batch = readings_of(table_in(tmp_path, HEADER + ROWS))
    assert points(batch, "aq1") == [("07 00:00", 430, "good"), ("07 00:05", 431, "good")]
    assert points(batch, "cam1") == [("07 00:00", 0, "good"), ("07 00:05", 1, "good"), ("07 00:10", 1, "good")]


def test_interval_energy_becomes_a_register_from_zero(tmp_path: Path) -> None:
    batch = readings_of(table_in(tmp_path, HEADER + ROWS))
    assert points(batch, "meter3") == [
        ("07 00:00", 0, "good"),
        ("07 00:05", 0.5, "good"),
        ("07 00:10", 0.75, "good"),
        ("07 00:15", 1.0, "good"),
    ]


def test_register_stands_still_and_is_estimated_over_a_jump(tmp_path: Path) -> None:
    batch = readings_of(table_in(tmp_path, HEADER + ROWS + "2021-09-09 00:00,430,1,0\n2021-09-09 00:05,430,1,0\n"))
    assert points(batch, "meter3")[3:] == [
        ("07 00:15", 1.0, "good"),
        ("09 00:00", 1.0, "estimated"),
        ("09 00:05", 2.0, "good"),
        ("09 00:10", 3.0, "good"),
    ]


def test_blank_interval_ends_unchanged_and_estimated(tmp_path: Path) -> None:
    batch = readings_of(table_in(tmp_path, HEADER + ROWS.replace("0.25,1\n", ",1\n", 1)))
    assert points(batch, "meter3") == [
        ("07 00:00", 0, "good"),
        ("07 00:05", 0.5, "good"),
        ("07 00:10", 0.5, "estimated"),
        ("07 00:15", 0.75, "good"),
    ]


def test_interval_ends_where_an_early_next_row_begins(tmp_path: Path) -> None:
    rows = ROWS.replace("00:10", "00:09") + "2021-09-07 00:14,430,1,0\n"
    batch = readings_of(table_in(tmp_path, HEADER + rows))
    assert points(batch, "meter3")[1:] == [
        ("07 00:05", 0.5, "good"),
        ("07 00:09", 0.75, "good"),
        ("07 00:14", 1.0, "good"),
        ("07 00:19", 2.0, "good"),
    ]


def test_interval_of_the_mapping_serves_a_single_row(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER + "2021-09-07 00:00,430,0.5,0\n", MAPPING + "interval_s: 900\n")
    assert points(readings_of(table), "meter3") == [("07 00:00", 0, "good"), ("07 00:15", 0.5, "good")]


def test_interval_longer_than_the_step_of_the_rows_is_refused(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER + ROWS, MAPPING + "interval_s: 300000\n")
    with pytest.raises(TableFault, match=r"t\.csv: the rows are mostly 300 s apart, .* mend interval_s or leave"):
        table.survey()


def test_interval_a_little_longer_than_the_step_is_a_clock_that_wanders(tmp_path: Path) -> None:
    rows = ROWS.replace("00:05", "00:04").replace("00:10", "00:08")
    batch = readings_of(table_in(tmp_path, HEADER + rows, MAPPING + "interval_s: 300\n"))
    assert [time for time, _, _ in points(batch, "meter3")] == ["07 00:00", "07 00:04", "07 00:08", "07 00:13"]


@pytest.mark.parametrize(
    ("rows", "interval"),
    [
        ("2099-12-31 23:58 +00:00,430,1,0\n", "interval_s: 300\n"),
        ("2040-01-01 00:00,430,1,0\n2099-01-01 00:00,430,1,0\n", ""),
    ],
)
def test_register_never_ends_beyond_every_time_that_can_be(tmp_path: Path, rows: str, interval: str) -> None:
    with pytest.raises(TableFault, match=r"row \d, column time: the last interval.* ends after 2100; mend the times"):
        table_in(tmp_path, HEADER + rows, MAPPING + interval).survey()


@given(
    energies=st.lists(st.one_of(st.none(), st.integers(0, 64)), min_size=3, max_size=30),
    gaps=st.lists(st.sampled_from([5, 5, 5, 10, 300, 4]), min_size=29, max_size=29),
    cut=st.integers(0, 30),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_register_keeps_the_total_and_parts_agree_with_the_whole(
    tmp_path: Path, energies: list[int | None], gaps: list[int], cut: int
) -> None:
    minutes = [sum(gaps[:position]) for position in range(len(energies))]
    starts = [f"2021-09-{7 + m // 1440:02} {m // 60 % 24:02}:{m % 60:02}" for m in minutes]
    # Quarters add up exactly, so that the sum may be compared with ==.
    cells = ["" if energy is None else str(energy / 4) for energy in energies]
    rows = "".join(f"{start},430,{cell},0\n" for start, cell in zip(starts, cells, strict=True))
    table = table_in(tmp_path, HEADER + rows, MAPPING + "interval_s: 300\n")
    whole = readings_of(table)
    register = points(whole, "meter3")
    assert register[-1][1] == sum(energy or 0 for energy in energies) / 4
    assert all(after[1] >= before[1] for before, after in pairwise(register))
    middle = at(starts[min(cut, len(starts) - 1)])
    parts = [
        reading
        for selection in (Selection(end_ms=middle), Selection(start_ms=middle))
        for reading in readings_of(table, selection).readings()
    ]
    assert {repr(reading) for reading in parts} == {repr(reading) for reading in whole.readings()}


def test_selected_rows_are_those_from_start_to_before_the_end(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER + ROWS)
    part = readings_of(table, Selection(start_ms=at("2021-09-07 00:05"), end_ms=at("2021-09-07 00:10")))
    assert points(part, "cam1") == [("07 00:05", 1, "good")]
    assert points(part, "meter3") == [("07 00:05", 0.5, "good"), ("07 00:10", 0.75, "good")]


def test_time_with_an_offset_wins_over_the_zone_of_the_mapping(tmp_path: Path) -> None:
    batch = readings_of(table_in(tmp_path, HEADER + ROWS.replace("07 00:00", "07 00:00 +08:00"), MAPPING))
    other = table_in(tmp_path, HEADER + "2021-09-06 18:00 +02:00,430,1,0\n" + ROWS.split("\n", 1)[1])
    assert points(batch, "cam1") == points(readings_of(other), "cam1")


def test_unit_sign_and_words_are_converted(tmp_path: Path) -> None:
    mapping = """\
time: {column: time, timezone: Asia/Singapore}
columns:
  co2: {device: aq1, metric: temperature, unit: °F}
  light: {device: meter3, metric: active_power_w, unit: kW, sign: negated, phase: L1}
  seen: {device: cam1, metric: presence, enum: {在: 1, 空: 0}}
"""
    batch = readings_of(table_in(tmp_path, HEADER + "2021-09-07 00:00,50,-1.5,在\n", mapping, encoding="gb18030"))
    assert batch.phase == ["", "L1", ""]
    assert list(batch.value) == pytest.approx([10, 1500, 1])


def test_boolean_metric_reads_true_and_false(tmp_path: Path) -> None:
    batch = readings_of(table_in(tmp_path, HEADER + "2021-09-07 00:00,430,1,TRUE\n2021-09-07 00:05,430,1,false\n"))
    assert [value for _, value, _ in points(batch, "cam1")] == [1, 0]


def test_byte_order_mark_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    batch = readings_of(table_in(tmp_path, HEADER + "\n" + ROWS + "\n", encoding="utf-8-sig"))
    assert len(points(batch, "cam1")) == 3


def test_chunks_hold_about_the_size_asked_for(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER + ROWS)
    in_lines = replace(table, block_bytes=1)
    chunks = list(in_lines.chunks(_site(), table.survey(), size=4))
    assert [len(chunk.batch) for chunk in chunks] == [4, 5]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "t.csv: the file is empty"),
        (HEADER, "t.csv: the file has a header and no rows"),
        (HEADER.replace("light", "lihgt"), "row 1, column light: the header does not have it; did you mean lihgt?"),
        (HEADER.replace("co2", "seen"), "row 1, column co2"),
        ("time,co2,light,seen,seen\n", "row 1, column seen: the header is there twice"),
        (HEADER + ROWS + "2021-09-07 00:15,430,1\n", "row 5: 3 fields, fewer than the 4 of the header"),
        (HEADER + ROWS + "2021-09-07 00:15,430,1,0,9\n", "row 5: 5 fields, more than the 4"),
        (HEADER + ROWS + '2021-09-07 00:15,430,"1,0\n', "row 5: not CSV"),
        (HEADER + ROWS.replace("431", "NaN"), "row 3, column co2: 'NaN' is not a finite number"),
        (HEADER + ROWS.replace("431", "-Infinity"), "row 3, column co2: '-Infinity' is not a finite number"),
        (HEADER + ROWS.replace("431", "1e999"), "row 3, column co2: '1e999' is not a finite number"),
        (HEADER + ROWS.replace("431", "4_31"), "row 3, column co2: '4_31' is not a finite number"),
        (HEADER + ROWS.replace("431", "n/a"), "row 3, column co2: 'n/a' is not a finite number"),
        (HEADER + ROWS.replace("431", "-1"), "row 3, column co2: -1 is outside 0 to 50000 ppm"),
        (HEADER + ROWS.replace("0.25,1\n", "0.25,0.5\n", 1), "row 3, column seen: 0.5 is neither 0 nor 1"),
        (HEADER + ROWS.replace("0.25", "-0.25", 1), "row 3, column light: -0.25 kWh: energy of an interval"),
        (HEADER + ROWS.replace("0.25", "1e11", 1), "row 3, column light: the sum so far passes 1e+10 kWh"),
        (HEADER + ROWS.replace("00:05", "00:00"), "row 3, column time: not later than row 2"),
        (HEADER + ROWS.replace("2021-09-07 00:05", ""), "row 3, column time: the time is blank"),
        (HEADER + ROWS.replace("2021-09-07 00:05", "today"), "row 3, column time: 'today' is no time"),
        (HEADER + ROWS.replace("2021-09-07 00:05", "today"), "goes into `format` of the mapping"),
        (HEADER + "2021-09-07 00:00,430,1,0\n", "one row shows no interval; write interval_s"),
        (HEADER + "x" * 2_000_000, "row 2: longer than 1 MB"),
    ],
)
def test_fault_names_file_row_and_column_in_one_line(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(TableFault) as raised:
        table_in(tmp_path, content).survey()
    assert says in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_time_without_offset_is_refused_where_the_mapping_names_no_zone(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER + ROWS, MAPPING.replace(", timezone: Asia/Singapore", ""))
    with pytest.raises(TableFault, match=r"row 2, column time: .* has no offset and no timezone is named"):
        table.survey()


def test_local_time_in_a_clock_change_is_refused(tmp_path: Path) -> None:
    mapping = MAPPING.replace("Asia/Singapore", "Europe/Berlin")
    table = table_in(tmp_path, HEADER + "2021-10-31 02:30,430,1,0\n", mapping)
    with pytest.raises(TableFault, match=r"row 2, column time: .* happens twice in Europe/Berlin"):
        table.survey()


def test_other_encoding_is_named_with_its_row(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER + ROWS + "2021-09-07 00:15,430,1,在\n", encoding="gb18030")
    object.__setattr__(table, "encoding", "utf-8")
    with pytest.raises(TableFault, match="row 5: not utf-8; try --encoding gb18030"):
        table.survey()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("mark", ["\ufeff".encode("utf-16-le"), "\ufeff".encode("utf-16-be")])
def test_utf_16_is_recognised_by_its_mark(tmp_path: Path, mark: bytes, encoding: str) -> None:
    table = table_in(tmp_path, "", encoding=encoding)
    order = "utf-16-le" if mark[0] == 0xFF else "utf-16-be"
    table.path.write_bytes(mark + (HEADER + ROWS).encode(order))
    with pytest.raises(TableFault, match=r"t\.csv: row 1: UTF-16 .* save it as CSV UTF-8"):
        table.survey()


def test_missing_file_is_told(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER)
    table.path.unlink()
    with pytest.raises(TableFault, match="No such file"):
        table.survey()


def test_file_that_changed_after_its_check_is_refused(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER + ROWS)
    survey = table.survey()
    table.path.write_text(HEADER + ROWS + "2021-09-07 00:15,430,1,0\n", encoding="utf-8")
    with pytest.raises(TableFault, match="the file changed"):
        list(table.chunks(_site(), survey))


def _site() -> SiteId:
    return SiteId("hq")
