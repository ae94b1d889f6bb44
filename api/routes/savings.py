"""What was saved against a baseline."""

from fastapi import APIRouter

from api.dependencies import Reader, ReaderLanguage, ServicesOf
from api.savings import PeriodAsked, SavingsView, SubjectAsked, savings_asked, savings_of

router = APIRouter(tags=["energy"])


@router.get("/savings")
def get_savings(
    services: ServicesOf,
    _: Reader,
    language: ReaderLanguage,
    *,
    subject: SubjectAsked,
    baseline: PeriodAsked,
    reporting: PeriodAsked,
    adjust_events: bool = False,
) -> SavingsView:
    """Return what was saved in the reporting period against the baseline, with its interval, or what the data lack."""
    asked = savings_asked(
        services,
        subject=subject,
        baseline=baseline,
        reporting=reporting,
        language=language,
        adjust_events=adjust_events,
    )
    return SavingsView.of(asked, savings_of(services, asked))
