"""Rules that look at readings themselves, a week at a time, so that no run holds all readings at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from analytics.frame import RunData
from analytics.rules.co2 import co2, high_co2
from analytics.rules.empty_load import empty_hours, empty_load
from analytics.rules.formaldehyde import formaldehyde, gassy
from analytics.rules.fresh_air import fresh_air, stale_air
from analytics.rules.frozen import frozen, standing_still
from analytics.rules.humidity import building_humidity, humidity
from analytics.rules.light import dim, light
from analytics.rules.lighting_density import bright, lighting_density
from analytics.rules.noise import loud, noise
from analytics.rules.open_window import open_while_running, open_window
from analytics.rules.overcooling import OVERCOOLING
from analytics.rules.overheating import OVERHEATING
from analytics.rules.overload import overload, overloaded
from analytics.rules.particles import dusty, particles
from analytics.rules.phases import phases
from analytics.rules.temperature import temperature, uncomfortable
from analytics.rules.voltage import strayed, unbalanced, voltage
from analytics.week import Week
from sensors.verdicts import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyRule:
    """A rule in two steps: what to keep of each week, and what to say when all weeks were seen."""

    keep: Callable[[RunData, Week], pl.DataFrame]
    conclude: Callable[[RunData, pl.DataFrame], list[Finding]]


def _empty_hours(data: RunData, week: Week) -> pl.DataFrame:
    within = pl.col("day").is_between(week.first, week.last)
    return empty_hours(data, week.tracks, week.parts_around).filter(within)


WEEKLY_RULES: Mapping[str, WeeklyRule] = MappingProxyType(
    {
        "A01": WeeklyRule(keep=high_co2, conclude=co2),
        "A02": WeeklyRule(keep=stale_air, conclude=fresh_air),
        "A03": WeeklyRule(keep=dusty, conclude=particles),
        "A04": WeeklyRule(keep=gassy, conclude=formaldehyde),
        "A05": WeeklyRule(keep=uncomfortable, conclude=temperature),
        "A06": WeeklyRule(keep=building_humidity, conclude=humidity),
        "A07": WeeklyRule(keep=dim, conclude=light),
        "A08": WeeklyRule(keep=loud, conclude=noise),
        "E05": WeeklyRule(keep=_empty_hours, conclude=empty_load),
        "E06": WeeklyRule(keep=OVERCOOLING.keep, conclude=OVERCOOLING.conclude),
        "E07": WeeklyRule(keep=OVERHEATING.keep, conclude=OVERHEATING.conclude),
        "E08": WeeklyRule(keep=open_while_running, conclude=open_window),
        "E09": WeeklyRule(keep=bright, conclude=lighting_density),
        "G02": WeeklyRule(keep=standing_still, conclude=frozen),
        "L04": WeeklyRule(keep=overloaded, conclude=overload),
        "L05": WeeklyRule(keep=strayed, conclude=voltage),
        "L06": WeeklyRule(keep=unbalanced, conclude=phases),
    }
)

__all__ = ["WEEKLY_RULES", "Week", "WeeklyRule"]
