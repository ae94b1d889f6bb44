"""From what meters' registers said to what was consumed: of many meters at once, with the total kept.

A register turns over, is reset, replaced, falls to 0 for a reading or two and comes back, leaps, stands still for
days. Out of it comes a track that only rises, from 0 at the first reading; differences of it are amounts. What had to
be estimated says so, and what is not known is in `problems`.
"""

from dataclasses import dataclass

import polars as pl

from analytics.meter_judge import Judged, Scale, judge
from analytics.meter_scale import LIMITS_SCHEMA, is_event, perhaps_eventful, with_scale
from analytics.meter_series import SERIES, after, before, change, in_order, named, numbered, of_series
from analytics.meter_shape import filled, load_shape, shaped_amount
from analytics.points import HOLD_FACTOR
from sensors.readings import Quality

PROBLEMS_SCHEMA = pl.Schema(
    {
        "device": pl.String,
        "metric": pl.String,
        "phase": pl.String,
        "kind": pl.String,
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "before": pl.Float64,
        "after": pl.Float64,
        "amount": pl.Float64,
    }
)
"""What was wrong with a register: `before` and `after` are what it said at `start_ms` and `end_ms`, and `amount` is
what was counted between. Kinds: those of StepKind and Excursion, and `gap`, `negative` (a register cannot be)."""

AMOUNTS_SCHEMA = pl.Schema(
    {
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "device": pl.String,
        "metric": pl.String,
        "phase": pl.String,
        "amount": pl.Float64,
        "estimated_amount": pl.Float64,
        "estimated": pl.Boolean,
    }
)

AROUND_MS = 30 * 60_000
"""What flowed in a step of so long is guessed from the steps around it; of a longer one from the usual load of its
hours, for the steps around eight o'clock are the night's and the morning's. The project's own choice."""

SPREAD = 1.5
"""A step that is longer than so many of the intervals that it reaches over was spread over them: hourly readings say
nothing of a quarter of an hour. More than 1, for instants jitter. The project's own choice."""

