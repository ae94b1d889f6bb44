"""The InfluxQL that we ask: only what 1.8, 2.x and 3 all answer, every name and text quoted.

Left out on purpose, for 2.x or 3 have none of it: INTEGRAL, SAMPLE, SLIMIT, SHOW SERIES, SELECT INTO and continuous
queries. A misspelt name is no error to the server, so what comes back is looked at column by column.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sensors.metrics import METRICS
from sensors.readings import Quality
from sensors.topology import SiteId
from storage.ports import Step
from storage.readings.influxdb_lines import (
    EARLIEST_MS,
    EVENT_FIELDS,
    EVENT_MEASUREMENTS,
    LATEST_MS,
    NANOSECONDS,
    NO_VALUE,
    kind_of,
    rollup_fields,
    tag_value,
)

ALL_METRICS = tuple(METRICS)
SERIES_TAGS = "device, phase"
ALL_TAGS = "*"
STEP_NAMES: dict[Step, str] = {"hour": "1h", "day": "1d"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket by its name: `premises/raw` is retention policy `raw` of database `premises`."""

    name: str

    @property
    def database(self) -> str:
        """Return the database that InfluxQL knows it by."""
        return self.name.rpartition("/")[0] or self.name

    @property
    def policy(self) -> str:
        """Return its retention policy; a name without a slash means `autogen`."""
        return self.name.rpartition("/")[2] if "/" in self.name else "autogen"

    def measurement(self, name: str) -> str:
        """Return a measurement of the bucket, as FROM takes it."""
        return f"{identifier(self.database)}.{identifier(self.policy)}.{identifier(name)}"


def identifier(name: str) -> str:
    """Return a name in InfluxQL's double quotes."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(text: str) -> str:
    """Return a text in InfluxQL's single quotes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is asked about: a site, [start_ms, end_ms), and devices, all where there are none named."""

    site: SiteId
    start_ms: int = EARLIEST_MS
    end_ms: int = LATEST_MS
    devices: Collection[str] | None = None

    @property
    def where(self) -> str:
        """Return the condition."""
        terms = [f"{identifier('site')} = {literal(tag_value(self.site))}", _between(self.start_ms, self.end_ms)]
        if self.devices is not None:
            named = (f"{identifier('device')} = {literal(tag_value(device))}" for device in self.devices)
            terms.append(f"({' OR '.join(named)})")
        return " AND ".join(terms)


def _between(start_ms: int, end_ms: int) -> str:
    """Return the condition of [start_ms, end_ms); a time beyond what nanoseconds hold is taken for their end."""
    start, end = (min(max(each, EARLIEST_MS), LATEST_MS) for each in (start_ms, end_ms))
    return f"time >= {start * NANOSECONDS} AND time < {end * NANOSECONDS}"


def readings(bucket: Bucket, metric: str, scope: Scope, *, by: str = SERIES_TAGS) -> str:
    """Ask for value, quality and flags of a metric; one series for each device and phase, or each set of tags."""
    columns = ", ".join(map(identifier, (metric, f"{metric}_quality", f"{metric}_flags")))
    return _select(columns, bucket.measurement(kind_of(metric)), scope.where, by)


def latest(bucket: Bucket, metric: str, scope: Scope) -> str:
    """Ask for the newest reading of each series; the quality is there even where the value is not."""
    columns = f"last({identifier(f'{metric}_quality')}), {identifier(metric)}, {identifier(f'{metric}_flags')}"
    return _select(columns, bucket.measurement(kind_of(metric)), scope.where, SERIES_TAGS)


def edge(bucket: Bucket, metric: str, function: str, scope: Scope | None = None) -> str:
    """Ask for the `first` or `last` reading of a metric, of all sites where there is no scope."""
    where = "" if scope is None else scope.where
    return _select(f"{function}({identifier(f'{metric}_quality')})", bucket.measurement(kind_of(metric)), where)


def count(bucket: Bucket, metric: str, start_ms: int, end_ms: int) -> str:
    """Ask how many readings of a metric there are in [start_ms, end_ms), of all sites."""
    counted = f"count({identifier(f'{metric}_quality')})"
    return _select(counted, bucket.measurement(kind_of(metric)), _between(start_ms, end_ms))


def aggregate(bucket: Bucket, metric: str, step: Step, scope: Scope) -> str:
    """Ask for mean, minimum, maximum and count of what is good or estimated, by UTC-aligned bucket."""
    value = identifier(metric)
    usable = (
        f"{identifier(f'{metric}_quality')} <= {int(Quality.ESTIMATED)}"
        f" AND {identifier(f'{metric}_flags')} < {NO_VALUE}"
    )
    return _select(
        f"mean({value}), min({value}), max({value}), count({value})",
        bucket.measurement(kind_of(metric)),
        f"{scope.where} AND {usable}",
        f"time({STEP_NAMES[step]}), {SERIES_TAGS} fill(none)",
    )


def rollups(bucket: Bucket, metric: str, scope: Scope) -> str:
    """Ask for the roll-ups of a metric, one series for each set of tags."""
    columns = ", ".join(identifier(name) for name in rollup_fields(metric))
    return _select(columns, bucket.measurement(kind_of(metric)), scope.where, ALL_TAGS)


def events(bucket: Bucket, scope: Scope) -> Iterator[str]:
    """Ask for the events, one statement for each measurement that holds some."""
    columns = ", ".join(map(identifier, EVENT_FIELDS))
    for measurement in EVENT_MEASUREMENTS:
        yield _select(columns, bucket.measurement(measurement), scope.where, "device")


def _select(columns: str, source: str, where: str = "", by: str = "") -> str:
    clauses = {"SELECT": columns, "FROM": source, "WHERE": where, "GROUP BY": by}
    return " ".join(f"{clause} {words}" for clause, words in clauses.items() if words)
