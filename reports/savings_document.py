"""A saving as a JSON document; other programs rely on its keys."""

from collections.abc import Sequence

from analytics.savings.result import Candidate, Figures, ModelFit, NonRoutineEvent
from analytics.savings.terms import Period
from reports.messages import Language, Messages
from reports.savings_case import NormalYear, SavingsCase, Worth, whole_figures
from reports.savings_text import conclusion_of, doubts_of

DECIMALS = 3


def savings_document(case: SavingsCase, language: Language = "en") -> dict[str, object]:
    """Return a saving as JSON values: null where the data allow no number, and then `sufficiency` says why.

    The figures on top are with the events in them, or without where that was asked (`events_taken_out`). Both stand
    below by name: what the meter shows, and what it would show had the events not been; null where there are none.
    """
    savings, messages = case.savings, Messages(language, case.zone)
    return {
        "interval": savings.interval.value,
        "model": _model(savings.model),
        **_figures(case.figures),
        "conclusion": case.conclusion.value,
        "conclusion_text": conclusion_of(case, messages),
        "events_taken_out": case.takes_events_out and savings.adjusted is not None,
        "savings_with_events": _told(whole_figures(savings)),
        "savings_without_events": _told(savings.adjusted),
        "other_way": _told(case.other_figures),
        "non_routine_events": [_event(event) for event in savings.non_routine_events],
        "sufficiency": [
            {"code": doubt.code, "detail": doubt.sentence, "fatal": doubt.is_fatal, **doubt.params}
            for doubt in doubts_of(case, messages)
        ],
        "candidates": [_candidate(each) for each in savings.candidates],
        "baseline": _period(case.baseline),
        "reporting": _period(case.reporting),
        "timezone": case.zone.key,
        "money": _worth(case.money, "cny"),
        "carbon": _worth(case.carbon, "kg"),
        "normal_year": _normal_year(case.normal_year),
    }


def _model(model: ModelFit | None) -> dict[str, object] | None:
    if model is None:
        return None
    return {
        "name": model.name,
        "cv_rmse_pct": _number(model.cv_rmse_pct),
        "nmbe_pct": _number(model.nmbe_pct),
        "r2": _number(model.r2),
        "out_of_sample_cv_rmse_pct": _number(model.out_of_sample_cv_rmse_pct),
        "parameters": model.parameters,
        "why_chosen": model.why_chosen,
    }


def _figures(figures: Figures | None) -> dict[str, object]:
    names = ("adjusted_baseline_kwh", "actual_kwh", "savings_kwh", "savings_pct")
    if figures is None:
        return dict.fromkeys((*names, "ci90_kwh", "ci90_pct"))
    return {
        **{name: _number(getattr(figures, name)) for name in names},
        "ci90_kwh": _range(figures.ci90_kwh),
        "ci90_pct": _range(figures.ci90_pct),
    }


def _told(figures: Figures | None) -> dict[str, object] | None:
    return None if figures is None else {**_figures(figures), "conclusion": figures.conclusion.value}


def _event(event: NonRoutineEvent) -> dict[str, object]:
    return {
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "kwh": _number(event.kwh),
        "in_period": event.in_period,
        "lasts": event.lasts,
    }


def _candidate(candidate: Candidate) -> dict[str, object]:
    return {
        "name": candidate.name,
        "out_of_sample_cv_rmse_pct": _number(candidate.out_of_sample_cv_rmse_pct),
        "passed": candidate.passed,
        "why": candidate.why,
    }


def _period(period: Period) -> list[str]:
    return [period.first.isoformat(), period.last.isoformat()]


def _worth(worth: Worth | None, unit: str) -> dict[str, object] | None:
    if worth is None:
        return None
    return {
        unit: _number(worth.saved),
        "ci90": [_number(worth.low), _number(worth.high)],
        f"{unit}_per_kwh": worth.per_kwh,
    }


def _normal_year(year: NormalYear | None) -> dict[str, object] | None:
    if year is None:
        return None
    return {
        "weather": year.file,
        "baseline_kwh": _number(year.baseline_kwh),
        "reporting_kwh": _number(year.reporting_kwh),
        "savings_kwh": _number(year.savings_kwh),
    }


def _range(interval: Sequence[float]) -> list[float | None]:
    return [_number(bound) for bound in interval]


def _number(value: float | None) -> float | None:
    # adding zero turns a rounded -0.0 into 0.0
    return None if value is None or value != value else round(value, DECIMALS) + 0.0  # noqa: PLR0124 - NaN is no JSON
