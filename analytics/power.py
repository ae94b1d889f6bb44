"""Power of circuits from what their meters say."""

import polars as pl

from analytics.intervals import MS_PER_HOUR, SPAN, held, within_spans
from analytics.meter_limits import believed
from analytics.meter_series import SERIES, numbered
from analytics.meters import corrected
from analytics.points import with_hold
from sensors.readings import Quality

IMPORT = "energy_import_kwh"
EXPORT = "energy_export_kwh"
POWER = "active_power_w"

POWER_SCHEMA = pl.Schema(
    {
        "subject": pl.String,
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "power_w": pl.Float64,
        "measured": pl.Boolean,
    }
)


def circuit_power(
    readings: pl.DataFrame, point_rows: pl.DataFrame, ct_ratios: pl.DataFrame, *, register: str = IMPORT
) -> pl.DataFrame:
    """Return POWER_SCHEMA, a track per circuit: mean `power_w` and whether it was `measured`, or spread over a gap.

    Power is what flowed between two readings of a register (analytics.meters) over the time between them, or the held
    active power where a circuit has no register. What a register hid by falling or leaping is spread.
    `ct_ratios` has `subject` and `ct_ratio`, by which a meter behind current transformers is multiplied.
    """
    meters = point_rows.filter(pl.col("subject").str.starts_with("circuit:"))
    from_registers = _register_power(_of_metric(readings, register), meters, ct_ratios)
    if register != IMPORT:
        return from_registers
    without = meters.join(from_registers.select(pl.col("subject").unique()), on="subject", how="anti")
    from_power = _held_power(_of_metric(readings, POWER), without, ct_ratios)
    if from_power.is_empty():
        return from_registers
    return pl.concat([from_registers, from_power]).sort("subject", "start_ms")


def _of_metric(readings: pl.DataFrame, metric: str) -> pl.DataFrame:
    return readings.filter((pl.col("metric") == metric) & (pl.col("quality") < Quality.SUSPECT)).drop_nulls("value")


def _register_power(registers: pl.DataFrame, meters: pl.DataFrame, ct_ratios: pl.DataFrame) -> pl.DataFrame:
    if registers.is_empty():
        return POWER_SCHEMA.to_frame()
    # a meter that reports on change has no interval: its register stands still between two reports
    put_right = corrected(with_hold(registers, meters), limits=believed(meters))
    length_ms = pl.col("end_ms") - pl.col("start_ms")
    power = put_right.steps().with_columns(power_w=pl.col("amount") * (1000 * MS_PER_HOUR) / length_ms)
    return _per_circuit(power, meters, ct_ratios)


def _held_power(samples: pl.DataFrame, meters: pl.DataFrame, ct_ratios: pl.DataFrame) -> pl.DataFrame:
    ours = samples.join(meters.select("device").unique(), on="device", how="semi", maintain_order="left")
    if ours.is_empty():
        return POWER_SCHEMA.to_frame()
    states = held(with_hold(ours, meters), by=list(SERIES))
    power = states.with_columns(power_w=pl.col("value"), measured=pl.col("quality") == Quality.GOOD)
    return _per_circuit(power, meters, ct_ratios)


def _per_circuit(power: pl.DataFrame, meters: pl.DataFrame, ct_ratios: pl.DataFrame) -> pl.DataFrame:
    """Return POWER_SCHEMA of the circuits on which the meters were, times the circuit's ratio; sorted."""
    names, rows = numbered(power.select(*SERIES, *SPAN, "power_w", "measured"))
    spans = meters.select("device", "subject", *SPAN).unique()
    circuits = spans.select("subject").unique().sort("subject").with_row_index("circuit")
    places = names.join(spans, on="device").join(circuits, on="subject").sort("circuit", *SERIES, "start_ms")
    placed = within_spans(rows, places.with_row_index("place").select("series", "place", *SPAN), on="series")
    told = _one_meter(_all_phases(placed, places.with_row_index("place"))).sort("circuit", "start_ms")
    ratios = circuits.join(ct_ratios, on="subject", how="left", maintain_order="left")["ct_ratio"].fill_null(1.0)
    return told.select(
        circuits["subject"].gather(told["circuit"]),
        *SPAN,
        pl.col("power_w") * ratios.gather(told["circuit"]),
        "measured",
    )


def _all_phases(placed: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Add up the phases that were read together; a total beside them (phase empty) goes first.

    Returns `circuit`, `device` by number, SPAN, `power_w`, `measured`.
    """
    meter = ["circuit", "device", "metric"]
    found = places.join(placed.select("place").unique(), on="place", how="semi", maintain_order="left")
    has_total = (pl.col("phase") == "").any().over(meter)
    wanted = found.filter((pl.col("phase") == "") | ~has_total).select(
        "place",
        "circuit",
        device=pl.col("device").rank("dense"),
        meter=pl.struct(meter).rle_id(),
        phases=pl.col("phase").n_unique().over(meter),
    )
    rows = placed.join(wanted, on="place", maintain_order="left")
    if not wanted.select((pl.col("phases") > 1).any()).item():
        return rows
    return (
        rows.group_by("circuit", "device", "meter", *SPAN)
        .agg(pl.sum("power_w"), pl.all("measured"), pl.len().alias("found"), pl.first("phases"))
        .filter(pl.col("found") == pl.col("phases"))
    )


def _one_meter(power: pl.DataFrame) -> pl.DataFrame:
    """Keep the first meter, by id, where several were on one circuit at one time."""
    if power.select("circuit", "device").unique()["circuit"].is_unique().all():
        return power
    first = pl.col("device") == pl.col("device").min().over("circuit")
    chosen = power.filter(first)
    reach = chosen.group_by("circuit").agg(first_ms=pl.min("start_ms"), last_ms=pl.max("end_ms"))
    others = power.filter(~first).join(reach, on="circuit")
    outside = (pl.col("end_ms") <= pl.col("first_ms")) | (pl.col("start_ms") >= pl.col("last_ms"))
    rest = others.filter(outside).drop("first_ms", "last_ms")
    return (
        pl.concat(
            [chosen, _one_meter(rest)],
        )
        if rest.height
        else chosen
    )
