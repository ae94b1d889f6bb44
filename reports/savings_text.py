"""A saving in words: what may be concluded, with its interval, its events, and what the data lack."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from analytics.savings.result import Conclusion, Figures, NonRoutineEvent, Shortfall
from reports.messages import Language, Messages
from reports.savings_case import SavingsCase, Worth
from reports.savings_lacks import in_runs

INDENT = "  "

LASTING = {"baseline": "savings.lasts_in_baseline", "reporting": "savings.lasts_in_reporting"}

REASONS_TOLD = 2
"""How many fatal lacks the conclusion itself names; all of them are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something that the data lack or that reading found, as a sentence."""

    code: str
    sentence: str
    is_fatal: bool
    params: Mapping[str, str | int | float]


def render_savings(case: SavingsCase, language: Language) -> str:
    """Return the answer as plain lines in `zh` or `en`; the conclusion is the first."""
    return "\n".join(savings_lines(case, Messages(language, case.zone)))


def savings_lines(case: SavingsCase, m: Messages) -> Iterator[str]:
    """Yield the lines of the answer."""
    yield conclusion_of(case, m)
    yield m.text(
        "savings.periods",
        baseline=m.days(case.baseline.first, case.baseline.last),
        reporting=m.days(case.reporting.first, case.reporting.last),
    )
    if case.figures is not None:
        yield _amounts(case.figures, m)
        yield from _worths(case, m)
    yield from _events(case, m)
    yield from _model(case, m)
    yield from _normal_year(case, m)
    doubts = _listed(case, m)
    if doubts:
        yield m.text("savings.doubts")
        yield from (INDENT + doubt.sentence for doubt in doubts)


def conclusion_of(case: SavingsCase, m: Messages) -> str:
    """Return the one sentence that may be said of the figures that count."""
    figures = case.figures
    if figures is None:
        fatal = [doubt.sentence for doubt in _listed(case, m) if doubt.is_fatal]
        told = m.text("list.semicolon").join(fatal[:REASONS_TOLD])
        if len(fatal) <= REASONS_TOLD:
            return m.text("conclusion.no_number", reasons=told)
        return m.text("conclusion.no_number_more", reasons=told, more=len(fatal) - REASONS_TOLD)
    return said_of(figures, m)


def said_of(figures: Figures, m: Messages) -> str:
    """Return figures as a conclusion with its interval."""
    sign = -1 if figures.conclusion is Conclusion.WORSE else 1
    low, high = sorted(sign * bound for bound in figures.ci90_kwh)
    low_pct, high_pct = sorted(sign * bound for bound in figures.ci90_pct)
    return m.text(
        f"conclusion.{figures.conclusion.value}",
        kwh=m.about(sign * figures.savings_kwh),
        pct=_pct(sign * figures.savings_pct, m),
        low=m.about(low),
        high=m.about(high),
        low_pct=_pct(low_pct, m),
        high_pct=_pct(high_pct, m),
    )


def _pct(value: float, m: Messages) -> str:
    # adding zero keeps a rounded -0.0 from being told as "-0.0%"
    return m.percent(round(value, 1) + 0.0)


def doubts_of(case: SavingsCase, m: Messages) -> list[Doubt]:
    """Return what the data lack, the fatal first, then what reading noted."""
    return _doubts(case.savings.sufficiency, case, m)


def _listed(case: SavingsCase, m: Messages) -> list[Doubt]:
    """Return the same for people: a run of months is one."""
    return _doubts(in_runs(case.savings.sufficiency), case, m)


def _doubts(sufficiency: Iterable[Shortfall], case: SavingsCase, m: Messages) -> list[Doubt]:
    lacks = [
        Doubt(
            code=each.code.value,
            sentence=_sentence(f"lack.{each.code.value}", each.params, m),
            is_fatal=each.is_fatal,
            params=each.params,
        )
        for each in sorted(sufficiency, key=lambda each: not each.is_fatal)
    ]
    notes = [
        Doubt(
            code=note.code.value,
            sentence=_sentence(f"note.{note.code.value}", note.params, m),
            is_fatal=False,
            params=note.params,
        )
        for note in case.notes
    ]
    return [*lacks, *notes]


def _sentence(key: str, params: Mapping[str, str | int | float], m: Messages) -> str:
    told = {name: value if isinstance(value, str) else m.about(value) for name, value in params.items()}
    if "period" in told:
        told["period"] = m.text(f"event_in.{told['period']}")
    return m.text(key, **told)


def _amounts(figures: Figures, m: Messages) -> str:
    return m.text(
        "savings.amounts", baseline=m.about(figures.adjusted_baseline_kwh), actual=m.about(figures.actual_kwh)
    )


def _worths(case: SavingsCase, m: Messages) -> Iterator[str]:
    for key, worth in (("savings.money", case.money), ("savings.carbon", case.carbon)):
        if worth is not None:
            yield m.text(key, **_worth(worth, m))


def _worth(worth: Worth, m: Messages) -> dict[str, str]:
    return {
        "saved": m.about(worth.saved),
        "low": m.about(worth.low),
        "high": m.about(worth.high),
        "factor": f"{worth.per_kwh:g}",
    }


def _events(case: SavingsCase, m: Messages) -> Iterator[str]:
    events = case.savings.non_routine_events
    if not events:
        return
    is_without = case.takes_events_out and case.savings.adjusted is not None
    yield m.text("savings.events", which=m.text("savings.which_without" if is_without else "savings.which_with"))
    for event in events:
        yield INDENT + event_line(event, m)
    if case.other_figures is not None:
        key = "savings.with_events" if case.takes_events_out else "savings.without_events"
        yield INDENT + m.text(key, conclusion=said_of(case.other_figures, m))


def event_line(event: NonRoutineEvent, m: Messages) -> str:
    """Return one event: when, in which period, by how much it moved the use, and whether it may be a measure."""
    key = "savings.event_more" if event.kwh >= 0 else "savings.event_less"
    where = m.text(f"event_in.{event.in_period}")
    told = m.text(key, days=m.days(event.start, event.end), period=where, kwh=m.about(abs(event.kwh)))
    return told + m.text(LASTING[event.in_period]) if event.lasts else told


def _model(case: SavingsCase, m: Messages) -> Iterator[str]:
    model = case.savings.model
    if model is None:
        return
    yield m.text(
        "savings.model",
        name=model.name,
        interval=m.text(f"interval.{case.savings.interval.value}"),
        cv=m.percent(model.cv_rmse_pct),
        nmbe=_pct(model.nmbe_pct, m),
        r2=m.number(model.r2, 2),
        left_out=m.percent(model.out_of_sample_cv_rmse_pct),
    )


def _normal_year(case: SavingsCase, m: Messages) -> Iterator[str]:
    year = case.normal_year
    if year is None:
        return
    key = "savings.normal_year" if year.reporting_kwh is not None else "savings.normal_baseline"
    yield m.text(
        key, baseline=m.about(year.baseline_kwh), reporting=m.about(year.reporting_kwh), saved=m.about(year.savings_kwh)
    )
