"""Figures that rules, reports and alerts read: quotas, factors, default responses, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from sensors.catalogue.model import OWN_CHOICE, Confidence, Source
from sensors.catalogue.standards import cite
from sensors.topology import ClimateZone, EnergyClass, OrganLevel
from sensors.verdicts import Severity

_S = Confidence.STANDARD
_H = Confidence.HIGH
_U = Confidence.UNSURE


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaQuota:
    """The office area of one person of a rank, m² usable. The ranks of a level are listed from the highest."""

    level: OrganLevel
    rank: str
    area_m2: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAreaQuota:
    """The service rooms' area per head, m², as a range."""

    level: OrganLevel
    low_m2: float
    high_m2: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyQuota:
    """Non-heating electricity-equivalent per year and gross area, kWh/(m²·a): what binds, and what to aim at."""

    constraint_kwh_m2: float
    guide_kwh_m2: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonFactor:
    """kgCO2 per kWh of grid electricity in one year. A province's own factor, where set, goes first."""

    grid: str
    year: int
    kg_per_kwh: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A single figure with its unit and source."""

    name: str
    value: float
    unit: str
    source: Source


class Clock(StrEnum):
    """Whether a response time runs through nights and holidays."""

    ELAPSED = "elapsed"
    WORKDAYS = "workdays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How soon a severity wants to be acknowledged, escalated and fixed; zero is at once.

    `acknowledge_clock` says whether a day of `acknowledge` is a workday.
    """

    acknowledge: timedelta
    escalate: timedelta
    fix: timedelta
    acknowledge_clock: Clock = Clock.ELAPSED
    source: Source = OWN_CHOICE


_OFFICE_RANKS: Mapping[OrganLevel, tuple[tuple[str, float], ...]] = MappingProxyType(
    {
        OrganLevel.CENTRAL: (
            ("部级正职", 54),
            ("部级副职", 42),
            ("正司(局)级", 24),
            ("副司(局)级", 18),
            ("处级", 12),
            ("处级以下", 9),
        ),
        OrganLevel.PROVINCIAL: (
            ("省级正职", 54),
            ("省级副职", 42),
            ("正厅(局)级", 30),
            ("副厅(局)级", 24),
            ("正处级", 18),
            ("副处级", 12),
            ("处级以下", 9),
        ),
        OrganLevel.CITY: (
            ("市级正职", 42),
            ("市级副职", 30),
            ("正局(处)级", 24),
            ("副局(处)级", 18),
            ("局(处)级以下", 9),
        ),
        OrganLevel.COUNTY: (
            ("县级正职", 30),
            ("县级副职", 24),
            ("正科级", 18),
            ("副科级", 12),
            ("科级以下", 9),
        ),
    }
)

AREA_QUOTAS: tuple[AreaQuota, ...] = tuple(
    AreaQuota(level=level, rank=rank, area_m2=area_m2, source=cite("2674号", _S))
    for level, ranks in _OFFICE_RANKS.items()
    for rank, area_m2 in ranks
)

LEVEL_WORDS: Mapping[str, OrganLevel] = MappingProxyType(
    {
        "中央": OrganLevel.CENTRAL,
        "省级": OrganLevel.PROVINCIAL,
        "市级": OrganLevel.CITY,
        "县级": OrganLevel.COUNTY,
        **{level.value: level for level in OrganLevel},
    }
)
"""How a level is written before a rank: `县级/正科级`."""


def rank_level(rank: str, usual: OrganLevel | None = None) -> OrganLevel | None:
    """Return the level that a written rank belongs to: its own (`县级/正科级`), else the usual one of the site."""
    level, separator, _ = rank.partition("/")
    return LEVEL_WORDS.get(level.strip()) if separator else usual


def area_quota(rank: str, usual: OrganLevel | None = None) -> AreaQuota | None:
    """Return the quota of a written rank; None where the level is not said or has no such rank."""
    level = rank_level(rank, usual)
    name = rank.rpartition("/")[2].strip()
    return next((quota for quota in AREA_QUOTAS if (quota.level, quota.rank) == (level, name)), None)


RANKS_WITH_TOILET = frozenset({"部级正职", "部级副职", "省级正职", "省级副职"})
"""The ranks whose office may have a toilet that does not count. Source: 2674号, as the press reported it [H]."""


def may_have_toilet(quota: AreaQuota) -> bool:
    """Say whether an office of this rank may have a toilet of its own beside its area."""
    return quota.rank in RANKS_WITH_TOILET


SERVICE_AREA_QUOTAS: tuple[ServiceAreaQuota, ...] = (
    ServiceAreaQuota(level=OrganLevel.CENTRAL, low_m2=7, high_m2=9, source=cite("2674号", _S)),
    ServiceAreaQuota(level=OrganLevel.PROVINCIAL, low_m2=7, high_m2=9, source=cite("2674号", _S)),
    ServiceAreaQuota(level=OrganLevel.CITY, low_m2=6, high_m2=8, source=cite("2674号", _U)),
    ServiceAreaQuota(level=OrganLevel.COUNTY, low_m2=6, high_m2=8, source=cite("2674号", _U)),
)


def _energy(constraint_kwh_m2: float, guide_kwh_m2: float) -> EnergyQuota:
    return EnergyQuota(constraint_kwh_m2=constraint_kwh_m2, guide_kwh_m2=guide_kwh_m2, source=cite("GB/T 51161", _H))


