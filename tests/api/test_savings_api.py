"""Savings over HTTP: what may be asked for, what is told of whom, and the page."""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

from analytics.savings.terms import Period
from api.app import create_app
from api.ports import SavingsAsked, SavingsTold
from sensors.actors import Role
from sensors.topology import BuildingId, Circuit, CircuitId, CircuitItem, Registry, RoomId
from tests.api.bench import Bench, Browser, code, registry

MAIN, CHIEF, CIPHER = (CircuitId(each) for each in ("main", "chief", "cipher"))
PERIODS = "baseline=2024-01-01/2024-12-31&reporting=2025-01-01/2025-12-31"
FORM = "baseline_first=2024-01-01&baseline_last=2024-12-31&first=2025-01-01&last=2025-12-31"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
DOCUMENT: dict[str, object] = {
    "interval": "hourly",
    "model": {"name": "m", "cv_rmse_pct": 5.0, "nmbe_pct": 0.0, "r2": 0.9},
    "adjusted_baseline_kwh": 1000.0,
    "actual_kwh": 900.0,
    "savings_kwh": 100.0,
    "savings_pct": 10.0,
    "ci90_kwh": [80.0, 120.0],
    "ci90_pct": [8.0, 12.0],
    "conclusion": "saved",
    "non_routine_events": [
        {"start": "2025-03-01", "end": "2025-04-01", "kwh": -5.0, "in_period": "reporting", "lasts": False}
    ],
    "sufficiency": [{"code": "zeros", "detail": "3 zeros", "fatal": False, "rows": 3}],
}


def site() -> Registry:
    """A main, a circuit of a person alone, and one of a room that shows nowhere."""
    return replace(
        registry(),
        circuits={
            MAIN: Circuit(id=MAIN, item=CircuitItem.TOTAL, building=BuildingId("a")),
            CHIEF: Circuit(id=CHIEF, item=CircuitItem.LIGHTING, parent=MAIN, serves=(RoomId("a-202"),)),
            CIPHER: Circuit(id=CIPHER, item=CircuitItem.HVAC, parent=MAIN, serves=(RoomId("a-203"),)),
        },
    )


@dataclass
class Told:
    """Answers with the document above, and keeps what was asked."""

    answer: SavingsTold | None = field(
        default_factory=lambda: SavingsTold(document=DOCUMENT, lines=("Saved 100 kWh.", "More."), chart_svg=SVG)
    )
    asked: list[SavingsAsked] = field(default_factory=list)

    def __call__(self, asked: SavingsAsked) -> SavingsTold | None:
        self.asked.append(asked)
        return self.answer


def viewer(folder: Path, told: Told) -> Browser:
    bench = Bench(folder)
    bench.services = replace(bench.services, registry=site, savings=told)
    bench.app = create_app(bench.services)
    return bench.signed_in(Role.VIEWER)


def test_figures_events_and_doubts_are_told_with_what_they_are_of(tmp_path: Path) -> None:
    told = Told()
    answer = viewer(tmp_path, told).get(f"/savings?subject=circuit:main&{PERIODS}").json()
    [asked] = told.asked
    assert asked.baseline == Period(date(2024, 1, 1), date(2024, 12, 31))
    assert not asked.draws
    assert answer["subject"] == "circuit:main"
    assert {key: answer[key] for key in DOCUMENT} == DOCUMENT


@pytest.mark.parametrize("subject", ["building:a", "site:hq", "circuit:main"])
def test_site_buildings_and_open_circuits_may_be_asked_for(tmp_path: Path, subject: str) -> None:
    told = Told()
    wanted = subject.replace("site:hq", f"site:{site().site.id}")
    assert viewer(tmp_path, told).get(f"/savings?subject={wanted}&{PERIODS}").status_code == 200
    assert str(told.asked[0].subject) == wanted


@pytest.mark.parametrize(
    ("subject", "refused"),
    [
        ("circuit:chief", "personal_room"),
        ("circuit:cipher", "not_found"),
        ("circuit:none", "not_found"),
        ("room:a-201", "not_found"),
        ("main", "not_found"),
    ],
)
def test_nothing_is_told_of_one_person_of_closed_rooms_or_of_what_is_not_there(
    tmp_path: Path, subject: str, refused: str
) -> None:
    told = Told()
    assert code(viewer(tmp_path, told).get(f"/savings?subject={subject}&{PERIODS}")) == refused
    assert told.asked == []


@pytest.mark.parametrize(
    "periods",
    [
        "baseline=2024-12-31/2024-01-01&reporting=2025-01-01/2025-12-31",
        "baseline=2024-01-01&reporting=2025-01-01/2025-12-31",
        "baseline=2024-01-01/2024-12-31&reporting=2025-01-01/9999-12-31",
        "baseline=0001-01-01/2024-12-31&reporting=2025-01-01/2025-12-31",
        "baseline=soon/later&reporting=2025-01-01/2025-12-31",
        "baseline=2024-01-01/2024-12-31",
    ],
)
def test_odd_periods_are_refused(tmp_path: Path, periods: str) -> None:
    told = Told()
    assert code(viewer(tmp_path, told).get(f"/savings?subject=building:a&{periods}")) == "invalid"
    assert told.asked == []


def test_of_a_subject_without_registers_nothing_is_found(tmp_path: Path) -> None:
    answer = viewer(tmp_path, Told(answer=None)).get(f"/savings?subject=building:a&{PERIODS}")
    assert code(answer) == "not_found"


def page(browser: Browser, query: str) -> str:
    return browser.client.get(f"/savings{query}", headers={"Accept": "text/html"}).text


def test_page_begins_with_the_form_and_asks_for_nothing(tmp_path: Path) -> None:
    told = Told()
    shown = page(viewer(tmp_path, told), "")
    assert 'value="circuit:main"' in shown
    assert "circuit:chief" not in shown
    assert "circuit:cipher" not in shown
    assert told.asked == []


def test_page_shows_the_conclusion_and_its_picture(tmp_path: Path) -> None:
    told = Told()
    shown = page(viewer(tmp_path, told), f"?subject=building:a&{FORM}&adjust_events=true")
    [asked] = told.asked
    assert (asked.draws, asked.adjust_events) == (True, True)
    assert "Saved 100 kWh." in shown
    assert "data:image/svg+xml;base64," in shown


def test_page_says_where_there_is_nothing_to_answer_with(tmp_path: Path) -> None:
    assert "premises rollup" in page(viewer(tmp_path, Told(answer=None)), f"?subject=building:a&{FORM}")
