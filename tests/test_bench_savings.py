"""`premises bench savings`: the figures that others read, of made-up meters that are the same in every run."""

import json
from pathlib import Path

import pytest

from premises.bench import savings as bench
from tests.command_line import runner


def test_figures_are_told_without_a_reference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "find_spec", lambda _name: None)
    told = json.loads(runner(monkeypatch, capsys)("bench", "savings", "--meters", 1, "--json").out)
    assert set(told) >= {
        "cpu_ms_per_meter_year",
        "reference_cpu_ms_per_meter_year",
        "cv_rmse_pct",
        "reference_cv_rmse_pct",
    }
    assert told["reference_cv_rmse_pct"] is None
    assert 0 < told["cv_rmse_pct"] < 15


def test_reference_that_does_not_run_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = runner(monkeypatch, capsys)("bench", "savings", "--meters", 1, "--reference", Path("/bin/false"))
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "opendsm did not run" in refused.err


def test_made_up_meters_are_the_same_in_every_run() -> None:
    (once,), (again,) = bench.made_up(1), bench.made_up(1)
    assert once.meter.equals(again.meter)
    assert once.weather.equals(again.weather)
