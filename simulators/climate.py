"""Climates of four cities: what weather.py varies about."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sensors.errors import InputFault
from sensors.topology import ClimateZone, Site
from simulators.wording import meant

Months = tuple[float, ...]
"""January to December."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Monthly means and how far the weather strays from them."""

    city: str
    zone: ClimateZone
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    mean_c: Months
    """Mean temperature."""
    humidity_pct: Months
    """Mean relative humidity."""
    day_range_k: Months
    """Mean highest less mean lowest temperature of a day."""
    cloud_share: Months
    """Mean cloud cover, 0 to 1."""
    pm2_5_ugm3: Months
    """Median PM2.5."""
    synoptic_k: float
    """How far a day's mean strays from its month's, at most about twice this."""
    front_k: float
    """By how much a strong cold front of winter cools."""
    district_heating: bool = False
    """Whether the city heats from a network, by the calendar; elsewhere heat pumps do, by electricity."""


# Temperatures and humidities: normals of 1991-2020 of the China Meteorological Administration (recalled, rounded); held
# in the tests against the National Bureau of Statistics' China Statistical Yearbook 2010, table 12-13 (the year 2009).
# Day ranges, cloud, PM2.5 (about the annual means that the cities' ecology bureaus gave for 2019-2022), synoptic and
# front figures: the project's own choice within what is usual there.
BEIJING = Climate(
    city="beijing",
    zone=ClimateZone.SEVERE_COLD_AND_COLD,
    latitude_deg=39.9,
    longitude_deg=116.4,
    altitude_m=44.0,
    mean_c=(-2.7, 0.6, 7.6, 15.1, 21.3, 25.3, 27.2, 26.1, 21.2, 13.8, 5.2, -0.9),
    humidity_pct=(43.0, 42.0, 41.0, 44.0, 49.0, 59.0, 70.0, 72.0, 65.0, 59.0, 54.0, 45.0),
    day_range_k=(9.8, 10.4, 11.4, 12.2, 12.0, 10.6, 8.8, 8.8, 10.2, 10.4, 9.6, 9.2),
    cloud_share=(0.28, 0.34, 0.42, 0.46, 0.5, 0.56, 0.62, 0.56, 0.46, 0.38, 0.34, 0.28),
    pm2_5_ugm3=(42.0, 42.0, 42.0, 34.0, 28.0, 28.0, 26.0, 22.0, 26.0, 34.0, 40.0, 40.0),
    synoptic_k=3.0,
    front_k=12.0,
    district_heating=True,
)
SHANGHAI = Climate(
    city="shanghai",
    zone=ClimateZone.HOT_SUMMER_COLD_WINTER,
    latitude_deg=31.2,
    longitude_deg=121.5,
    altitude_m=4.0,
    mean_c=(4.9, 6.7, 10.7, 16.0, 21.2, 24.6, 29.0, 28.7, 24.9, 19.8, 13.8, 7.4),
    humidity_pct=(72.0, 73.0, 71.0, 70.0, 71.0, 79.0, 76.0, 76.0, 74.0, 70.0, 72.0, 70.0),
    day_range_k=(7.2, 7.4, 8.0, 8.4, 8.2, 6.8, 7.2, 6.8, 6.6, 7.4, 7.6, 7.6),
    cloud_share=(0.68, 0.72, 0.76, 0.76, 0.78, 0.86, 0.74, 0.7, 0.72, 0.64, 0.64, 0.62),
    pm2_5_ugm3=(42.0, 36.0, 34.0, 30.0, 27.0, 22.0, 18.0, 17.0, 20.0, 24.0, 31.0, 40.0),
    synoptic_k=2.6,
    front_k=11.0,
)
GUANGZHOU = Climate(
    city="guangzhou",
    zone=ClimateZone.HOT_SUMMER_WARM_WINTER,
    latitude_deg=23.1,
    longitude_deg=113.3,
    altitude_m=41.0,
    mean_c=(13.8, 15.5, 18.4, 22.5, 26.0, 28.0, 28.9, 28.8, 27.7, 24.9, 20.4, 15.5),
    humidity_pct=(72.0, 77.0, 81.0, 83.0, 82.0, 83.0, 80.0, 80.0, 77.0, 70.0, 70.0, 67.0),
    day_range_k=(8.0, 6.8, 6.4, 6.6, 7.0, 6.8, 7.6, 7.8, 7.8, 8.6, 8.8, 9.0),
    cloud_share=(0.76, 0.86, 0.92, 0.9, 0.88, 0.86, 0.78, 0.76, 0.74, 0.64, 0.62, 0.64),
    pm2_5_ugm3=(34.0, 28.0, 27.0, 24.0, 19.0, 14.0, 13.0, 15.0, 21.0, 25.0, 28.0, 33.0),
    synoptic_k=2.2,
    front_k=9.0,
)
KUNMING = Climate(
    city="kunming",
    zone=ClimateZone.MILD,
    latitude_deg=25.0,
    longitude_deg=102.7,
    altitude_m=1890.0,
    mean_c=(9.3, 11.6, 15.0, 18.0, 19.8, 20.7, 20.4, 20.2, 18.7, 16.2, 12.5, 9.4),
    humidity_pct=(66.0, 58.0, 54.0, 56.0, 66.0, 77.0, 81.0, 80.0, 79.0, 78.0, 74.0, 71.0),
    day_range_k=(13.2, 13.8, 14.0, 13.0, 10.4, 8.0, 7.6, 8.6, 8.6, 8.8, 10.8, 12.0),
    cloud_share=(0.36, 0.36, 0.38, 0.44, 0.58, 0.78, 0.82, 0.76, 0.72, 0.64, 0.48, 0.42),
    pm2_5_ugm3=(26.0, 27.0, 30.0, 28.0, 22.0, 16.0, 14.0, 16.0, 18.0, 20.0, 23.0, 25.0),
    synoptic_k=1.8,
    front_k=9.0,
)

CLIMATES: Mapping[str, Climate] = MappingProxyType(
    {climate.city: climate for climate in (BEIJING, SHANGHAI, GUANGZHOU, KUNMING)}
)
_BY_ZONE = MappingProxyType({climate.zone: climate for climate in CLIMATES.values()})


CHINESE_NAMES: Mapping[str, str] = MappingProxyType(
    {"北京": "beijing", "上海": "shanghai", "广州": "guangzhou", "昆明": "kunming"}
)


class UnknownCityError(InputFault):
    """A city whose climate is not known."""

    def __init__(self, city: str) -> None:
        """Name those that are."""
        super().__init__(f"--city {city}: no climate of that name; {meant(city, CLIMATES)}")


def climate_of_city(city: str) -> Climate:
    """Return a city's climate; its name may be in Chinese, and capitals do not matter. Raises UnknownCityError."""
    name = CHINESE_NAMES.get(city, city.lower())
    if name not in CLIMATES:
        raise UnknownCityError(city)
    return CLIMATES[name]


def climate_of(site: Site) -> Climate:
    """Return the climate of a site's zone; Kunming's where the registry names none."""
    return KUNMING if site.climate_zone is None else _BY_ZONE[site.climate_zone]
