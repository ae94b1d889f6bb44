"""An analysis with the rules over events and readings in it: `analytics` and the watch side by side."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, cast

import polars as pl

from alerts.watch.duty import duty_findings
from alerts.watch.facts import NO_FACTS, Facts, FactSource, Settled
from alerts.watch.machines import WATCHED_RULES
from alerts.watch.past import LOOK_BACK_MS, Window, findings_of, wanted_readings
from analytics import runs
from analytics.calendar import Holidays, WorkCalendar
from analytics.isolation import Isolation
from analytics.ports import AnalysisStore
from analytics.rules import RECORD_RULES, RULES
from analytics.runs import Analysis, NoReadingsError, Request
from sensors.events import EventType
from sensors.readings import from_epoch_ms
from sensors.thresholds import NO_OVERRIDES, Limits, Overrides
from sensors.topology import Registry
from sensors.verdicts import Finding

ALL_RULES = tuple(sorted({*RULES, *WATCHED_RULES}))
"""The rules that an analysis can be asked for."""

LEAD_MS = 3_600_000
"""How long before the window readings are taken in, so that what stood then is known."""

DAY = timedelta(days=1)
DUTY = "F07"
TOGETHER = "the watch"
"""What all of the watch's rules are called when they are asked in one pass."""

P = ParamSpec("P")


def watching(run: Callable[P, Analysis], written: FactSource) -> Callable[P, Analysis]:
    """Return an analysis like `run` that also knows the watch's rules, by what people wrote down.

    Where there are no readings it still judges what panels told and people wrote. Raises as `run` does.
    """

    def analyse_all(*args: P.args, **kwargs: P.kwargs) -> Analysis:
        request = cast("Request", kwargs["request"])
        store, registry = cast("AnalysisStore", kwargs["store"]), cast("Registry", kwargs["registry"])
        kwargs["request"] = replace(request, rules=tuple(rule for rule in request.rules if rule not in WATCHED_RULES))
        try:
            analysis = run(*args, **kwargs)
        except NoReadingsError:
            if not _has_more(registry, store, request, written):
                raise
            # The days that are meant, and what was asked of the registry alone.
            kwargs["request"] = replace(request, rules=tuple(RECORD_RULES))
            analysis = run(*args, **kwargs)
            asked = tuple(each for each in analysis.findings if each.rule in request.rules)
            analysis = replace(analysis, findings=asked)
        overrides = cast("Overrides", kwargs.get("overrides", NO_OVERRIDES))
        return with_watched(analysis, store, cast("Holidays", kwargs["holidays"]), request, written, overrides)

    return analyse_all


def with_watched(
    analysis: Analysis,
    store: AnalysisStore,
    holidays: Holidays,
    request: Request,
    written: FactSource,
    overrides: Overrides = NO_OVERRIDES,
) -> Analysis:
    """Return an analysis with the findings of those of the watch's rules that were asked for."""
    rules = tuple(rule for rule in request.rules if rule in WATCHED_RULES)
    if not rules:
        return analysis
    calendar = WorkCalendar(analysis.registry.site, holidays)
    window = Window(start_ms=calendar.midnight_ms(analysis.window.first), end_ms=analysis.window.now_ms)
    facts = written.facts(analysis.registry.site.id, start_ms=window.start_ms, end_ms=window.end_ms)
    holding = overrides.on(analysis.window.last)
    judged = tuple(rule for rule in rules if rule != DUTY or facts.duty_began is None)
    isolation = Isolation()
    told = list(analysis.findings)
    told += each_by_itself(
        lambda asked: watched_findings(store, analysis.registry, window, facts, asked, overrides=holding),
        judged,
        isolation,
    )
    if judged != rules:
        days = _days(calendar, window)
        told += isolation.ask(DUTY, lambda: _duty(store, Limits(holding, analysis.registry), facts, days), [])
    return replace(
        analysis,
        rules=tuple(sorted(request.rules)),
        findings=tuple(sorted(told, key=lambda finding: (finding.rule, finding.subject, finding.start))),
        failures=(*analysis.failures, *isolation.failures),
        overrides=(*analysis.overrides, *holding.of_rules(frozenset(rules)).entries),
    )


