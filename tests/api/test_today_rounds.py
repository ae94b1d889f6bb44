"""The first page names inspections that are due or late to whom they concern, and reports to who moderates them."""

from datetime import timedelta
from pathlib import Path

import pytest

from sensors.actors import Role
from tests.api.bench import Browser
from tests.api.test_inspections_api import TODAY, bench_with_lists, planned
from tests.api.test_people_reports import code_of, tell


def first_page(browser: Browser) -> str:
    return browser.client.get("/", headers={"Accept-Language": "en"}).text


def test_own_round_is_named_a_week_before_its_day_and_a_late_one_to_who_manages(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    bench.account(Role.SAFETY_OFFICER, user_name="olga")
    anna = bench.signed_in(Role.FACILITY_MANAGER)
    planned(anna)
    planned(anna, checklist="structure", due=str(TODAY + timedelta(days=8)))
    planned(anna, checklist="cleaning", assignee="id-olga", due=str(TODAY - timedelta(days=2)))
    planned(anna, checklist="wiring", assignee="id-olga")
    page = first_page(anna)
    assert ("Daily fire patrol" in page, "overdue" in page) == (True, True)
    assert ("wiring" in page.lower(), "structure" in page.lower()) == (False, False)
    assert page.index("leaning") < page.index("Daily fire patrol")


def test_who_goes_round_sees_their_own_alone(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    olga = bench.signed_in(Role.SAFETY_OFFICER, user_name="olga")
    anna = bench.signed_in(Role.FACILITY_MANAGER)
    planned(anna, due=str(TODAY - timedelta(days=2)))
    assert "Daily fire patrol" not in first_page(olga)


@pytest.mark.parametrize(("role", "is_told"), [(Role.FACILITY_MANAGER, True), (Role.VIEWER, False)])
def test_reports_that_wait_are_told_to_who_moderates_them(tmp_path: Path, role: Role, is_told: bool) -> None:  # noqa: FBT001 - a case's value
    bench = bench_with_lists(tmp_path)
    tell(bench.browser(), code_of(bench), text="no heat in here")
    assert ("1 report waits" in first_page(bench.signed_in(role))) is is_told
