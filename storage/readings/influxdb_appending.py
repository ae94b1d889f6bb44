"""Readings on their way into InfluxDB: which are new, which say nothing new, and under which place they go.

InfluxDB does not tell whether a point was there. So what may be there is asked for before: all but what is newer than
its series, which in the ordinary course of time is nothing. A key that is there keeps the series it is in, wherever
the registry puts its device by now; therefore one key is one point, whose last received value wins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import polars as pl

from sensors.metrics import METRICS
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.ports import AppendResult, Places, Refusal
from storage.readings import influxdb_answers as answers
from storage.readings import influxdb_queries as queries
from storage.readings.frames import KEY, SERIES, batch_frame, stretches
from storage.readings.influxdb_lines import EARLIEST_MS, LATEST_MS, reading_lines
from storage.readings.influxdb_places import with_keys
from storage.readings.influxdb_queries import ALL_METRICS, ALL_TAGS, Bucket, Scope
from storage.readings.influxdb_sending import send
from storage.readings.influxdb_server import InfluxServer

DEVICES_AT_ONCE = 100
STATEMENTS_AT_ONCE = 50
APART_MS = 3_600_000
"""What lies further apart is asked for in two statements, so that one late reading does not fetch a year."""

MOST_STRETCHES = 64

_OUT_OF_TIME = "a time that InfluxDB cannot hold: it knows 1677 to 2262"
_UNKNOWN_METRIC = "a metric that this Premises does not know"


@dataclass(frozen=True, slots=True)
class Plan:
    """The readings of one site with key and fate: new, replaced, same, or the words why the store refuses it.

    `given` counts them with those that a later one of the same batch supersedes.
    """

    site: SiteId
    given: int
    rows: pl.DataFrame

    @property
    def changing(self) -> pl.DataFrame:
        """Return the rows that are to be written."""
        return self.rows.filter(_goes_in())

    def result(self, *, redo: bool) -> AppendResult:
        """Return what came of it; in a redo what says the same was stored by the attempt that broke off."""
        fates = dict(self.rows["fate"].value_counts().iter_rows())
        again = fates.get("same", 0) if redo else 0
        new, replaced = fates.get("new", 0) + again, fates.get("replaced", 0)
        lost = self.rows.filter(~_goes_in() & (pl.col("fate") != "same"))
        refused = [
            Refusal(words=str(words), readings=_batch(self.site, rows)) for (words,), rows in lost.group_by("fate")
        ]
        unchanged = self.given - new - replaced - lost.height
        return AppendResult(new=new, replaced=replaced, unchanged=unchanged, refused=tuple(refused))


class ReadingWriter:
    """Plans and writes the readings of all sites into one bucket. For one thread at a time."""

    def __init__(self, server: InfluxServer, bucket: Bucket, places: Places) -> None:
        """Take where to write; nothing is asked before the first plan."""
        self._server = server
        self._bucket = bucket
        self._places = places
        self._newest: dict[SiteId, pl.DataFrame] = {}

    def plan(self, batch: ReadingBatch) -> Plan:
        """Return what is to become of a batch; of one key its last counts."""
        rows = batch_frame(batch)
        fitting = rows.filter(_fits())
        before = self._stored(batch.site, fitting).rename({"key": "kept_key"})
        compared = fitting.join(before, on=KEY, how="left", suffix="_before", maintain_order="left")
        keyed = with_keys(compared, batch.site, self._places)
        judged = keyed.with_columns(key=pl.coalesce("kept_key", "key"), fate=_fate()).select(
            *rows.columns, "key", "fate"
        )
        refused = rows.filter(~_fits()).with_columns(key=pl.lit(""), fate=_why_not())
        return Plan(batch.site, len(batch), pl.concat([judged, refused]))

    def write(self, plan: Plan) -> Plan:
        """Return the plan as it came out, after all that the server takes is in.

        Raises StoreAwayError and StoreDeniedError; then nobody knows what is in, and the next plan asks.
        """
        rows = plan.changing
        try:
            refused = send(self._server, self._bucket.name, reading_lines(rows).to_list())
        except BaseException:
            self._newest.pop(plan.site, None)
            raise
        if refused:
            words = {each.position: each.words for each in refused}
            told = pl.Series([words.get(index) for index in range(rows.height)], dtype=pl.String)
            rows = rows.with_columns(fate=pl.coalesce(told, "fate"))
        self._note_newest(plan.site, rows.filter(_goes_in()))
        return Plan(plan.site, plan.given, pl.concat([plan.rows.filter(~_goes_in()), rows]))

    def _stored(self, site: SiteId, rows: pl.DataFrame) -> pl.DataFrame:
        """KEYED_SCHEMA of what the server has under the keys of the rows, as far as it can have some, and more."""
        newest = self._newest_of(site)
        maybe = rows.join(newest, on=SERIES, how="inner").filter(pl.col("time_ms") <= pl.col("newest_ms"))
        found = [answers.KEYED_SCHEMA.to_frame()]
        asked = list(self._questions(site, maybe))
        for start in range(0, len(asked), STATEMENTS_AT_ONCE):
            some = asked[start : start + STATEMENTS_AT_ONCE]
            answer = self._server.ask([statement for _, statement in some])
            found.append(answers.readings(answer, [metric for metric, _ in some]))
        return pl.concat(found).unique(KEY, keep="last")

    def _questions(self, site: SiteId, rows: pl.DataFrame) -> Iterator[tuple[str, str]]:
        for (metric,), of_metric in rows.group_by("metric"):
            devices = of_metric["device"].unique().sort().to_list()
            for start in range(0, len(devices), DEVICES_AT_ONCE):
                some = devices[start : start + DEVICES_AT_ONCE]
                times = of_metric.filter(pl.col("device").is_in(some))["time_ms"]
                for first, last in stretches(times, apart_ms=APART_MS, most=MOST_STRETCHES):
                    scope = Scope(site=site, start_ms=first, end_ms=last + 1, devices=some)
                    yield str(metric), queries.readings(self._bucket, str(metric), scope, by=ALL_TAGS)

    def _newest_of(self, site: SiteId) -> pl.DataFrame:
        """Return the time of the newest reading of each series: device, metric, phase, newest_ms."""
        known = self._newest.get(site)
        if known is None:
            asked = [queries.latest(self._bucket, metric, Scope(site=site)) for metric in ALL_METRICS]
            found = answers.latest(self._server.ask(asked), ALL_METRICS)
            known = self._newest[site] = found.select(*SERIES, newest_ms="time_ms")
        return known

    def _note_newest(self, site: SiteId, written: pl.DataFrame) -> None:
        both = pl.concat([self._newest_of(site), written.select(*SERIES, newest_ms="time_ms")])
        self._newest[site] = both.group_by(SERIES).agg(pl.max("newest_ms"))


def _goes_in() -> pl.Expr:
    return pl.col("fate").is_in(["new", "replaced"])


def _fits() -> pl.Expr:
    return pl.col("metric").is_in(list(METRICS)) & pl.col("time_ms").is_between(EARLIEST_MS, LATEST_MS, closed="left")


def _why_not() -> pl.Expr:
    known = pl.col("metric").is_in(list(METRICS))
    return pl.when(known).then(pl.lit(_OUT_OF_TIME)).otherwise(pl.lit(_UNKNOWN_METRIC))


def _fate() -> pl.Expr:
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"{name}_before")) for name in ("value", "quality", "flags")
    )
    known = pl.col("kept_key").is_not_null()
    return pl.when(~known).then(pl.lit("new")).when(same).then(pl.lit("same")).otherwise(pl.lit("replaced"))


def _batch(site: SiteId, rows: pl.DataFrame) -> ReadingBatch:
    batch = ReadingBatch(site=site)
    for row in rows.with_columns(pl.col("value").fill_null(nan)).iter_rows(named=True):
        batch.add(
            row["time_ms"],
            row["device"],
            row["metric"],
            row["value"],
            phase=row["phase"],
            quality=row["quality"],
            flags=row["flags"],
        )
    return batch