ENERGY_QUOTAS: Mapping[tuple[ClimateZone, EnergyClass], EnergyQuota] = MappingProxyType(
    {
        (ClimateZone.SEVERE_COLD_AND_COLD, EnergyClass.A): _energy(55, 45),
        (ClimateZone.SEVERE_COLD_AND_COLD, EnergyClass.B): _energy(70, 50),
        (ClimateZone.HOT_SUMMER_COLD_WINTER, EnergyClass.A): _energy(70, 55),
        (ClimateZone.HOT_SUMMER_COLD_WINTER, EnergyClass.B): _energy(90, 65),
        (ClimateZone.HOT_SUMMER_WARM_WINTER, EnergyClass.A): _energy(65, 50),
        (ClimateZone.HOT_SUMMER_WARM_WINTER, EnergyClass.B): _energy(80, 60),
        (ClimateZone.MILD, EnergyClass.A): _energy(50, 40),
        (ClimateZone.MILD, EnergyClass.B): _energy(60, 45),
    }
)
"""Office buildings of Party and government organs."""


def _carbon(grid: str, year: int, kg_per_kwh: float) -> CarbonFactor:
    return CarbonFactor(grid=grid, year=year, kg_per_kwh=kg_per_kwh, source=cite("电力排放因子", _S))


NATIONAL_GRID = "全国"

CARBON_FACTORS: tuple[CarbonFactor, ...] = (
    _carbon(NATIONAL_GRID, 2022, 0.5366),
    _carbon(NATIONAL_GRID, 2023, 0.5306),
    _carbon("华北", 2023, 0.6361),
    _carbon("东北", 2023, 0.5122),
    _carbon("华东", 2023, 0.5500),
    _carbon("华中", 2023, 0.5271),
    _carbon("西北", 2023, 0.5543),
    _carbon("南方", 2023, 0.4042),
    _carbon("西南", 2023, 0.2472),
)


def _figure(name: str, value: float, unit: str, source: Source) -> Figure:
    return Figure(name=name, value=value, unit=unit, source=source)


_PLAN = cite("十四五公共机构规划", _S)
_TARIFF = cite("1093号", _S)

_FIGURES = (
    _figure("coal_equivalent", 0.1229, "kgce/kWh", cite("GB/T 2589", _H)),
    _figure("public_institutions_2020_energy_per_area", 18.48, "kgce/m²", _PLAN),
    _figure("public_institutions_2020_energy_per_person", 329.56, "kgce/person", _PLAN),
    _figure("public_institutions_2020_water_per_person", 21.53, "m³/person", _PLAN),
    _figure("tariff_peak_to_valley", 4, "ratio", _TARIFF),
    _figure("tariff_peak_to_valley_elsewhere", 3, "ratio", _TARIFF),
    _figure("tariff_critical_peak_markup", 20, "%", _TARIFF),
    _figure("model_monthly_cv_rmse", 15, "%", cite("Guideline 14", _S)),
    _figure("model_monthly_nmbe", 5, "%", cite("Guideline 14", _S)),
    _figure("model_hourly_cv_rmse", 30, "%", cite("Guideline 14", _S)),
    _figure("model_hourly_nmbe", 10, "%", cite("Guideline 14", _H)),
    _figure("baseline_missing_days", 37, "d of 365", cite("CalTRACK", _S)),
    _figure("baseline_hourly_coverage", 90, "% of each month", cite("CalTRACK", _S)),
    _figure("reset_air_pm2_5", 35, "µg/m³", cite("RESET Air", _H)),
    _figure("reset_air_co2", 1000, "ppm", cite("RESET Air", _H)),
    _figure("reset_air_tvoc", 500, "µg/m³", cite("RESET Air", _H)),
    _figure("en_16798_category_2_co2_above_outdoor", 800, "ppm", cite("EN 16798-1", _S)),
    _figure("en_16798_category_2_winter_low", 20, "°C", cite("EN 16798-1", _S)),
    _figure("en_16798_category_2_winter_high", 24, "°C", cite("EN 16798-1", _S)),
    _figure("en_16798_category_2_summer_low", 23, "°C", cite("EN 16798-1", _S)),
    _figure("en_16798_category_2_summer_high", 26, "°C", cite("EN 16798-1", _S)),
    _figure("duty_log_kept", 1, "year", cite("GB 25201", _H)),
    _figure("fire_test_records_kept", 5, "years", cite("GB 25201", _H)),
)

FIGURES: Mapping[str, Figure] = MappingProxyType({figure.name: figure for figure in _FIGURES})

RESPONSES: Mapping[Severity, Response] = MappingProxyType(
    {
        Severity.RED: Response(acknowledge=timedelta(minutes=1), escalate=timedelta(minutes=3), fix=timedelta(0)),
        Severity.ORANGE: Response(
            acknowledge=timedelta(minutes=15), escalate=timedelta(hours=1), fix=timedelta(hours=24)
        ),
        Severity.YELLOW: Response(
            acknowledge=timedelta(days=1),
            escalate=timedelta(days=3),
            fix=timedelta(days=7),
            acknowledge_clock=Clock.WORKDAYS,
        ),
        Severity.BLUE: Response(acknowledge=timedelta(days=3), escalate=timedelta(days=7), fix=timedelta(days=30)),
    }
)
"""What a site starts with; it may set its own."""
