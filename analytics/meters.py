"""From what meters' registers said to what was consumed: of many meters at once, with the total kept.

A register turns over, is reset, replaced, falls to 0 for a reading or two and comes back, leaps, stands still for
days. Out of it comes a track that only rises, from 0 at the first reading; differences of it are amounts. What had to
be estimated says so, and what is not known is in `problems`.
"""

from dataclasses import dataclass

import polars as pl

from analytics.meter_judge import Judged, Scale, judge
from analytics.meter_scale import LIMITS_SCHEMA, SERIES, is_event, with_scale
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

    `track` has SERIES, `time_ms`, `register` (from 0, never falling), `sure` (the reading was believed), `inferred`
    (what flowed since the one before was not measured), `is_long` (so long that it was a gap), sorted by SERIES and
    time_ms. `shape` is the usual load by the hour of the week; `problems` are as PROBLEMS_SCHEMA says.
    """

    track: pl.DataFrame
    shape: pl.DataFrame
    problems: pl.DataFrame

    def steps(self) -> pl.DataFrame:
        """Return SERIES, `start_ms`, `end_ms`, `amount`, `measured`: what flowed from one reading to the next."""
        before = {f"{name}_before": pl.col(name).shift().over(SERIES) for name in ("time_ms", "register", "sure")}
        whole = pl.col("sure") & pl.col("sure_before") & ~pl.col("is_long") & ~pl.col("inferred")
        return (
            self.track.with_columns(**before)
            .drop_nulls("time_ms_before")
            .select(
                *SERIES,
                start_ms="time_ms_before",
                end_ms="time_ms",
                amount=pl.col("register") - pl.col("register_before"),
                measured=whole,
            )
        )

    def amounts(self, edges: pl.Series) -> pl.DataFrame:
        """Return AMOUNTS_SCHEMA: what flowed between neighbouring `edges` (UTC ms, rising), sorted by SERIES, start_ms.

        Estimated is what was inferred, and what a gap spread over an edge. Before the first reading and after the last
        nothing is known: an interval there holds what was measured of it, and one wholly outside is absent.
        """
        if self.track.is_empty() or len(edges) < 2:  # noqa: PLR2004 - an interval has two ends
            return AMOUNTS_SCHEMA.to_frame()
        pieces = _pieces(self.track.filter("sure"), self.shape, edges.cast(pl.Int64).sort())
        return (
            pieces.group_by(*SERIES, "start_ms", "end_ms")
            .agg(
                pl.sum("amount"),
                estimated_amount=pl.col("amount").filter("guessed").sum(),
                estimated=pl.col("guessed").any(),
            )
            .sort(*SERIES, "start_ms")
            .select(AMOUNTS_SCHEMA.names())
        )


def corrected(readings: pl.DataFrame, *, limits: pl.DataFrame | None = None) -> Meters:
    """Return the registers of cumulative readings put right.

    `readings` has SERIES, `time_ms`, `value`, `quality`, of one time the last, and optionally `hold_ms`, beyond which a
    step is a gap; else that is HOLD_FACTOR times the median step. `limits` is as LIMITS_SCHEMA says.
    """
    usable = readings.filter((pl.col("quality") < Quality.SUSPECT) & pl.col("value").is_finite())
    given = usable.unique([*SERIES, "time_ms"], keep="last", maintain_order=True).sort(*SERIES, "time_ms")
    rows = with_scale(given.filter(pl.col("value") >= 0), LIMITS_SCHEMA.to_frame() if limits is None else limits)
    if "hold_ms" not in rows.columns:
        rows = rows.with_columns(hold_ms=pl.col("step_ms") * HOLD_FACTOR)
    rows = rows.with_columns(event=is_event()).with_row_index("row")
    judged = rows.join(_decisions(rows), on="row", how="left", maintain_order="left")
    steps = _steps(judged.filter(pl.col("why").is_null()))
    shape = load_shape(steps)
    steps = _settled(steps, shape)
    sure = steps.with_columns(register=pl.col("amount").fill_null(0.0).cum_sum().over(SERIES))
    problems = pl.concat([_step_problems(sure), _excursions(judged, sure), _negatives(given)])
    return Meters(
        track=_with_dropped(sure, judged.filter(pl.col("why").is_not_null())),
        shape=shape,
        problems=problems.sort(*SERIES, "start_ms", "kind"),
    )


def _decisions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each reading that is not plain; only registers with an event are read in detail."""
    odd = rows.filter(pl.col("event").any().over(SERIES))
    found: list[tuple[object, ...]] = []
    for register in odd.partition_by(SERIES, maintain_order=True):
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
    gain = level - level.shift().over(SERIES)
    span_ms = pl.col("time_ms").diff().over(SERIES)
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


