"""How the line of each reading's series begins: by where its device was at the reading's time."""

from collections.abc import Mapping, Sequence

import polars as pl

from sensors.metrics import METRICS
from sensors.topology import SiteId
from storage.ports import Places, PlaceSpan
from storage.readings.frames import SERIES
from storage.readings.influxdb_lines import EARLIEST_MS, kind_of, series_key

_KEYS_SCHEMA = pl.Schema(
    {"device": pl.String, "metric": pl.String, "phase": pl.String, "time_ms": pl.Int64, "key": pl.String}
)

NOWHERE = PlaceSpan(start_ms=EARLIEST_MS)


class Nowhere:
    """Places for a store that knows no registry."""

    def spans(self, _site: SiteId, _device: str) -> Sequence[PlaceSpan]:
        """Return none."""
        return ()


def with_keys(readings: pl.DataFrame, site: SiteId, places: Places) -> pl.DataFrame:
    """KEYED_SCHEMA of READINGS_SCHEMA: the place is the registry's as it stands now, at the reading's own time."""
    series = readings.select(SERIES).unique(maintain_order=True).rows()
    spans = {device: _from_the_beginning(places.spans(site, device)) for device, _, _ in series}
    rows = [
        (*each, span.start_ms, series_key(kind_of(each[1]), _tags(site, each, span)))
        for each in series
        for span in spans[each[0]]
    ]
    keys = pl.DataFrame(rows, schema=_KEYS_SCHEMA, orient="row")
    if len(rows) == len(series):
        return readings.join(keys.drop("time_ms"), on=SERIES, how="left", maintain_order="left")
    numbered = readings.with_row_index("row").sort("time_ms")
    placed = numbered.join_asof(keys.sort("time_ms"), on="time_ms", by=list(SERIES), check_sortedness=False)
    return placed.sort("row").drop("row")


def known_metrics(readings: pl.DataFrame) -> pl.Series:
    """Return which rows are of a metric that has a measurement to go to."""
    return readings["metric"].is_in(list(METRICS))


def _from_the_beginning(spans: Sequence[PlaceSpan]) -> Sequence[PlaceSpan]:
    if spans and spans[0].start_ms <= EARLIEST_MS:
        return spans
    return (NOWHERE, *spans)


def _tags(site: SiteId, series: tuple[str, str, str], span: PlaceSpan) -> Mapping[str, str]:
    device, _, phase = series
    return {
        "building": span.building,
        "device": device,
        "floor": span.floor,
        "phase": phase,
        "room": span.room,
        "site": site,
    }
