from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sensors.errors import InputFault
from sensors.topology import ClimateZone
from simulators.climate import CLIMATES, climate_of, climate_of_city
from simulators.grid import DayGrid
from simulators.sun import clear_sky_wm2, cloud_factor, position
from simulators.weather import DayWeather, Weather
from tests.simulators.worlds import building

SHANGHAI_TIME = ZoneInfo("Asia/Shanghai")
YEARBOOK_2009_C = {"beijing": 13.3, "shanghai": 17.4, "guangzhou": 23.0, "kunming": 16.6}
"""Annual means of 2009: China Statistical Yearbook 2010, table 12-13."""
YEARBOOK_JULY_C = {"beijing": 27.0, "shanghai": 28.8, "guangzhou": 29.6, "kunming": 21.3}


def weather(city: str, day: date, seed: int = 1) -> DayWeather:
    return Weather(CLIMATES[city], seed).day(DayGrid.of(day, SHANGHAI_TIME))


def year(city: str, every: int = 3) -> list[DayWeather]:
    return [weather(city, date(2026, 1, 1) + timedelta(days=day)) for day in range(0, 365, every)]


@pytest.mark.parametrize("city", sorted(CLIMATES))
def test_a_year_is_about_as_warm_as_the_yearbook_says(city: str) -> None:
    mean = np.mean([day.outdoor_c.mean() for day in year(city)])
    july = np.mean([weather(city, date(2026, 7, day)).outdoor_c.mean() for day in range(1, 32)])
    assert mean == pytest.approx(YEARBOOK_2009_C[city], abs=1.5)
    assert july == pytest.approx(YEARBOOK_JULY_C[city], abs=2.0)


@pytest.mark.parametrize("city", sorted(CLIMATES))
def test_weather_stays_within_physics(city: str) -> None:
    for day in year(city, 11):
        assert 0 < day.relative_humidity_pct.min() <= day.relative_humidity_pct.max() <= 100
        assert 0 <= day.cloud.min() <= day.cloud.max() <= 1
        assert 0 < day.pm2_5_ugm3.min() < day.pm2_5_ugm3.max() < 500
        assert day.sun.global_wm2.min() == 0.0
        assert day.sun.global_wm2.max() < 1100
        assert (day.sun.diffuse_wm2 <= day.sun.global_wm2 + 1e-9).all()


@pytest.mark.parametrize("city", sorted(CLIMATES))
def test_days_join_without_a_jump(city: str) -> None:
    for start in range(0, 365, 20):
        day = date(2026, 1, 1) + timedelta(days=start)
        before, after = weather(city, day), weather(city, day + timedelta(days=1))
        assert after.outdoor_c[0] - before.outdoor_c[-1] == pytest.approx(0, abs=0.7)
        assert after.relative_humidity_pct[0] - before.relative_humidity_pct[-1] == pytest.approx(0, abs=3)


def test_afternoon_is_the_warmest_part_of_a_day_and_dawn_the_coldest() -> None:
    waves = np.mean([day.outdoor_c - day.outdoor_c.mean() for day in year("kunming")], axis=0)
    solar_shift_h = (120 - CLIMATES["kunming"].longitude_deg) / 15
    assert waves.argmax() / 12 - solar_shift_h == pytest.approx(15, abs=1.5)
    assert waves.argmin() / 12 - solar_shift_h == pytest.approx(5, abs=1.5)


def test_a_winter_has_cold_fronts_that_a_summer_has_not() -> None:
    def falls(month: int) -> float:
        days = (date(2026, month, 1) + timedelta(days=day) for day in range(80))
        means = [weather("beijing", day).outdoor_c.mean() for day in days]
        return float(-np.diff(means).min())

    assert falls(1) > 4
    assert falls(1) > falls(6)


def test_sun_stands_where_the_almanac_says() -> None:
    """On 21 June at solar noon over Beijing the sun is 90° − 39.9° + 23.4° high; at the equinox the day has 12 h."""
    noon = np.array([(12 - 116.4 / 15) * 3_600_000]).astype(np.int64)
    height, _ = position(noon, 172, 39.9, 116.4)
    assert np.degrees(np.arcsin(height[0])) == pytest.approx(73.5, abs=0.6)
    day = np.arange(0, 86_400_000, 60_000, dtype=np.int64)
    assert (position(day, 80, 39.9, 116.4)[0] > 0).mean() * 24 == pytest.approx(12, abs=0.15)


def test_clear_sky_and_clouds_give_what_their_sources_give() -> None:
    assert clear_sky_wm2(np.array([1.0]))[0] == pytest.approx(1098 * np.exp(-0.057))
    assert cloud_factor(np.array([0.0, 1.0])) == pytest.approx([1.0, 0.25])


def test_south_walls_have_more_sun_than_north_walls_in_winter() -> None:
    sun = weather("beijing", date(2026, 1, 12)).sun
    assert sun.south_wm2.sum() > 2 * sun.north_wm2.sum()


def test_same_seed_gives_the_same_weather_and_another_seed_other_weather() -> None:
    day = date(2026, 3, 1)
    assert (weather("shanghai", day).outdoor_c == weather("shanghai", day).outdoor_c).all()
    assert (weather("shanghai", day).outdoor_c != weather("shanghai", day, seed=2).outdoor_c).any()


def test_a_site_has_the_climate_of_its_zone() -> None:
    assert climate_of(building().site).zone is ClimateZone.MILD
    with pytest.raises(InputFault, match="there are beijing"):
        climate_of_city("atlantis")
