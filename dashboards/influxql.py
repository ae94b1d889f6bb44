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


UNTIL = "time <= ${__to}ms"
"""All there is at the end of the time shown: what is still open may have begun long before it."""

_SITE = '"site" =~ /^(?:${site:regex})$/'


def records(measurement: str, *fields: str, where: str) -> str:
    """Return the query of single findings, alerts or items, one row each, tags among the fields."""
    columns = ", ".join(f'"{name}"' for name in fields)
    return f'SELECT {columns} FROM "raw"."{measurement}" WHERE {where} AND {SCOPE} AND {UNTIL}'  # noqa: S608 - as above


def number_of(measurement: str, *, where: str, by: str = "") -> str:
    """Return the query of how many findings, alerts or items there are, in all or by a tag."""
    grouped = f' GROUP BY "{by}"' if by else ""
    counted = f'SELECT count("open") AS "{measurement}" FROM "raw"."{measurement}"'  # noqa: S608 - as above
    return f"{counted} WHERE {where} AND {SCOPE} AND {UNTIL}{grouped}"


def taken(field: str, function: str, *, every: str = "1d") -> str:
    """Return the query of how many seconds alerts took, by rule and by when they began; tests are left out."""
    return (
        f'SELECT {function}("{field}") FROM "raw"."alerts" '  # noqa: S608 - as above
        f'WHERE "test" = 0 AND {SCOPE} AND $timeFilter GROUP BY time({every}), "rule" fill(none)'
    )


def steps(action: str, *, every: str = "1d") -> str:
    """Return the query of how often a step was taken with items."""
    return (
        f'SELECT count("number") AS "{action}" FROM "raw"."item_steps" '  # noqa: S608 - as above
        f"WHERE \"action\" = '{action}' AND {SCOPE} AND $timeFilter GROUP BY time({every}) fill(none)"
    )


def of_site(measurement: str, *fields: str, function: str = "last", by: str = "site") -> str:
    """Return the query of what is known of a whole site, or of its gateways."""
    shown = ", ".join(f'{function}("{name}") AS "{name}"' for name in fields)
    return (
        f'SELECT {shown} FROM "raw"."{measurement}" '  # noqa: S608 - as above
        f'WHERE {_SITE} AND $timeFilter GROUP BY time($__interval), "{by}" fill(none)'
    )


def now_of_site(measurement: str, *fields: str) -> str:
    """Return the query of the newest of what is known of a whole site."""
    shown = ", ".join(f'last("{name}") AS "{name}"' for name in fields)
    return f'SELECT {shown} FROM "raw"."{measurement}" WHERE {_SITE} AND {UNTIL} GROUP BY "site"'  # noqa: S608 - as above


def hours_of_week() -> str:
    """Return the query of the share of each hour of the week that was occupied: weekdays down, hours across."""
    shown = ", ".join(f'mean("h{hour:02}") AS "{hour:02}"' for hour in range(24))
    return f'SELECT {shown} FROM "raw"."occupied_hours" WHERE {SCOPE} AND $timeFilter GROUP BY "weekday"'  # noqa: S608 - as above


ALARMS = (
    'SELECT "type" AS "title", "zone" AS "text" FROM "raw"."fire_alarm" '  # noqa: S608 - names of ours
    f'WHERE "type" = \'fire\' AND "state" = \'active\' AND "test" = 0 AND {SCOPE} AND $timeFilter'
)
"""What is drawn across every dashboard: the fire alarms, each at its time."""

RED_ALERTS = (
    'SELECT "event" AS "title", "zone" AS "text", "rule" AS "tags" FROM "raw"."alerts" '  # noqa: S608 - as above
    f'WHERE "severity" = \'red\' AND "test" = 0 AND {SCOPE} AND $timeFilter'
)
"""Every red alert, at its onset."""

SIGNED_OFF = (
    'SELECT "rule" AS "title", "number" AS "text", "subject" AS "tags" FROM "raw"."item_steps" '  # noqa: S608 - as above
    f"WHERE \"action\" = 'sign_off' AND {SCOPE} AND $timeFilter"
)
"""Every item that was signed off, then."""
