"""Power of circuits from what their meters say."""

import polars as pl

from analytics.intervals import MS_PER_HOUR, SPAN, held, within_spans
from analytics.meter_limits import believed
from analytics.meters import corrected
from analytics.points import with_hold
from sensors.readings import Quality

IMPORT = "energy_import_kwh"
EXPORT = "energy_export_kwh"
POWER = "active_power_w"


def circuit_power(
    readings: pl.DataFrame, point_rows: pl.DataFrame, ct_ratios: pl.DataFrame, *, register: str = IMPORT
) -> pl.DataFrame:
    """Return a track per circuit: mean `power_w` and whether it was `measured`, or spread over a gap.

    Power is what flowed between two readings of a register (analytics.meters) over the time between them, or the held
    active power where a circuit has no register. What a register hid by falling or leaping is spread.
    `ct_ratios` has `subject` and `ct_ratio`, by which a meter behind current transformers is multiplied.
    """
    meters = point_rows.filter(pl.col("subject").str.starts_with("circuit:"))
    from_registers = _register_power(_of_metric(readings, register), meters)
    tracks = [from_registers]
    if register == IMPORT:
        without = meters.join(from_registers.select("subject").unique(), on="subject", how="anti")
        tracks.append(_held_power(_of_metric(readings, POWER), without))
    return (
        pl.concat(tracks)
        .join(ct_ratios, on="subject", how="left")
        .with_columns(power_w=pl.col("power_w") * pl.col("ct_ratio").fill_null(1.0))
        .select("subject", *SPAN, "power_w", "measured")
        .sort("subject", "start_ms")
    )


def _of_metric(readings: pl.DataFrame, metric: str) -> pl.DataFrame:
    return readings.filter((pl.col("metric") == metric) & (pl.col("quality") < Quality.SUSPECT)).drop_nulls("value")


def _register_power(registers: pl.DataFrame, meters: pl.DataFrame) -> pl.DataFrame:
    # a meter that reports on change has no interval: its register stands still between two reports
    put_right = corrected(with_hold(registers, meters), limits=believed(meters))
    length_ms = pl.col("end_ms") - pl.col("start_ms")
    power = put_right.steps().with_columns(power_w=pl.col("amount") * (1000 * MS_PER_HOUR) / length_ms)
    return _per_circuit(power, meters)


def _held_power(samples: pl.DataFrame, meters: pl.DataFrame) -> pl.DataFrame:
    states = held(with_hold(samples, meters), by=["device", "metric", "phase"])
    return _per_circuit(
        states.with_columns(power_w=pl.col("value"), measured=pl.col("quality") == Quality.GOOD), meters
    )


def _per_circuit(power: pl.DataFrame, meters: pl.DataFrame) -> pl.DataFrame:
    columns = ["device", "metric", "phase", *SPAN, "power_w", "measured"]
    spans = meters.select("device", "subject", *SPAN).unique()
    placed = within_spans(power.select(columns), spans, on="device")
    return _one_meter(_all_phases(placed)).select("subject", *SPAN, "power_w", "measured")


def _all_phases(placed: pl.DataFrame) -> pl.DataFrame:
    """Add up the phases that were read together; a total beside them (phase empty) goes first."""
    meter = ["subject", "device", "metric"]
    has_total = (pl.col("phase") == "").any().over(meter)
    wanted = placed.filter((pl.col("phase") == "") | ~has_total).with_columns(
        phases=pl.col("phase").n_unique().over(meter)
    )
    return (
        wanted.group_by(*meter, *SPAN)
        .agg(pl.sum("power_w"), pl.all("measured"), pl.len().alias("found"), pl.first("phases"))
        .filter(pl.col("found") == pl.col("phases"))
    )


def _one_meter(power: pl.DataFrame) -> pl.DataFrame:
    """Keep the first meter, by id, where several were on one circuit at one time."""
    ordered = power.sort("subject", "start_ms", "device")
    first = pl.col("device") == pl.col("device").min().over("subject")
    single = pl.col("device").n_unique().over("subject") == 1
    if ordered.select(single.all()).item():
        return ordered
    chosen = ordered.filter(first)
    reach = chosen.group_by("subject").agg(first_ms=pl.min("start_ms"), last_ms=pl.max("end_ms"))
    others = ordered.filter(~first).join(reach, on="subject")
    outside = (pl.col("end_ms") <= pl.col("first_ms")) | (pl.col("start_ms") >= pl.col("last_ms"))
    rest = others.filter(outside).drop("first_ms", "last_ms")
    return pl.concat([chosen, _one_meter(rest)]).sort("subject", "start_ms") if rest.height else chosen
