"""`energy.yaml`: what it says of tariffs, factors, quotas and peers, and what is wrong with it, by line and column."""

from datetime import date
from pathlib import Path

import pytest

from sensors.energy_terms import EnergyTerms, Period
from sensors.topology import Building, BuildingId, ClimateZone, EnergyClass, Name, Site, SiteId
from storage.energy_file import EnergyFileError, parse_terms, terms_beside

WHOLE = """
tariffs:
  - first: 2024-01-01
    last: 2025-12-31
    source: notice 1
    prices_cny_kwh: {flat: 0.5}
    seasons: [{months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}]
  - first: 2026-01-01
    source: notice 2
    water_cny_m3: 4.2
    prices_cny_kwh: {critical_peak: 1.2, peak: 1.0, flat: 0.6, valley: 0.3}
    seasons:
      - {months: [7, 8], days: workdays, critical_peak: "20:00-22:00", peak: "09:00-12:00", valley: "00:00-08:00"}
      - {peak: "09:00-12:00,18:00-21:00", valley: "00:00-08:00"}
carbon_factors:
  - {grid: 云南, year: 2022, kg_per_kwh: 0.1235, source: a list}
quotas:
  - {energy_class: B, climate_zone: mild, constraint_kwh_m2: 55, guide_kwh_m2: 42, source: DB53/T 1, year: 2024}
peers:
  - {energy_class: B, kwh_m2: 48.5, source: a list, year: 2025}
"""
SITE = Site(
    id=SiteId("hq"),
    name=Name(zh="hq", en="hq"),
    timezone="Asia/Shanghai",
    working_hours="",
    climate_zone=ClimateZone.MILD,
    grid="云南",
)


def terms(text: str = WHOLE) -> EnergyTerms:
    read, faults = parse_terms(text.encode())
    assert faults == []
    return read


def building(energy_class: EnergyClass | None) -> Building:
    return Building(id=BuildingId("a"), name=Name(zh="a", en="a"), energy_class=energy_class)


def test_tariff_is_the_one_in_force_and_its_first_season_that_holds() -> None:
    read = terms()
    assert (old := read.tariff_on(date(2025, 12, 31))) is not None
    assert old.source == "notice 1"
    assert read.tariff_on(date(2023, 12, 31)) is None
    tariff = read.tariff_on(date(2026, 7, 1))
    assert tariff is not None
    assert tariff.parts(date(2026, 7, 1), is_workday=True) == (
        (0, 480, Period.VALLEY),
        (480, 540, Period.FLAT),
        (540, 720, Period.PEAK),
        (720, 1200, Period.FLAT),
        (1200, 1320, Period.CRITICAL_PEAK),
        (1320, 1440, Period.FLAT),
    )
    # 8 h · 0.3 + 1 h · 0.6 + 3 h · 1 + 6 h · 0.6 + 3 h · 1 + 3 h · 0.6 on a rest day
    assert tariff.mean_price(date(2026, 7, 4), is_workday=False) == pytest.approx((2.4 + 0.6 + 3 + 3.6 + 3 + 1.8) / 24)


def test_quota_of_the_province_goes_before_the_national_one() -> None:
    own = terms().quota(SITE, building(EnergyClass.B))
    assert own is not None
    assert (own.constraint_kwh_m2, own.source) == (55, "DB53/T 1")
    national = terms().quota(SITE, building(EnergyClass.A))
    assert national is not None
    assert (national.constraint_kwh_m2, national.guide_kwh_m2) == (50, 40)
    assert terms().quota(SITE, building(None)) is None


@pytest.mark.parametrize(
    ("text", "year", "grid", "kg"),
    [(WHOLE, 2026, "云南", 0.1235), (WHOLE, 2021, None, None), ("peers: []", 2025, "全国", 0.5306)],
    ids=["the site's own", "none so old", "the national one"],
)
def test_factor_is_of_the_year_or_the_last_before_it(text: str, year: int, grid: str | None, kg: float | None) -> None:
    found = terms(text).factor(SITE, year)
    assert ((found.grid, found.kg_per_kwh) if found else (None, None)) == (grid, kg)


def test_a_site_without_a_file_has_no_prices(tmp_path: Path) -> None:
    assert terms_beside(tmp_path / "registry.yaml") == EnergyTerms()


TARIFF = "tariffs:\n  - {first: 2026-01-01, source: s, prices_cny_kwh: {flat: 1}, seasons: [%s]}\n"


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("- 1\n", "1:1", "must be a mapping"),
        ("tarifs: []\n", "1:1", "did you mean tariffs?"),
        (TARIFF % "{months: [1, 13]}", "2:86", "a month from 1 to 12"),
        (TARIFF % "{months: [1]}", "2:63", "month 2 has no season"),
        (TARIFF % '{peak: "09:00-12:00"}', "2:36", "no price for peak"),
        (TARIFF % '{peak: "09:00-12:00", valley: "11:00-13:00"}', "2:73", "two periods share an hour"),
        (TARIFF % '{peak: "22:00-06:00"}', "2:74", "may not cross midnight"),
        ("quotas:\n  - {energy_class: C, constraint_kwh_m2: 1, source: s, year: 2024}\n", "2:6", "'C' is not known"),
        ("quotas:\n  - {energy_class: A, constraint_kwh_m2: 1, year: 2024}\n", "2:5", "has no source"),
        ("carbon_factors:\n  - {grid: g, year: 2024, kg_per_kwh: 530.6, source: s}\n", "2:27", "in g or per MWh"),
    ],
)
def test_fault_in_the_file_is_told_with_its_place(tmp_path: Path, text: str, place: str, reason: str) -> None:
    (tmp_path / "energy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(EnergyFileError) as caught:
        terms_beside(tmp_path / "registry.yaml")
    start = f"{tmp_path / 'energy.yaml'}:{place}: "
    told = [line for line in str(caught.value).splitlines() if reason in line]
    assert [line.startswith(start) for line in told] == [True], caught.value


def test_tariffs_follow_each_other() -> None:
    one = "{first: 2026-01-01, source: s, prices_cny_kwh: {flat: 1}, seasons: [{days: all}]}"
    _, faults = parse_terms(f"tariffs:\n  - {one}\n  - {one}\n".encode())
    assert ["begins before the one above it ends" in fault.reason for fault in faults] == [True]
