"""A03: particles in rooms above their limit over a day, with those outdoors beside it."""

from collections.abc import Iterator

import polars as pl

from analytics.frame import RunData, evidence
from analytics.intervals import MS_PER_HOUR
from analytics.moving import KEPT_SCHEMA, beyond, kept, moving
from analytics.rules.levels import LevelWords, Told, rooms_asked, share_of, window_ms
from analytics.samples import THIN_MS, outdoor_samples, samples, thinned
from analytics.week import Week
from sensors.subjects import SubjectKind
from sensors.verdicts import Evidence, Finding

RULE = "A03"
PARTICLES = ("pm2_5_ugm3", "pm10_ugm3")


def dusty(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with a 24 h mean of PM2.5 or PM10 above its limit."""
    return pl.concat([KEPT_SCHEMA.to_frame(), *_kept(data, week)])


def particles(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each room: PM2.5 and PM10 make one finding, of which the worse gives the figure."""
    return WORDS.findings(data, found, rooms_asked(data, PARTICLES))


def _kept(data: RunData, week: Week) -> Iterator[pl.DataFrame]:
    length_ms = data.thresholds.value(RULE, "mean_h") * MS_PER_HOUR
    margin, share = data.thresholds.value(RULE, "clear_margin_ugm3"), share_of(data, RULE)
    for metric in PARTICLES:
        found = thinned(samples(data, week, metric, at=SubjectKind.ROOM))
        if found.is_empty():
            continue
        means = moving(found, length_ms=length_ms, share=share)
        outdoors = moving(thinned(outdoor_samples(data, week, metric)), length_ms=length_ms, share=share)
        beside = outdoors.group_by("time_ms").agg(beside=pl.mean("value"))
        judged = beyond(means.join(beside, on="time_ms", how="left"), high=pl.lit(data.thresholds.value(RULE, metric)))
        yield kept(judged, margin=margin, length_ms=length_ms, tag=metric, span_ms=week.span_ms)


def _expected_ms(data: RunData) -> float:
    """Return how much of the window can have a mean even where the readings begin with it."""
    return max(window_ms(data) - data.thresholds.value(RULE, "mean_h") * MS_PER_HOUR, THIN_MS)


def _evidence(_data: RunData, told: Told) -> Evidence:
    return evidence(particles=told.tag, outdoor_ugm3=told.beside)


WORDS = LevelWords(
    rule=RULE,
    units=dict.fromkeys(PARTICLES, "µg/m³"),
    limit="pm2_5_ugm3",
    missing="pm2_5_ugm3|pm10_ugm3",
    expected_ms=_expected_ms,
    beside=_evidence,
)
