"""The InfluxQL that panels ask, over the raw and the hourly bucket of one database."""

from sensors.metrics import METRICS

VARIABLES = ("site", "building", "floor")
_NO_VALUE = 128
"""The bit of `METRIC_flags` that says a device had no value, whatever the value's field still holds."""
_AMOUNT = 2
"""The bit of a roll-up's `METRIC_state` that says its amount holds; a roll-up that is gone has -1."""

# An absent tag matches `.*`, which is what the variables hold for "all".
SCOPE = " AND ".join(f'"{name}" =~ /^(?:${{{name}:regex}})$/' for name in VARIABLES)


def raw(metric: str, function: str = "mean", *, by: str = "room", every: str = "$__interval") -> str:
    """Return the query of a metric's readings by a tag, in the metric's canonical unit."""
    return (
        f'SELECT {function}("{metric}") FROM "raw"."{METRICS[metric].kind.value}" '  # noqa: S608 - names of ours
        f'WHERE "{metric}_flags" < {_NO_VALUE} AND {SCOPE} AND $timeFilter '
        f'GROUP BY time({every}), "{by}" fill(none)'
    )


def last(metric: str, *, by: str = "device") -> str:
    """Return the query of the last reading of each device or place, with its time."""
    return (
        f'SELECT last("{metric}") FROM "raw"."{METRICS[metric].kind.value}" '  # noqa: S608 - names of ours
        f'WHERE {SCOPE} AND $timeFilter GROUP BY "{by}"'
    )


def energy(function: str = "sum", *, every: str = "1h", by: str = "device", times: str = "") -> str:
    """Return the query of electricity per hour or day, kWh, from the roll-ups that conserve a meter's total."""
    return (
        f'SELECT {function}("energy_import_kwh_amount"){times} FROM "hourly"."electricity" '  # noqa: S608 - as above
        f'WHERE "energy_import_kwh_state" >= {_AMOUNT} AND {SCOPE} AND $timeFilter '
        f'GROUP BY time({every}), "{by}" fill(none)'
    )


def events(measurement: str, *types: str, every: str = "1h") -> str:
    """Return the query of how many events of these types began; tests of a panel do not count."""
    wanted = " OR ".join(f"\"type\" = '{each}'" for each in types)
    return (
        f'SELECT count("type") FROM "raw"."{measurement}" '  # noqa: S608 - as above
        f'WHERE ({wanted}) AND "state" != \'cleared\' AND "test" = 0 AND {SCOPE} AND $timeFilter '
        f'GROUP BY time({every}), "device" fill(none)'
    )


ALARMS = (
    'SELECT "type" AS "title", "zone" AS "text" FROM "raw"."fire_alarm" '  # noqa: S608 - names of ours
    f'WHERE "type" = \'fire\' AND "state" = \'active\' AND "test" = 0 AND {SCOPE} AND $timeFilter'
)
"""What is drawn across every dashboard: the fire alarms, each at its time."""
