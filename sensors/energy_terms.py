"""What a site's energy is priced and held against: tariff, carbon factors, provincial quotas, peers; with sources."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sensors.bills import Bill
from sensors.catalogue.figures import CARBON_FACTORS, ENERGY_QUOTAS, NATIONAL_GRID
from sensors.catalogue.model import Source
from sensors.hours import MINUTES_A_DAY, Hours
from sensors.topology import Building, ClimateZone, EnergyClass, Site


class Period(StrEnum):
    """Periods of a tariff, the dearest first. 尖峰、高峰、平段、低谷、深谷."""

    CRITICAL_PEAK = "critical_peak"
    PEAK = "peak"
    FLAT = "flat"
    VALLEY = "valley"
    DEEP_VALLEY = "deep_valley"


PEAKS = frozenset({Period.CRITICAL_PEAK, Period.PEAK})


class TariffDays(StrEnum):
    """On which days of its months a season of a tariff holds."""

    ALL = "all"
    WORKDAYS = "workdays"
    RESTDAYS = "restdays"


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffSeason:
    """The periods of some months. What no span names is flat."""

    months: frozenset[int]
    days: TariffDays = TariffDays.ALL
    spans: tuple[tuple[Period, Hours], ...] = ()

    def holds(self, day: date, *, is_workday: bool) -> bool:
        """Say whether a day is one of the season's."""
        wanted = {TariffDays.ALL: True, TariffDays.WORKDAYS: is_workday, TariffDays.RESTDAYS: not is_workday}
        return day.month in self.months and wanted[self.days]

    def day_parts(self) -> Iterator[tuple[int, int, Period]]:
        """Yield the parts of a day, begin and end in minutes since midnight, without a gap."""
        named = sorted((begin, end, period) for period, hours in self.spans for begin, end in hours)
        at = 0
        for begin, end, period in named:
            if at < begin:
                yield at, begin, Period.FLAT
            yield begin, end, period
            at = end
        if at < MINUTES_A_DAY:
            yield at, MINUTES_A_DAY, Period.FLAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Prices by period, CNY/kWh, from `first` to `last` (open where None); the first season that holds counts."""

    first: date
    last: date | None
    prices_cny_kwh: tuple[tuple[Period, float], ...]
    seasons: tuple[TariffSeason, ...]
    source: str
    water_cny_m3: float | None = None

    def holds(self, day: date) -> bool:
        """Say whether the tariff is in force on a day."""
        return self.first <= day and (self.last is None or day <= self.last)

    def parts(self, day: date, *, is_workday: bool) -> tuple[tuple[int, int, Period], ...]:
        """Return begin, end (minutes since midnight) and period of each part of a day, whether in force or not."""
        season = next(each for each in self.seasons if each.holds(day, is_workday=is_workday))
        return tuple(season.day_parts())

    def price(self, period: Period) -> float:
        """Return the price of a period, CNY/kWh."""
        return dict(self.prices_cny_kwh)[period]

    def mean_price(self, day: date, *, is_workday: bool) -> float:
        """Return the mean price over the hours of a day, CNY/kWh: for energy whose hours are not known."""
        parts = self.parts(day, is_workday=is_workday)
        return sum((end - begin) * self.price(period) for begin, end, period in parts) / MINUTES_A_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCarbonFactor:
    """A factor of the site's own file, kgCO2/kWh, of a grid or province in one year."""

    grid: str
    year: int
    kg_per_kwh: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteQuota:
    """A provincial quota, kWh/(m²·a) of gross area; a zone that is not named stands for all."""

    energy_class: EnergyClass
    climate_zone: ClimateZone | None
    constraint_kwh_m2: float
    guide_kwh_m2: float | None
    source: str
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A building elsewhere of a class, and its intensity in one year, kWh/(m²·a)."""

    energy_class: EnergyClass
    kwh_m2: float
    source: str
    year: int


class TargetMeasure(StrEnum):
    """What a target is set for; the value's unit is the name's end."""

    ELECTRICITY_KWH = "electricity_kwh"
    ELECTRICITY_KWH_M2 = "electricity_kwh_m2"
    ELECTRICITY_KWH_PERSON = "electricity_kwh_person"
    WATER_M3 = "water_m3"
    WATER_M3_PERSON = "water_m3_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a year's use shall not be above, and who set that."""

    measure: TargetMeasure
    year: int
    value: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What the unit means to do in a year, as people wrote it."""

    year: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What binds, and what to aim at where it is known, kWh/(m²·a), and who says so."""

    constraint_kwh_m2: float
    guide_kwh_m2: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A carbon factor as it is used: kgCO2/kWh, of which grid and year, and who says so."""

    grid: str
    year: int
    kg_per_kwh: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyTerms:
    """Everything of a site's energy file. What is not there is not priced; factors and quotas have defaults."""

    tariffs: tuple[Tariff, ...] = ()
    factors: tuple[SiteCarbonFactor, ...] = ()
    quotas: tuple[SiteQuota, ...] = ()
    peers: tuple[Peer, ...] = ()
    credit_code: str = ""
    """统一社会信用代码 of the unit that reports."""
    targets: tuple[Target, ...] = ()
    intents: tuple[Intent, ...] = ()

    def tariff_on(self, day: date) -> Tariff | None:
        """Return the tariff in force on a day, None where there is none."""
        return next((tariff for tariff in self.tariffs if tariff.holds(day)), None)

    def quota(self, site: Site, building: Building) -> Limit | None:
        """Return the limit of a building: the province's, else the national one; None without class or zone."""
        if building.energy_class is None:
            return None
        own = [each for each in self.quotas if each.energy_class is building.energy_class]
        for each in sorted(own, key=lambda quota: (quota.climate_zone is None, -quota.year)):
            if each.climate_zone in {None, site.climate_zone}:
                return Limit(
                    constraint_kwh_m2=each.constraint_kwh_m2, guide_kwh_m2=each.guide_kwh_m2, source=each.source
                )
        if site.climate_zone is None:
            return None
        national = ENERGY_QUOTAS[site.climate_zone, building.energy_class]
        return Limit(
            constraint_kwh_m2=national.constraint_kwh_m2,
            guide_kwh_m2=national.guide_kwh_m2,
            source=_told(national.source),
        )

    def factor(self, site: Site, year: int) -> Factor | None:
        """Return the factor of a year, or of the last one before it: of the site's grid, else the national one.

        A grid's factors of the site's own file go before those that come with the program. None where no factor is
        of that year or before.
        """
        known = [
            *(Factor(grid=f.grid, year=f.year, kg_per_kwh=f.kg_per_kwh, source=f.source) for f in self.factors),
            *(
                Factor(grid=f.grid, year=f.year, kg_per_kwh=f.kg_per_kwh, source=_told(f.source))
                for f in CARBON_FACTORS
            ),
        ]
        for grid in dict.fromkeys((site.grid, NATIONAL_GRID)):
            of_grid = [each for each in known if each.grid == grid and each.year <= year]
            if of_grid:
                return max(of_grid, key=lambda each: each.year)
        return None


NO_TERMS = EnergyTerms()
"""A site without a file of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyFacts:
    """What people wrote down of a site's energy: the terms, and the bills, asked for only when a rule wants them."""

    terms: EnergyTerms = NO_TERMS
    bills: Callable[[], Sequence[Bill]] = tuple


NO_FACTS = EnergyFacts()
"""Nobody wrote anything down."""


def months_without_season(seasons: Sequence[TariffSeason]) -> list[int]:
    """Return the months on some days of which no season holds."""
    covered = {
        days: {month for season in seasons if season.days in {TariffDays.ALL, days} for month in season.months}
        for days in (TariffDays.WORKDAYS, TariffDays.RESTDAYS)
    }
    return [month for month in range(1, 13) if not all(month in months for months in covered.values())]


def _told(source: Source) -> str:
    return f"{source.text} [{source.confidence.value}]"