def _settled(steps: pl.DataFrame, shape: pl.DataFrame) -> pl.DataFrame:
    """Return the steps with an amount for those that can only be estimated.

    A short one goes on at the rate of the steps around it, a long one as the load usually is then.
    """
    unknown = pl.col("amount").is_null() & pl.col("span_ms").is_not_null()
    if not steps.select(unknown.any()).item():
        return steps
    plain = (pl.col("amount").is_not_null() & ~pl.col("inferred")).fill_null(value=False)
    amount, span_ms = (pl.when(plain).then(pl.col(name)).otherwise(0) for name in ("amount", "span_ms"))
    around = _around(amount) / _around(span_ms)
    near = pl.when(pl.col("span_ms") <= AROUND_MS).then(around).fill_nan(None) * pl.col("span_ms")
    guesses = shaped_amount(steps.with_columns(near=near).filter(unknown), shape)
    guessed = pl.max_horizontal(pl.coalesce("near", "shaped", pl.lit(0.0)), pl.col("least").fill_null(0.0))
    settled = guesses.select("row", guess=guessed)
    return (
        steps.join(settled, on="row", how="left", maintain_order="left")
        .with_columns(amount=pl.coalesce("amount", "guess"))
        .drop("guess")
    )


def _around(amount: pl.Expr) -> pl.Expr:
    """Return the sum over the four steps before and the four after, without the step itself."""
    of_nine = amount.rolling_sum(9, min_samples=1, center=True).over(SERIES)
    return of_nine - amount


def _with_dropped(sure: pl.DataFrame, dropped: pl.DataFrame) -> pl.DataFrame:
    columns = [*SERIES, "time_ms", "register", "inferred", "is_long"]
    track = sure.select(*columns, sure=pl.lit(value=True))
    if dropped.is_empty():
        return track
    # a reading that is not believed stands between two that are: its step is as theirs
    between = dropped.select(
        *SERIES, "time_ms", register=pl.lit(None, dtype=pl.Float64), inferred=False, is_long=False, sure=False
    )
    filled_in = pl.concat([track, between.select(track.columns)]).sort(*SERIES, "time_ms")
    return filled_in.with_columns(pl.col("register").interpolate_by("time_ms").over(SERIES)).drop_nulls("register")


def _pieces(sure: pl.DataFrame, shape: pl.DataFrame, edges: pl.Series) -> pl.DataFrame:
    """Return the track cut at the edges: SERIES, `start_ms`, `end_ms` of the interval, `amount`, `guessed`."""
    following = {
        "span_end_ms": pl.col("time_ms").shift(-1),
        "inferred": pl.col("inferred").shift(-1),
        "is_long": pl.col("is_long").shift(-1),
        "next_register": pl.col("register").shift(-1),
    }
    spans = sure.with_columns(expression.over(SERIES).alias(name) for name, expression in following.items())
    reach = sure.group_by(SERIES).agg(first_ms=pl.min("time_ms"), last_ms=pl.max("time_ms"))
    cuts = reach.join(edges.to_frame("time_ms"), how="cross").filter(
        pl.col("time_ms").is_between("first_ms", "last_ms", closed="none")
    )
    points = pl.concat([spans.drop("sure"), filled(spans, shape), cuts.select(*SERIES, "time_ms")], how="diagonal")
    carried = ["span_start_ms", "span_end_ms", "inferred", "is_long"]
    whole = (
        points.with_columns(span_start_ms=pl.when(pl.col("span_end_ms").is_not_null()).then("time_ms"))
        .unique([*SERIES, "time_ms"], keep="first", maintain_order=True)
        .sort(*SERIES, "time_ms")
        .with_columns(
            pl.col("register").interpolate_by("time_ms").over(SERIES), pl.col(carried).forward_fill().over(SERIES)
        )
        .with_columns(
            amount=pl.col("register").shift(-1).over(SERIES) - pl.col("register"),
            until_ms=pl.col("time_ms").shift(-1).over(SERIES),
        )
        .drop_nulls("until_ms")
    )
    return _in_intervals(whole, edges)


