"""Savings from a store's hourly roll-ups: the same function as for files, with the site's zone, prices and meters."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from analytics.calendar import BUILT_IN_HOLIDAYS, WorkCalendar
from analytics.ports import ROLLUP_SCHEMA
from analytics.savings.terms import Period
from api.ports import SavingsAsked
from premises.jobs.daily import Building
from premises.savings.of_store import asked_of_store, case_of_store
from reports.savings_case import SavingsCase
from sensors.energy_terms import EnergyTerms, SiteCarbonFactor
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from storage.readings.memory import MemoryReadingStore
from storage.registry_file import parse_registry
from tests.savings_files import END, START, hours, less, outdoor_c

REGISTRY = """
site: {id: hq, name: hq, timezone: UTC, working_hours: "08:30-18:00", calendar: none, grid: yunnan}
buildings: [{id: a, name: a}, {id: b, name: b}]
circuits:
  - {id: main, building: a, item: total}
  - {id: hvac, parent: main, item: hvac}
  - {id: sun, parent: main, item: pv}
  - {id: annex, building: b, item: total}
devices:
  - {id: m, circuit: main, interval_s: 3600, metrics: [energy_import_kwh, energy_export_kwh]}
  - {id: s, circuit: sun, interval_s: 3600, metrics: [energy_export_kwh]}
  - {id: t1, outdoor: true, interval_s: 3600, metrics: [temperature_c]}
  - {id: t2, outdoor: true, interval_s: 3600, metrics: [temperature_c]}
"""
YEARS = Period(date(2023, 1, 1), date(2023, 12, 31)), Period(date(2024, 1, 1), date(2024, 12, 31))
IMPORT, EXPORT, AIR = "energy_import_kwh", "energy_export_kwh", "temperature_c"
PV_KWH = 3.0


def building() -> Building:
    registry, faults = parse_registry(REGISTRY.encode())
    assert registry is not None, faults
    return Building(registry=registry, calendar=WorkCalendar(registry.site, BUILT_IN_HOLIDAYS["none"]))


def rolled(device: str, metric: str, values: Mapping[str, list[float]]) -> pl.DataFrame:
    """Return roll-ups of every hour of two years."""
    times = [epoch_ms(time) for time in hours()]
    frame = pl.DataFrame({"bucket_ms": times, **values}).with_columns(
        device=pl.lit(device), metric=pl.lit(metric), phase=pl.lit(""), count=pl.lit(1)
    )
    rest = [name for name in ROLLUP_SCHEMA if name not in frame.columns]
    return frame.with_columns(pl.lit(0.0).alias(name) for name in rest).select(
        pl.col(name).cast(kind) for name, kind in ROLLUP_SCHEMA.items()
    )


def store(*, estimated_share: float = 0.0) -> MemoryReadingStore:
    """A tenth less from 2024 on; PV gives 3 kW by day, of which the mains see so much less."""
    load = [less(0.1)(time, outdoor_c(time)) for time in hours()]
    sun = [PV_KWH if 9 <= time.hour < 15 else 0.0 for time in hours()]
    net = [used - given for used, given in zip(load, sun, strict=True)]
    air = [outdoor_c(time) for time in hours()]
    frames = [
        rolled("m", IMPORT, {"amount": net, "estimated_amount": [each * estimated_share for each in net]}),
        rolled("m", EXPORT, {"amount": [0.0] * len(net)}),
        rolled("s", EXPORT, {"amount": sun}),
        rolled("t1", AIR, {"mean": [each - 1 for each in air]}),
        rolled("t2", AIR, {"mean": [each + 1 for each in air]}),
    ]
    found = MemoryReadingStore()
    site = building().registry.site.id
    rollups = pl.concat(frames)
    found.put_rollups(site, "hour", start_ms=epoch_ms(START), end_ms=epoch_ms(END), rollups=rollups)
    return found


def asked(subject: str, language: Literal["zh", "en"] = "en") -> SavingsAsked:
    baseline, reporting = YEARS
    return SavingsAsked(
        subject=Subject.parse(subject), baseline=baseline, reporting=reporting, language=language, draws=True
    )


def case(subject: str, terms: EnergyTerms | None = None, *, estimated_share: float = 0.0) -> SavingsCase | None:
    held = store(estimated_share=estimated_share)
    return case_of_store(held, building(), terms or EnergyTerms(), asked(subject))


def test_building_adds_what_pv_gave_to_what_its_mains_took() -> None:
    found = case("building:a")
    assert found is not None
    assert found.figures is not None
    load = sum(less(0.1)(time, outdoor_c(time)) for time in hours() if time.year == 2024)
    assert found.figures.actual_kwh == pytest.approx(load)
    assert found.figures.savings_pct == pytest.approx(10, abs=0.5)
    assert found.notes == ()


def test_circuit_is_what_its_own_meter_took() -> None:
    found = case("circuit:main")
    assert found is not None
    assert found.figures is not None
    load = sum(less(0.1)(time, outdoor_c(time)) for time in hours() if time.year == 2024)
    given = PV_KWH * 6 * 366
    assert found.figures.actual_kwh == pytest.approx(load - given)


def test_site_tells_which_mains_are_not_in_it_and_a_circuit_without_a_meter_has_no_answer() -> None:
    found = case("site:hq")
    assert found is not None
    assert [note.params["circuits"] for note in found.notes] == ["annex"]
    assert case("circuit:hvac") is None
    assert case("building:b") is None


def test_hours_that_were_mostly_estimated_are_no_evidence() -> None:
    found = case("circuit:main", estimated_share=0.9)
    assert found is not None
    assert found.figures is None
    assert {each.code.value for each in found.savings.sufficiency} & {"no_meter", "missing_days", "month_coverage"}


def test_carbon_is_told_by_the_sites_own_factor() -> None:
    own = SiteCarbonFactor(grid="yunnan", year=2024, kg_per_kwh=0.25, source="own")
    found = case("building:a", EnergyTerms(factors=(own,)))
    assert found is not None
    assert found.carbon is not None
    assert found.figures is not None
    assert found.carbon.saved == pytest.approx(found.figures.savings_kwh * 0.25)
    assert found.money is None


def test_console_is_told_in_its_language_with_a_picture(tmp_path: Path) -> None:
    answer = asked_of_store(store(), building, tmp_path / "registry.yaml")
    told = answer(asked("building:a", "zh"))
    assert told is not None
    assert told.lines[0].startswith("节能")
    assert told.chart_svg is not None
    assert told.chart_svg.lstrip().startswith(b"<?xml")
    assert told.document["conclusion"] == "saved"
