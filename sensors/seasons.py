"""Seasons: when a site's buildings are heated and cooled, as they were run, else as is usual in its climate zone.

The usual dates are the project's own choice. Of the cold zones they are those on which most cities there heat; the
district's operator may begin sooner, which `site.heating_dates` of the registry says.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from sensors.topology import ClimateZone, DateSpan, Site

MonthDay = tuple[int, int]


class Season(StrEnum):
    """What a building's plant is there for."""

    WINTER = "winter"
    SUMMER = "summer"


HEATED: Mapping[ClimateZone, tuple[MonthDay, MonthDay]] = MappingProxyType(
    {
        ClimateZone.SEVERE_COLD_AND_COLD: ((11, 15), (3, 15)),
        ClimateZone.HOT_SUMMER_COLD_WINTER: ((12, 1), (2, 29)),
    }
)
"""Both inclusive; zones that are not named are not heated."""

COOLED: Mapping[ClimateZone, tuple[MonthDay, MonthDay]] = MappingProxyType(
    {
        ClimateZone.SEVERE_COLD_AND_COLD: ((6, 1), (8, 31)),
        ClimateZone.HOT_SUMMER_COLD_WINTER: ((6, 1), (9, 30)),
        ClimateZone.HOT_SUMMER_WARM_WINTER: ((5, 1), (10, 15)),
        ClimateZone.MILD: ((6, 1), (8, 31)),
    }
)


def conditioned_season(site: Site, day: date) -> Season | None:
    """Return the season for which a site is heated or cooled on a local day, None between the seasons."""
    if _within(day, site.heating_dates, site.climate_zone, HEATED):
        return Season.WINTER
    return Season.SUMMER if _within(day, site.cooling_dates, site.climate_zone, COOLED) else None


def seasons_known(site: Site) -> bool:
    """Say whether anything tells the seasons: the climate zone, or dates as they were run."""
    return site.climate_zone is not None or bool(site.heating_dates or site.cooling_dates)


def _within(
    day: date,
    run: tuple[DateSpan, ...],
    zone: ClimateZone | None,
    usual: Mapping[ClimateZone, tuple[MonthDay, MonthDay]],
) -> bool:
    if run:
        return any(span.holds(day) for span in run)
    return zone is not None and zone in usual and _in_year(day, usual[zone])


def _in_year(day: date, span: tuple[MonthDay, MonthDay]) -> bool:
    first, last = span
    now = (day.month, day.day)
    return first <= now <= last if first <= last else now >= first or now <= last
