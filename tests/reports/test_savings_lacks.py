"""Months that lack the same are told as one line, and only those."""

from analytics.savings.result import Lack, Shortfall
from reports.savings_lacks import in_runs


def month(name: str, covered_pct: float, period: str = "reporting") -> Shortfall:
    params: dict[str, str | float] = {"period": period, "month": name, "covered_pct": covered_pct}
    return Shortfall(code=Lack.MONTH_COVERAGE, params=params, is_fatal=True)


def test_months_one_after_another_that_lack_as_much_are_one() -> None:
    lacks = [month("2025-11", 0.0), month("2025-12", 0.0), month("2026-01", 0.0), month("2026-02", 38.7)]
    assert [each.params["month"] for each in in_runs(lacks)] == ["2025-11 – 2026-01", "2026-02"]


def test_months_with_one_between_of_another_period_or_share_stay_apart() -> None:
    lacks = [month("2025-01", 0.0), month("2025-03", 0.0), month("2025-04", 0.0, "baseline"), month("2025-05", 1.0)]
    assert list(in_runs(lacks)) == lacks


def test_other_lacks_stay_as_they_are() -> None:
    no_meter = Shortfall(code=Lack.NO_METER, params={"period": "baseline"}, is_fatal=True)
    assert list(in_runs([no_meter, no_meter])) == [no_meter, no_meter]
