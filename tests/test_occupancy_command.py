"""`premises occupancy` as a user meets it: a file in, a file out, one line told."""

import csv
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.command_line import Outcome, runner

Premises = Callable[..., Outcome]
START = datetime(2026, 3, 2, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)
DAY = 288


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Premises:
    return runner(monkeypatch, capsys)


def readings(folder: Path, rows: Iterable[str], header: str = "timestamp,wifi_devices,plug_power_w") -> Path:
    path = folder / "R.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def is_there(step: int) -> bool:
    return 108 <= step % DAY < 204


def days(count: int) -> list[str]:
    """Return rows of days with two phones and a computer from nine to five."""
    return [
        f"{(START + step * FIVE_MINUTES).isoformat()},{2 * is_there(step)},{30 + 90 * is_there(step) + step % 3}"
        for step in range(count * DAY)
    ]


def written(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_gets_an_answer_in_its_place(premises: Premises, tmp_path: Path) -> None:
    rows = days(3)
    outcome = premises("occupancy", "--readings", readings(tmp_path, rows), "--out", tmp_path / "O.csv")
    assert outcome.code == 0, outcome.err
    answers = written(tmp_path / "O.csv")
    assert [answer["timestamp"] for answer in answers] == [row.split(",")[0] for row in rows]
    assert {tuple(answer) for answer in answers} == {("timestamp", "occupied", "probability")}
    right = [int(answer["occupied"]) == is_there(step) for step, answer in enumerate(answers)]
    assert sum(right) >= 0.97 * len(right)
    assert all(0 <= float(answer["probability"]) <= 1 for answer in answers)


def test_what_was_not_measured_is_blank(premises: Premises, tmp_path: Path) -> None:
    rows = [f"{row.split(',')[0]},," if 300 <= step < 340 else row for step, row in enumerate(days(3))]
    premises("occupancy", "--readings", readings(tmp_path, rows), "--out", tmp_path / "O.csv")
    answers = written(tmp_path / "O.csv")
    assert {(answer["occupied"], answer["probability"]) for answer in answers[302:338]} == {("", "")}
    assert all(answer["occupied"] in {"0", "1"} for answer in answers[:298])


def test_the_summary_says_what_told_and_what_is_in_doubt(premises: Premises, tmp_path: Path) -> None:
    rows = [f"{row.rsplit(',', 1)[0]},-99999999,x" for row in days(1)[:24]]
    path = readings(tmp_path, rows, "timestamp,wifi_devices,plug_power_w,remark")
    document = json.loads(premises("occupancy", "--readings", path, "--json").out)
    assert (document["rows"], document["impossible_values"], document["ignored_columns"]) == (24, 24, ["remark"])
    assert "short" in {doubt["code"] for doubt in document["doubts"]}


def test_local_times_need_a_zone_and_take_one(premises: Premises, tmp_path: Path) -> None:
    rows = [row.replace("+00:00", "") for row in days(2)]
    path = readings(tmp_path, rows)
    refused = premises("occupancy", "--readings", path)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "row 2, column timestamp" in refused.err
    assert premises("occupancy", "--readings", path, "--timezone", "Asia/Shanghai").code == 0


@pytest.mark.parametrize(
    ("header", "rows", "place"),
    [
        ("timestamp,co2_ppm", ["2026-03-02T00:00Z,430", "2026-03-02T00:05Z,many"], "row 3, column co2_ppm"),
        ("timestamp,co2_ppm", ["2026-03-02T00:00Z,nan"], "row 2, column co2_ppm"),
        ("timestamp,co2_ppm", ["yesterday,430"], "row 2, column timestamp"),
        ("timestamp,co2_ppm", ["2026-03-02T00:00Z"], "row 2"),
        ("timestamp,co2_ppm,co2_ppm", ["2026-03-02T00:00Z,430,430"], "column co2_ppm"),
        ("time,co2_ppm", ["2026-03-02T00:00Z,430"], "column timestamp"),
        ("timestamp,radon", ["2026-03-02T00:00Z,4"], "row 1"),
        ("timestamp,co2_ppm", [], "no rows"),
    ],
)
def test_bad_input_is_one_line_with_its_place(
    premises: Premises, tmp_path: Path, header: str, rows: list[str], place: str
) -> None:
    path, out = readings(tmp_path, rows, header), tmp_path / "O.csv"
    outcome = premises("occupancy", "--readings", path, "--out", out)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "R.csv" in outcome.err
    assert place in outcome.err
    assert not out.exists()


def test_the_file_that_is_read_is_never_written_over(premises: Premises, tmp_path: Path) -> None:
    path = readings(tmp_path, days(1))
    outcome = premises("occupancy", "--readings", path, "--out", path)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert path.read_text(encoding="utf-8").startswith("timestamp,wifi_devices")
