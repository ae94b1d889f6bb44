"""An analysis with the rules over events and readings in it: `analytics` and the watch side by side."""

from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, cast

from alerts.watch.facts import NO_FACTS, Facts
from alerts.watch.machines import WATCHED_RULES
from alerts.watch.past import LOOK_BACK_MS, Window, findings_of, wanted_readings
from analytics import runs
from analytics.calendar import Holidays, WorkCalendar
from analytics.ports import AnalysisStore
from analytics.rules import RULES
from analytics.runs import Analysis, Request
from sensors.topology import Registry
from sensors.verdicts import Finding

ALL_RULES = tuple(sorted({*RULES, *WATCHED_RULES}))
"""The rules that an analysis can be asked for."""

LEAD_MS = 3_600_000
"""How long before the window readings are taken in, so that what stood then is known."""

P = ParamSpec("P")


def watching(run: Callable[P, Analysis], facts: Facts) -> Callable[P, Analysis]:
    """Return an analysis like `run` that also knows the watch's rules, by what people wrote down."""

    def analyse_all(*args: P.args, **kwargs: P.kwargs) -> Analysis:
        request = cast("Request", kwargs["request"])
        kwargs["request"] = replace(request, rules=tuple(rule for rule in request.rules if rule not in WATCHED_RULES))
        analysis = run(*args, **kwargs)
        holidays = cast("Holidays", kwargs["holidays"])
        return with_watched(analysis, cast("AnalysisStore", kwargs["store"]), holidays, request, facts)

    return analyse_all


def with_watched(
    analysis: Analysis, store: AnalysisStore, holidays: Holidays, request: Request, facts: Facts
) -> Analysis:
    """Return an analysis with the findings of those of the watch's rules that were asked for."""
    rules = tuple(rule for rule in request.rules if rule in WATCHED_RULES)
    if not rules:
        return analysis
    calendar = WorkCalendar(analysis.registry.site, holidays)
    window = Window(start_ms=calendar.midnight_ms(analysis.window.first), end_ms=analysis.window.now_ms)
    told = [*analysis.findings, *watched_findings(store, analysis.registry, window, facts, rules)]
    return replace(
        analysis,
        rules=tuple(sorted(request.rules)),
        findings=tuple(sorted(told, key=lambda finding: (finding.rule, finding.subject, finding.start))),
    )


def watched_findings(
    store: AnalysisStore, registry: Registry, window: Window, facts: Facts, rules: tuple[str, ...] = WATCHED_RULES
) -> list[Finding]:
    """Return what the watch's rules say of a window of what a store holds."""
    site = registry.site.id
    events = store.events(site, start_ms=max(0, window.start_ms - LOOK_BACK_MS), end_ms=window.end_ms)
    metrics, devices = wanted_readings(registry, events)
    start_ms = window.start_ms - LEAD_MS
    shown = store.readings(site, start_ms=start_ms, end_ms=window.end_ms, metrics=metrics)
    others = store.readings(site, start_ms=start_ms, end_ms=window.end_ms, devices=devices)
    readings = shown.vstack(others).unique(["time_ms", "device", "metric", "phase"])
    return findings_of(events, readings, registry, window=window, facts=facts, rules=rules)


NOTHING_WRITTEN = Facts(known=True)
"""People wrote nothing down: what stands for them where only readings and events are at hand."""

analyse = watching(runs.analyse, NO_FACTS)
"""Answers for a site whose logs are not at hand: an isolation may have been approved."""

analyse_unlogged = watching(runs.analyse, NOTHING_WRITTEN)
"""Answers for a simulated site, where nobody approves or writes anything."""
