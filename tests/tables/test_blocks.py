"""The quick way through a table, in blocks, gives what the plain way row by row gives: readings, figures and faults."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.csv_records import CsvFile, TableFault
from ingest.registers import EVERYTHING, Selection
from ingest.tables import CsvTable
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from tests.tables import row_by_row
from tests.tables.csv_files import HEADER, ROWS, at, table_in

SITE = SiteId("hq")
MAPPINGS = (
    """\
time: {column: time, timezone: Europe/Berlin}
columns:
  co2: {device: aq1, metric: temperature, unit: °F, sign: negated}
  light: {device: meter3, metric: energy_import_kwh, unit: Wh, interval_energy: true}
  seen: {device: cam1, metric: presence, enum: {在: 1, "no": 0}}
""",
    """\
time: {column: time, timezone: Asia/Singapore}
columns:
  co2: {device: aq1, metric: co2}
  light: {device: meter3, metric: energy_import_kwh, phase: L1}
  seen: {device: cam1, metric: presence}
""",
    """\
time: {column: time}
columns:
  light: {device: meter3, metric: energy_import_kwh, interval_energy: true}
interval_s: 300
""",
)
USUAL = st.sampled_from(["430", "0.5", "1", "0", "-0.0", "7.25", "1e2", "", " 12 "])
ODD = st.sampled_from(
    ["NaN", "-inf", "1e999", "4_31", "n/a", "٣", "-3", "9e9", "9e10", "TRUE", "在", "no", '"5"', '"5\n"', '"a""b"', '"']
)
ODD_TIME = st.sampled_from(
    [
        "2021-03-28 02:30",
        "2021-10-31 02:30",
        "2021-10-31 02:30 +01:00",
        "2021-10-31T04:00Z",
        "2021-09-07 Z",
        "",
        "soon",
        "1999-01-01 00:00",
        "2099-12-31 23:59",
        "20211101",
        "9999-12-31",
    ]
)


@st.composite
def tables(draw: st.DrawFn) -> str:
    """A table of quarters of an hour near a clock change; in some of them something is odd."""
    oddity = draw(st.sampled_from([0, 0, 0, 1, 3]))
    count = draw(st.integers(0, 25))
    odd_rows = draw(st.lists(st.integers(0, max(count - 1, 0)), min_size=oddity, max_size=oddity))
    hour = draw(st.sampled_from(["2021-10-30", "2021-03-27", "2021-06-01"]))
    minute, lines = 20 * 60, [HEADER]
    for row in range(count):
        minute += draw(st.sampled_from([15, 15, 15, 14, 45]))
        day = int(hour[-2:]) + minute // 1440
        time = f"{hour[:-2]}{day:02} {minute // 60 % 24:02}:{minute % 60:02}"
        if row in odd_rows:
            time = draw(st.one_of(st.just(time), ODD_TIME))
        cells = [draw(st.one_of(USUAL, ODD) if row in odd_rows else USUAL) for _ in range(3)]
        cells = cells if row in odd_rows else [cells[0], cells[1].replace("-", ""), draw(st.sampled_from("01"))]
        lines.append(",".join([time, *cells][: draw(st.sampled_from([4] * 20 + [3])) if row in odd_rows else 4]))
        lines.append(draw(st.sampled_from(["\n", "\n", "\r\n", "\n\n"])))
    return "".join(lines)


def outcome(work: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it gives
    try:
        return work(*arguments, **named)
    except TableFault as fault:
        return str(fault)


def in_chunks(table: CsvTable, selection: Selection, *, size: int) -> set[str]:
    survey = table.survey()
    chunks = list(table.chunks(SITE, survey, selection=selection, size=size))
    if len(chunks) > 1:
        # Whoever begins at the end of any chunk gets the rest, with the very same sums.
        middle = len(chunks) // 2
        rest = table.chunks(SITE, survey, selection=selection, start=chunks[middle - 1].end, size=size)
        assert list(rest) == chunks[middle:]
    return readings_in(*(chunk.batch for chunk in chunks))


def in_rows(table: CsvTable, selection: Selection) -> list[str]:
    rows = table.rows(SITE, table.survey(), selection=selection)
    return [repr(reading) for _, batch in rows for reading in batch.readings()]


def readings_in(*batches: ReadingBatch) -> set[str]:
    return {repr(reading) for batch in batches for reading in batch.readings()}


def learned(table: CsvTable) -> row_by_row.Learned:
    found = table.survey()
    return row_by_row.Learned(found.rows, found.first_ms, found.last_ms, found.blanks, found.jumps, found.interval_ms)


@given(
    content=tables(),
    mapping=st.sampled_from(MAPPINGS),
    block_bytes=st.sampled_from([1, 40, 200, 1024 * 1024]),
    size=st.sampled_from([1, 10, 1000]),
    selection=st.sampled_from(
        [EVERYTHING, Selection(start_ms=at("2021-10-31 04:00")), Selection(end_ms=at("2021-10-31 00:00"))]
    ),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_blocks_give_what_rows_give(
    tmp_path: Path, content: str, mapping: str, block_bytes: int, size: int, selection: Selection
) -> None:
    table = replace(table_in(tmp_path, content, mapping), block_bytes=block_bytes)
    plain = outcome(row_by_row.survey, table)
    assert outcome(learned, table) == plain
    if not isinstance(plain, str):
        readings = row_by_row.readings(table, SITE, selection)
        assert in_rows(table, selection) == [repr(reading) for reading in readings.readings()]
        assert in_chunks(table, selection, size=size) == readings_in(readings)


@given(
    block_bytes=st.sampled_from([1, 7, 1024]),
    content=st.text(alphabet='a1,"\n\r 在\x00\ufeff', max_size=60),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_are_those_that_are_read_line_by_line(
    tmp_path: Path, content: str, encoding: str, block_bytes: int
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode(encoding, "ignore"))
    file = CsvFile(path=path, encoding=encoding, block_bytes=block_bytes)
    assert outcome(lambda: list(file.records())) == outcome(lambda: list(row_by_row.records(path, encoding)))


def test_earlier_fault_is_told_though_a_later_one_spoils_the_whole_block(tmp_path: Path) -> None:
    table = table_in(tmp_path, HEADER + ROWS.replace("431", "n/a") + "2021-09-07 00:15,在,1,0\n", encoding="gb18030")
    with pytest.raises(TableFault, match="row 3, column co2"):
        replace(table, encoding="utf-8").survey()
