"""`premises evaluate` as a user meets it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from premises.evaluation import BUILT
from sensors.catalogue import CATALOGUE
from sensors.registry_text import registry_text
from sensors.subjects import Subject
from simulators.demands import truth_rows
from simulators.faults import Fault, FaultKind
from simulators.tables import READINGS_HEADER, readings_rows
from simulators.truth import TRUTH_HEADER, truth_text
from tests.command_line import Outcome, runner
from tests.simulators.worlds import MONDAY, building, local, world

Premises = Callable[..., Outcome]
DAYS = 3


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Premises:
    monkeypatch.setenv("PREMISES_HOME", str(tmp_path / "home"))
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three days of three rooms: a silent sensor, a forced door, and a fire seen too late."""
    folder = tmp_path_factory.mktemp("simulated")
    registry = building(3)
    faults = (
        fault(FaultKind.SILENT_DEVICE, "device:aq-201", 50),
        fault(FaultKind.FORCED_DOOR, "opening:d-main", 30),
        fault(FaultKind.FIRE, "device:panel-1", 40),
    )
    place = world(registry, faults=faults)
    rows = [readings_rows(tick, place.zone) for tick in place.run(local(MONDAY, 24 * DAYS))]
    (folder / "readings.csv").write_text(READINGS_HEADER + "".join(rows), encoding="utf-8")
    (folder / "registry.yaml").write_text(registry_text(registry), encoding="utf-8")
    truth = truth_rows(faults, registry, start=local(MONDAY), end=local(MONDAY, 24 * DAYS))
    (folder / "truth.csv").write_text(truth_text(truth), encoding="utf-8")
    return folder


def fault(kind: FaultKind, subject: str, hour: float) -> Fault:
    start = local(MONDAY, hour)
    end = None if kind is FaultKind.SILENT_DEVICE else start + timedelta(minutes=8)
    return Fault(kind=kind, subject=Subject.parse(subject), start=start, end=end)


def asked(folder: Path, truth: Path | None = None) -> tuple[object, ...]:
    sources = ("--csv", folder / "readings.csv", "--registry", folder / "registry.yaml")
    return ("evaluate", *sources, "--truth", truth or folder / "truth.csv")


def truth_in(folder: Path, *rows: str) -> Path:
    path = folder / "truth.csv"
    path.write_text(TRUTH_HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_findings_and_alerts_are_held_against_the_truth(premises: Premises, files: Path) -> None:
    outcome = premises(*asked(files), "--json", "--floor", "0.95")
    answer = json.loads(outcome.out)
    assert (outcome.code, answer["held"]) == (0, True), outcome.out
    hits = {rule: (score["tp"], score["fp"], score["fn"]) for rule, score in answer["rules"].items() if score["tp"]}
    assert hits == {"D02": (1, 0, 0), "F01": (1, 0, 0), "G01": (1, 0, 0), "G05": (1, 0, 0)}
    assert answer["rules"]["G01"]["delay_h"] == pytest.approx(0.25, abs=0.1)
    assert answer["rules"]["E05"]["precision"] is None


def test_floor_that_is_not_held_ends_with_one_and_says_which_rule(
    premises: Premises, files: Path, tmp_path: Path
) -> None:
    truth = truth_in(tmp_path, "A01,room:a-201,2026-10-19,2026-10-21,fault")
    outcome = premises(*asked(files, truth), "--floor", "0.95", "--lang", "en", "--rules", "A01")
    assert outcome.code == 1
    assert "Missed: A01 room:a-201" in outcome.out
    assert "Under 0.95: A01." in outcome.out


def test_table_is_there_in_both_languages(premises: Premises, files: Path) -> None:
    chinese, english = premises(*asked(files)), premises(*asked(files), "--lang", "en")
    assert "召回率" in chinese.out
    assert "recall" in english.out
    assert chinese.code == english.code == 0


def test_rule_that_is_not_built_is_shown_and_never_held(premises: Premises, files: Path, tmp_path: Path) -> None:
    to_come = sorted(CATALOGUE.keys() - BUILT)
    if not to_come:
        pytest.skip("every rule of the catalogue works")
    truth = truth_in(tmp_path, f"{to_come[0]},building:a,2026-10-19,2026-10-21,fault")
    outcome = premises(*asked(files, truth), "--json", "--rules", to_come[0], "--floor", "0")
    answer = json.loads(outcome.out)
    assert (outcome.code, answer["held"], answer["rules"][to_come[0]]["built"]) == (1, False, False)


def test_row_outside_the_days_asked_for_is_not_counted(premises: Premises, files: Path, tmp_path: Path) -> None:
    truth = truth_in(tmp_path, "D02,opening:d-main,2026-10-20T06:00:00+08:00,2026-10-20T06:08:00+08:00,fault")
    outcome = premises(*asked(files, truth), "--json", "--rules", "D02", "--from", "2026-10-21")
    score = json.loads(outcome.out)["rules"]["D02"]
    assert (score["tp"], score["fp"], score["fn"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("row", "place", "reason"),
    [
        ("E99,room:a-201,2026-10-19,2026-10-21,fault", "row 2, column rule", "no rule"),
        ("E05,room:a-999,2026-10-19,2026-10-21,fault", "row 2, column subject", "the registry has no room:a-999"),
        ("E05,a-201,2026-10-19,2026-10-21,fault", "row 2, column subject", "KIND:ID"),
        ("E05,room:a-201,soon,2026-10-21,fault", "row 2, column start", "no time"),
        ("E05,room:a-201,2026-10-21,2026-10-19,fault", "row 2, column end", "before start"),
        ("E05,room:a-201,2026-10-19,2026-10-21,maybe", "row 2, column kind", "fault or near_miss"),
        ("E05,room:a-201,2026-10-19", "row 2, column rule", "3 cells"),
    ],
)
def test_truth_that_cannot_be_used_is_told_with_its_place(
    premises: Premises, files: Path, tmp_path: Path, row: str, place: str, reason: str
) -> None:
    outcome = premises(*asked(files, truth_in(tmp_path, row)))
    assert (outcome.code, outcome.out) == (2, "")
    (line,) = outcome.err.splitlines()
    assert place in line
    assert reason in line


def test_absent_truth_and_unknown_rule_are_told_in_one_line(premises: Premises, files: Path, tmp_path: Path) -> None:
    absent = premises(*asked(files, tmp_path / "none.csv"))
    unknown = premises(*asked(files), "--rules", "E99")
    assert absent.code == unknown.code == 2
    assert "none.csv: cannot be read" in absent.err
    assert "no rule 'E99'" in unknown.err


def test_home_without_readings_is_told(premises: Premises, files: Path) -> None:
    outcome = premises("evaluate", "--registry", files / "registry.yaml", "--truth", files / "truth.csv")
    assert outcome.code == 2
    assert "no readings" in outcome.err
