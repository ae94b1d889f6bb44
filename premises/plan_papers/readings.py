"""The readings of a closing sheet: day by day, of what the item's rule looks at, at the item's place."""

from collections.abc import Iterator
from datetime import date

import polars as pl

from analytics.ports import RollupStore
from api.privacy import tells_of_presence
from rectification.model import rule_of
from rectification.verification import devices_behind
from reports.closing import days_shown, verified_limit, verified_window
from reports.closing_chart import DailyValues
from reports.ledger import Entry, Wording
from sensors.readings import epoch_ms, from_epoch_ms

CUMULATIVE = "energy_import_kwh"


def daily_values(store: RollupStore, entry: Entry, wording: Wording) -> DailyValues | None:
    """Return the readings before and after; None where none are known, or they would tell who was there."""
    registry, item = wording.registry, entry.item
    shown, window = days_shown(entry), verified_window(entry)
    if shown is None or window is None or tells_of_presence(registry, item.rule, item.subject):
        return None
    devices = {device.id for device in devices_behind(registry, item, since=wording.day(shown[0]))}
    for metric in _metrics(entry):
        rows = store.rollups(
            registry.site.id,
            "day",
            start_ms=epoch_ms(shown[0]),
            end_ms=epoch_ms(shown[1]),
            metrics=[metric],
            devices=sorted(devices),
        )
        days = _by_day(rows, metric, wording)
        if days:
            return DailyValues(
                name=_named(metric, wording),
                unit=_unit(metric),
                days=[day for day, _ in days],
                values=[value for _, value in days],
                mended=None if item.reported_done is None else wording.day(item.reported_done),
                window=(wording.day(window[0]), wording.day(window[1])),
                limit=verified_limit(entry) if len(_units(entry)) == 1 else None,
            )
    return None


def _metrics(entry: Entry) -> Iterator[str]:
    spec = rule_of(entry.item)
    groups = () if spec is None else spec.needs.metrics
    yield from dict.fromkeys(metric for group in groups for metric in sorted(group))


def _units(entry: Entry) -> set[str]:
    return {_unit(metric) for metric in _metrics(entry)}


def _by_day(rows: pl.DataFrame, metric: str, wording: Wording) -> list[tuple[date, float]]:
    """Return energy added up over the meters, everything else as the mean of the sensors."""
    value = pl.col("amount").sum() if metric == CUMULATIVE else pl.col("mean").mean()
    known = rows.drop_nulls("amount" if metric == CUMULATIVE else "mean")
    daily = known.group_by("bucket_ms").agg(value=value).sort("bucket_ms")
    return [(wording.day(from_epoch_ms(bucket)), float(each)) for bucket, each in daily.iter_rows()]


def _named(metric: str, wording: Wording) -> str:
    key = f"metric.{metric}"
    return wording.text(key) if wording.messages.has(key) else metric


def _unit(metric: str) -> str:
    from sensors.metrics import METRICS  # noqa: PLC0415 - a table of all

    return METRICS[metric].unit
