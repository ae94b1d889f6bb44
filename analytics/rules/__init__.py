"""The rules that work, by id. A rule is one file here, one entry below and one in sensors.catalogue."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from analytics.frame import RunData
from analytics.rules.after_hours import after_hours
from analytics.rules.base_load import base_load
from analytics.rules.building_use import low_building_use
from analytics.rules.co2_drift import co2_drift
from analytics.rules.energy_anomaly import energy_anomaly
from analytics.rules.energy_intensity import above_peers, over_quota_use
from analytics.rules.gateway_down import gateway_down
from analytics.rules.idle_office import idle_office
from analytics.rules.leakage_trend import leakage_trend
from analytics.rules.meter_balance import meter_balance
from analytics.rules.missing_data import missing_data
from analytics.rules.night_water import night_water
from analytics.rules.no_show import no_shows
from analytics.rules.not_vacated import not_vacated
from analytics.rules.offline import offline
from analytics.rules.over_quota import over_quota
from analytics.rules.oversized import oversized
from analytics.rules.peak_share import peak_share
from analytics.rules.record import RecordRule
from analytics.rules.room_use import low_meeting_room_use, low_office_use
from analytics.rules.tenure import wrongly_held
from analytics.rules.title import title_unclear
from analytics.rules.weekly import WEEKLY_RULES, WeeklyRule
from sensors.verdicts import Finding

WindowedRule = Callable[[RunData], list[Finding]]

WINDOWED_RULES: Mapping[str, WindowedRule] = MappingProxyType(
    {
        "E01": over_quota_use,
        "E02": above_peers,
        "E03": base_load,
        "E04": after_hours,
        "E10": energy_anomaly,
        "E11": meter_balance,
        "E12": peak_share,
        "G01": offline,
        "G03": co2_drift,
        "G04": gateway_down,
        "G05": missing_data,
        "L02": leakage_trend,
        "S01": idle_office,
        "S02": low_office_use,
        "S03": low_meeting_room_use,
        "S04": no_shows,
        "S05": oversized,
        "S06": low_building_use,
        "W01": night_water,
    }
)
"""Rules that reduce daily features."""

SEASON_RULES = frozenset({"E04"})
"""Rules that compare with the same season of last year."""

RECORD_RULES: Mapping[str, RecordRule] = MappingProxyType(
    {"S07": over_quota, "S08": not_vacated, "S09": title_unclear, "S10": wrongly_held}
)
"""Rules that read the registry alone: they are asked even where there are no readings."""

RULES = tuple(sorted([*WINDOWED_RULES, *WEEKLY_RULES, *RECORD_RULES]))
"""The ids of all rules that work."""

__all__ = [
    "RECORD_RULES",
    "RULES",
    "SEASON_RULES",
    "WEEKLY_RULES",
    "WINDOWED_RULES",
    "RecordRule",
    "WeeklyRule",
    "WindowedRule",
]
