from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from premises.cli import premises
from sensors.errors import InputFault
from storage.registry_file import load_registry


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
        ("--truth", "no/such/folder/truth.csv"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing_behind(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = simulate(tmp_path, *options)
    assert isinstance(done.exception, InputFault)
    assert "\n" not in str(done.exception)
    assert options[0] in str(done.exception) or options[-2] in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_says_how_far_it_is_where_asked(tmp_path: Path) -> None:
    done = simulate(tmp_path, "--days", "1", "--rooms", "1", "--faults", "none", "--progress")
    assert "simulating 90 %" in done.stderr