def each_by_itself(
    judge: Callable[[tuple[str, ...]], list[Finding]], rules: tuple[str, ...], isolation: Isolation
) -> list[Finding]:
    """Return the verdicts of all rules in one pass; where that fails, of each that does not fail by itself."""
    whole = Isolation()
    none: list[Finding] = []
    found = whole.ask(TOGETHER, lambda: judge(rules), none)
    if not whole.failures:
        return found
    return [each for rule in rules for each in isolation.ask(rule, partial(judge, (rule,)), none)]


def watched_findings(
    store: AnalysisStore,
    registry: Registry,
    window: Window,
    facts: Facts,
    rules: tuple[str, ...] = WATCHED_RULES,
    *,
    overrides: Overrides = NO_OVERRIDES,
) -> list[Finding]:
    """Return what the watch's rules say of a window of what a store holds."""
    if not rules:
        return []
    site = registry.site.id
    events = store.events(site, start_ms=max(0, window.start_ms - LOOK_BACK_MS), end_ms=window.end_ms)
    metrics, devices = wanted_readings(registry, events)
    start_ms = window.start_ms - LEAD_MS
    shown = store.readings(site, start_ms=start_ms, end_ms=window.end_ms, metrics=metrics)
    others = store.readings(site, start_ms=start_ms, end_ms=window.end_ms, devices=devices)
    readings = shown.vstack(others).unique(["time_ms", "device", "metric", "phase"])
    return findings_of(events, readings, registry, window=window, facts=facts, overrides=overrides, rules=rules)


def _duty(store: AnalysisStore, limits: Limits, facts: Facts, days: list[tuple[datetime, datetime]]) -> list[Finding]:
    """Return F07's verdicts about a site that keeps a duty log, the answers to roll calls counted."""
    first, last = days[0][0] - DAY, days[-1][1]
    start_ms, end_ms = (round(moment.timestamp() * 1000) for moment in (first, last))
    events = store.events(limits.registry.site.id, start_ms=start_ms, end_ms=end_ms)
    calls = events.filter(pl.col("type") == EventType.ROLL_CALL.value, ~pl.col("test").fill_null(value=False))
    told = [(from_epoch_ms(time_ms), zone or "") for time_ms, zone in calls.select("time_ms", "zone").iter_rows()]
    return duty_findings(facts, told, limits, days)


def _days(calendar: WorkCalendar, window: Window) -> list[tuple[datetime, datetime]]:
    """Return the local days of a window; the last ends where the window does."""
    days, day = [], calendar.local_day(window.start_ms)
    while (start_ms := calendar.midnight_ms(day)) < window.end_ms:
        end_ms = min(calendar.midnight_ms(day + DAY), window.end_ms)
        days.append((from_epoch_ms(start_ms), from_epoch_ms(end_ms)))
        day += DAY
    return days


def _has_more(registry: Registry, store: AnalysisStore, request: Request, written: FactSource) -> bool:
    """Say whether there is something beside readings for the watch's rules that were asked for."""
    if not set(request.rules).intersection(WATCHED_RULES) or request.now_ms is None:
        return False
    site, end_ms = registry.site.id, request.now_ms
    start_ms = max(0, end_ms - LOOK_BACK_MS)
    facts = written.facts(site, start_ms=start_ms, end_ms=end_ms)
    return facts.duty_began is not None or not store.events(site, start_ms=start_ms, end_ms=end_ms).is_empty()


NOTHING_WRITTEN = Facts(known=True)
"""People wrote nothing down: what stands for them where only readings and events are at hand."""

analyse = watching(runs.analyse, Settled(NO_FACTS))
"""Answers for a site whose logs are not at hand: an isolation may have been approved, a round written down."""

analyse_unlogged = watching(runs.analyse, Settled(NOTHING_WRITTEN))
"""Answers for a simulated site, where nobody approves or writes anything."""
