"""A04: formaldehyde and TVOC above their limits."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby

import polars as pl

from analytics.frame import RunData, evidence
from analytics.intervals import MS_PER_HOUR
from analytics.moving import KEPT_SCHEMA, beyond, kept, moving
from analytics.rules.levels import LevelWords, Told, rooms_asked, share_of, window_ms
from analytics.samples import samples, thinned
from analytics.week import Week
from sensors.subjects import SubjectKind
from sensors.verdicts import Evidence, Finding

RULE = "A04"
HCHO, TVOC = "hcho_mgm3", "tvoc_mgm3"
METAL_OXIDE = frozenset({TVOC})
"""What is measured by metal-oxide sensors, which answer to other things too: they only ask for a laboratory test."""


def gassy(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with the mean of formaldehyde or of TVOC above its limit."""
    return pl.concat([KEPT_SCHEMA.to_frame(), *_kept(data, week)])


def formaldehyde(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each room; TVOC counts where it was too high on several days in a row."""
    return WORDS.findings(data, _lasting(data, found), rooms_asked(data, (HCHO, TVOC)))


def _kept(data: RunData, week: Week) -> Iterator[pl.DataFrame]:
    value = data.thresholds.value
    for metric in (HCHO, TVOC):
        plausible = pl.col("value") <= value(RULE, "plausible_high_mgm3")
        found = samples(data, week, metric, at=SubjectKind.ROOM).filter(plausible)
        if found.is_empty():
            continue
        length_ms = value(RULE, "hcho_mean_h" if metric == HCHO else "tvoc_mean_h") * MS_PER_HOUR
        even = found if metric == HCHO else thinned(found)
        means = moving(even, length_ms=length_ms, share=share_of(data, RULE))
        judged = beyond(means, high=pl.lit(value(RULE, metric)))
        margin = value(RULE, "clear_margin_mgm3")
        yield kept(judged, margin=margin, length_ms=length_ms, tag=metric, span_ms=week.span_ms)


def _lasting(data: RunData, found: pl.DataFrame) -> pl.DataFrame:
    """Return what was kept without the spells of metal-oxide sensors that did not come back day after day."""
    spells = found.filter(pl.col("start_ms").is_not_null())
    days: dict[tuple[str, str], set[date]] = {}
    for subject, tag, start_ms, end_ms in spells.select("subject", "tag", "start_ms", "end_ms").iter_rows():
        first, last = data.calendar.local_day(start_ms), data.calendar.local_day(end_ms - 1)
        days.setdefault((subject, tag), set()).update(data.calendar.days(first, last))
    enough = int(data.thresholds.value(RULE, "laboratory_days"))
    brief = [key for key, on in days.items() if key[1] in METAL_OXIDE and _longest(on) < enough]
    short_lived = pl.DataFrame(brief, schema={"subject": pl.String, "tag": pl.String}, orient="row")
    lasting = spells.join(short_lived, on=["subject", "tag"], how="anti")
    return pl.concat([lasting, found.filter(pl.col("start_ms").is_null())])


def _longest(days: set[date]) -> int:
    """Return the greatest number of days in a row."""
    ordered = enumerate(sorted(days))
    runs = groupby(ordered, key=lambda pair: pair[1] - timedelta(days=pair[0]))
    return max((len(list(run)) for _, run in runs), default=0)


def _evidence(_data: RunData, told: Told) -> Evidence:
    return evidence(gas=told.tag, laboratory="laboratory test" if told.tag in METAL_OXIDE else None)


WORDS = LevelWords(
    rule=RULE,
    units=dict.fromkeys((HCHO, TVOC), "mg/m³"),
    limit=HCHO,
    missing=f"{HCHO}|{TVOC}",
    expected_ms=window_ms,
    beside=_evidence,
)