def _in_intervals(pieces: pl.DataFrame, edges: pl.Series) -> pl.DataFrame:
    ends = edges.shift(-1)
    crosses = _interval(pieces["span_start_ms"], edges) != _interval(pieces["span_end_ms"] - 1, edges)
    placed = pieces.with_columns(interval=_interval(pieces["time_ms"], edges), crosses=crosses)
    inside = placed.filter(pl.col("interval").is_between(0, len(edges) - 2))
    return inside.select(
        *SERIES,
        start_ms=edges.gather(inside["interval"]),
        end_ms=ends.gather(inside["interval"]),
        amount="amount",
        guessed=pl.col("inferred") | (pl.col("is_long") & pl.col("crosses")),
    )


def _interval(times: pl.Series, edges: pl.Series) -> pl.Series:
    return edges.search_sorted(times, side="right").cast(pl.Int64) - 1


def _step_problems(sure: pl.DataFrame) -> pl.DataFrame:
    nothing_came = pl.col("row").diff().over(SERIES) == 1
    spans = sure.with_columns(
        kind=pl.coalesce("kind", pl.when(pl.col("is_long") & ~pl.col("inferred") & nothing_came).then(pl.lit("gap"))),
        start_ms=pl.col("time_ms").shift().over(SERIES),
        before=pl.col("value").shift().over(SERIES),
    ).drop_nulls("kind")
    return spans.select(
        *SERIES, "kind", "start_ms", end_ms="time_ms", before="before", after="value", amount="amount"
    ).select(PROBLEMS_SCHEMA.names())


def _excursions(judged: pl.DataFrame, sure: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each run of readings that were not believed, from the last believed one to the next."""
    changed = (pl.col("why") != pl.col("why").shift().over(SERIES)).fill_null(value=True)
    runs = judged.filter(pl.col("why").is_not_null().any().over(SERIES)).with_columns(
        run=(changed | pl.col("why").is_null()).cum_sum(),
    )
    found = (
        runs.drop_nulls("why")
        .group_by(*SERIES, "run", maintain_order=True)
        .agg(kind=pl.first("why"), start_ms=pl.min("time_ms"), end_ms=pl.max("time_ms"), wrong=pl.first("value"))
    )
    before = sure.select(*SERIES, "time_ms", before="value")
    return (
        found.sort("start_ms")
        .join_asof(
            before.sort("time_ms"),
            left_on="start_ms",
            right_on="time_ms",
            by=list(SERIES),
            strategy="backward",
            check_sortedness=False,
        )
        .select(*SERIES, "kind", "start_ms", "end_ms", "before", after="wrong", amount=pl.lit(None, dtype=pl.Float64))
        .select(PROBLEMS_SCHEMA.names())
    )


def _negatives(given: pl.DataFrame) -> pl.DataFrame:
    below = given.filter(pl.col("value") < 0)
    nothing = pl.lit(None, dtype=pl.Float64)
    return below.select(
        *SERIES,
        kind=pl.lit("negative"),
        start_ms="time_ms",
        end_ms="time_ms",
        before=nothing,
        after="value",
        amount=nothing,
    )