_DECISIONS_SCHEMA = pl.Schema(
    {
        "row": pl.UInt32,
        "why": pl.String,
        "kind": pl.String,
        "step_amount": pl.Float64,
        "least": pl.Float64,
        "raised": pl.Float64,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meters:
    """Registers put right.

    `names` has SERIES of each `series`. `track` has `series`, `time_ms`, `register` (from 0, never falling), `sure`
    (the reading was believed), `inferred` (what flowed since the one before was not measured), `is_long` (so long that
    it was a gap), sorted by series and time_ms. `shape` is the usual load by the hour of the week of those that have a
    gap; `problems` are as PROBLEMS_SCHEMA says.
    """

    names: pl.DataFrame
    track: pl.DataFrame
    shape: pl.DataFrame
    problems: pl.DataFrame

    def steps(self) -> pl.DataFrame:
        """Return SERIES, `start_ms`, `end_ms`, `amount`, `measured`: what flowed from one reading to the next."""
        whole = pl.col("sure") & before("sure") & ~pl.col("is_long") & ~pl.col("inferred")
        steps = self.track.select(
            "series", start_ms=before("time_ms"), end_ms="time_ms", amount=change("register"), measured=whole
        )
        return named(steps.drop_nulls("start_ms"), self.names)

    def amounts(self, edges: pl.Series) -> pl.DataFrame:
        """Return AMOUNTS_SCHEMA: what flowed between neighbouring `edges` (UTC ms, rising), sorted by SERIES, start_ms.

        Estimated is what was inferred, and what a gap, or a step longer than an interval, spread over an edge. Before
        the first reading and after the last nothing is known: an interval there holds what was measured of it, and one
        wholly outside is absent.
        """
        if self.track.is_empty() or len(edges) < 2:  # noqa: PLR2004 - an interval has two ends
            return AMOUNTS_SCHEMA.to_frame()
        pieces = _pieces(self.track.filter("sure"), self.shape, edges.cast(pl.Int64).sort())
        amounts = (
            pieces.group_by("series", "start_ms", "end_ms")
            .agg(
                pl.sum("amount"),
                estimated_amount=pl.col("amount").filter("guessed").sum(),
                estimated=pl.col("guessed").any(),
            )
            .sort("series", "start_ms")
        )
        return named(amounts, self.names).select(AMOUNTS_SCHEMA.names())


def corrected(readings: pl.DataFrame, *, limits: pl.DataFrame | None = None) -> Meters:
    """Return the registers of cumulative readings put right.

    `readings` has SERIES, `time_ms`, `value`, `quality`, of one time the last, and optionally `hold_ms`, beyond which a
    step is a gap; else that is HOLD_FACTOR times the median step. `limits` is as LIMITS_SCHEMA says.
    """
    usable = readings.filter((pl.col("quality") < Quality.SUSPECT) & pl.col("value").is_finite())
    names, said = numbered(usable)
    given = in_order(said)
    rows = _with_hold(given.filter(pl.col("value") >= 0)).with_row_index("row")
    known = names.join(LIMITS_SCHEMA.to_frame() if limits is None else limits, on=["device", "metric"], how="left")
    judged = _judged(rows, known.drop(SERIES))
    steps = _steps(judged.filter(pl.col("why").is_null()))
    unknown = pl.col("amount").is_null() & pl.col("span_ms").is_not_null()
    shape = load_shape(of_series(steps, unknown | pl.col("is_long")))
    steps = _settled(steps, unknown, shape)
    sure = steps.with_columns(register=pl.col("amount").fill_null(0.0).cum_sum().over("series"))
    dropped = judged.filter(pl.col("why").is_not_null())
    problems = [_step_problems(sure), _negatives(given)]
    if dropped.height:
        problems.append(_excursions(of_series(judged, pl.col("why").is_not_null()), sure))
    return Meters(
        names=names,
        track=_with_dropped(sure, dropped),
        shape=shape,
        problems=named(pl.concat(problems).sort("series", "start_ms", "kind"), names),
    )


def _with_hold(rows: pl.DataFrame) -> pl.DataFrame:
    if "hold_ms" in rows.columns:
        return rows
    steps = rows.select("series", step_ms=change("time_ms"))
    holds = steps.group_by("series").agg(hold_ms=pl.median("step_ms") * HOLD_FACTOR)
    return rows.join(holds, on="series", how="left", maintain_order="left")


def _judged(rows: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with _DECISIONS_SCHEMA, and what is usual of the registers that were read in detail."""
    odd = perhaps_eventful(rows, limits)
    if odd.is_empty():
        nothing = {name: pl.lit(None, dtype=kind) for name, kind in _DECISIONS_SCHEMA.items() if name != "row"}
        return rows.with_columns(mean_per_ms=pl.lit(None, dtype=pl.Float64), **nothing)
    odd = with_scale(odd, limits).with_columns(event=is_event())
    means = odd.group_by("series").agg(pl.first("mean_per_ms"))
    told = rows.join(means, on="series", how="left", maintain_order="left")
    return told.join(_decisions(odd), on="row", how="left", maintain_order="left")


def _decisions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each reading that is not plain; only registers with an event are read in detail."""
    found: list[tuple[object, ...]] = []
    for register in of_series(rows, pl.col("event")).partition_by("series", maintain_order=True):
        events = register["event"].arg_true().to_list()
        times, values = register["time_ms"].to_list(), register["value"].to_list()
        judged = judge(times, values, events, _scale_of(register))
        found += _decision_rows(judged, register["row"][0])
    return pl.DataFrame(found, schema=_DECISIONS_SCHEMA, orient="row")


def _scale_of(register: pl.DataFrame) -> Scale:
    first = register.row(0, named=True)
    return Scale(
        quantum=first["quantum"],
        noise=first["noise"],
        limit_per_ms=first["limit_per_ms"],
        mean_per_ms=first["mean_per_ms"],
        hold_ms=first["hold_ms"],
        rolls_at=first["rolls_at"],
    )


def _decision_rows(judged: Judged, first_row: int) -> list[tuple[object, ...]]:
    dropped = [(first_row + at, str(why), None, None, None, None) for at, why in judged.dropped.items()]
    steps = [(first_row + at, None, str(step.kind), step.amount, step.least, None) for at, step in judged.steps.items()]
    raised = [(first_row + at, None, None, None, None, value) for at, value in judged.raised.items()]
    return [*dropped, *steps, *raised]


def _steps(kept: pl.DataFrame) -> pl.DataFrame:
    """Return the believed readings with the step into each; `amount` is null where it can only be estimated."""
    level = pl.coalesce("raised", "value")
    gain = level - before(level)
    span_ms = change("time_ms")
    is_new = pl.col("kind").is_not_null()
    inferred = (is_new & (pl.col("kind") != "rollover")) | (
        (pl.col("quality") == Quality.ESTIMATED) & span_ms.is_not_null()
    )
    return kept.with_columns(
        amount=pl.when(is_new).then("step_amount").otherwise(gain),
        span_ms=span_ms,
        inferred=inferred.fill_null(value=False),
        is_long=(span_ms > pl.col("hold_ms")).fill_null(value=False),
    )


def _settled(steps: pl.DataFrame, unknown: pl.Expr, shape: pl.DataFrame) -> pl.DataFrame:
    """Return the steps with an amount for those that can only be estimated.

    A short one goes on at the rate of the steps around it, a long one as the load usually is then.
    """
    concerned = of_series(steps, unknown)
    if concerned.is_empty():
        return steps
    plain = (pl.col("amount").is_not_null() & ~pl.col("inferred")).fill_null(value=False)
    amount, span_ms = (pl.when(plain).then(pl.col(name)).otherwise(0) for name in ("amount", "span_ms"))
    around = _around(amount) / _around(span_ms)
    near = pl.when(pl.col("span_ms") <= AROUND_MS).then(around).fill_nan(None) * pl.col("span_ms")
    guesses = shaped_amount(concerned.with_columns(near=near).filter(unknown), shape)
    guessed = pl.max_horizontal(pl.coalesce("near", "shaped", pl.lit(0.0)), pl.col("least").fill_null(0.0))
    settled = guesses.select("row", guess=guessed)
    return (
        steps.join(settled, on="row", how="left", maintain_order="left")
        .with_columns(amount=pl.coalesce("amount", "guess"))
        .drop("guess")
    )


def _around(amount: pl.Expr) -> pl.Expr:
    """Return the sum over the four steps before and the four after, without the step itself."""
    of_nine = amount.rolling_sum(9, min_samples=1, center=True).over("series")
    return of_nine - amount


def _with_dropped(sure: pl.DataFrame, dropped: pl.DataFrame) -> pl.DataFrame:
    columns = ["series", "time_ms", "register", "inferred", "is_long"]
    track = sure.select(*columns, sure=pl.lit(value=True))
    if dropped.is_empty():
        return track
    # a reading that is not believed stands between two that are: its step is as theirs
    between = dropped.select(
        "series", "time_ms", register=pl.lit(None, dtype=pl.Float64), inferred=False, is_long=False, sure=False
    )
    filled_in = pl.concat([track, between.select(track.columns)]).sort("series", "time_ms")
    return filled_in.with_columns(pl.col("register").interpolate_by("time_ms").over("series")).drop_nulls("register")


def _pieces(sure: pl.DataFrame, shape: pl.DataFrame, edges: pl.Series) -> pl.DataFrame:
    """Return the track cut at the edges: `series`, `start_ms`, `end_ms` of the interval, `amount`, `guessed`."""
    spans = sure.with_columns(
        span_end_ms=after("time_ms"),
        inferred=after("inferred"),
        is_long=after("is_long"),
        next_register=after("register"),
    )
    reach = sure.group_by("series").agg(first_ms=pl.min("time_ms"), last_ms=pl.max("time_ms"))
    cuts = reach.join(edges.to_frame("time_ms"), how="cross").filter(
        pl.col("time_ms").is_between("first_ms", "last_ms", closed="none")
    )
    points = pl.concat([spans.drop("sure"), filled(spans, shape), cuts.select("series", "time_ms")], how="diagonal")
    carried = ["span_start_ms", "span_end_ms", "inferred", "is_long"]
    whole = (
        points.with_columns(span_start_ms=pl.when(pl.col("span_end_ms").is_not_null()).then("time_ms"))
        .unique(["series", "time_ms"], keep="first", maintain_order=True)
        .sort("series", "time_ms")
        .with_columns(
            pl.col("register").interpolate_by("time_ms").over("series"), pl.col(carried).forward_fill().over("series")
        )
        .with_columns(amount=after("register") - pl.col("register"), until_ms=after("time_ms"))
        .drop_nulls("until_ms")
    )
    return _in_intervals(whole, edges)


def _in_intervals(pieces: pl.DataFrame, edges: pl.Series) -> pl.DataFrame:
    ends = edges.shift(-1)
    crosses = _interval(pieces["span_start_ms"], edges) != _interval(pieces["span_end_ms"] - 1, edges)
    placed = pieces.with_columns(interval=_interval(pieces["time_ms"], edges), crosses=crosses)
    inside = placed.filter(pl.col("interval").is_between(0, len(edges) - 2))
    inside = inside.with_columns(start_ms=edges.gather(inside["interval"]), end_ms=ends.gather(inside["interval"]))
    wide = pl.col("span_end_ms") - pl.col("span_start_ms") > SPREAD * (pl.col("end_ms") - pl.col("start_ms"))
    return inside.select(
        "series",
        "start_ms",
        "end_ms",
        "amount",
        guessed=pl.col("inferred") | ((pl.col("is_long") | wide) & pl.col("crosses")),
    )


def _interval(times: pl.Series, edges: pl.Series) -> pl.Series:
    return edges.search_sorted(times, side="right").cast(pl.Int64) - 1


def _step_problems(sure: pl.DataFrame) -> pl.DataFrame:
    nothing_came = change("row") == 1
    spans = sure.with_columns(
        kind=pl.coalesce("kind", pl.when(pl.col("is_long") & ~pl.col("inferred") & nothing_came).then(pl.lit("gap"))),
        start_ms=before("time_ms"),
        before=before("value"),
    ).drop_nulls("kind")
    return spans.select("series", "kind", "start_ms", end_ms="time_ms", before="before", after="value", amount="amount")


def _excursions(judged: pl.DataFrame, sure: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each run of readings that were not believed, from the last believed one to the next."""
    changed = (pl.col("why") != before("why")).fill_null(value=True)
    runs = judged.with_columns(run=(changed | pl.col("why").is_null()).cum_sum())
    found = (
        runs.drop_nulls("why")
        .group_by("series", "run", maintain_order=True)
        .agg(kind=pl.first("why"), start_ms=pl.min("time_ms"), end_ms=pl.max("time_ms"), wrong=pl.first("value"))
    )
    believed = sure.select("series", "time_ms", before="value")
    return (
        found.sort("start_ms")
        .join_asof(
            believed.sort("time_ms"),
            left_on="start_ms",
            right_on="time_ms",
            by="series",
            strategy="backward",
            check_sortedness=False,
        )
        .select("series", "kind", "start_ms", "end_ms", "before", after="wrong", amount=pl.lit(None, dtype=pl.Float64))
    )


def _negatives(given: pl.DataFrame) -> pl.DataFrame:
    below = given.filter(pl.col("value") < 0)
    nothing = pl.lit(None, dtype=pl.Float64)
    return below.select(
        "series",
        kind=pl.lit("negative"),
        start_ms="time_ms",
        end_ms="time_ms",
        before=nothing,
        after="value",
        amount=nothing,
    )
