"""Energy reports over HTTP and in the console: asked for, prepared, reviewed and issued by three people, handed out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from api.app import create_app
from api.energy_report_ports import Making
from api.messages import Language
from api.papers import Paper
from api.ports import RecordsTransaction
from rectification.energy_reporting import draft
from rectification.energy_reports import EnergyReport, ReportPeriod
from sensors.actors import Actor, Role
from tests.api.bench import HQ, NOON, Bench

API = "/energy-reports"


@dataclass
class InstantDesk:
    """Drafts at once, with figures that are given; every paper says which it is."""

    bench: Bench

    def ask(self, period: ReportPeriod, *, reason: str, actor: Actor) -> None:
        with self.bench.records.transaction() as tx:
            clock, today = self.bench.clock, NOON.date()
            draft(tx, HQ, period, '{"a":1}', reason=reason, today=today, actor=actor, clock=clock)

    def making(self) -> Sequence[Making]:
        return (Making(period="2026Q3", part="months", done=0.5),)

    def paper(self, _tx: RecordsTransaction, report: EnergyReport, form: Paper, language: Language, /) -> bytes:
        return f"{report.period} {form} {language}".encode()


def bench(folder: Path) -> Bench:
    made = Bench(folder)
    made.services = replace(made.services, energy_reports=InstantDesk(made))
    made.app = create_app(made.services)
    return made


def test_three_people_issue_a_report_over_http(tmp_path: Path) -> None:
    at = bench(tmp_path)
    anna, ben, chen = (at.signed_in(Role.FACILITY_MANAGER, user_name=name) for name in ("anna", "ben", "chen"))
    assert anna.post(API, {"period": "2026-10"}).status_code == 202
    told = anna.get(API).json()
    assert told["making"] == [{"period": "2026Q3", "part": "months", "done": 0.5, "failure": ""}]
    one = f"{API}/{told['reports'][0]['id']}"
    assert anna.post(f"{one}/review", {"note": ""}).status_code == 409
    assert ben.post(f"{one}/review", {"note": ""}).json()["state"] == "reviewed"
    assert ben.post(f"{one}/issue", {"note": ""}).status_code == 409
    assert chen.post(f"{one}/issue", {"note": ""}).json()["state"] == "issued"
    assert chen.get(f"{one}/figures").json() == {"a": 1}
    paper = chen.get(f"{one}/paper?format=xlsx&lang=en")
    assert (paper.text, "attachment" in paper.headers["content-disposition"]) == ("2026-10 xlsx en", True)
    assert anna.post(API, {"period": "2026-10"}).status_code == 409


def test_who_only_reads_asks_for_none(tmp_path: Path) -> None:
    viewer = bench(tmp_path).signed_in(Role.VIEWER)
    assert viewer.post(API, {"period": "2026-10"}).status_code == 403
    assert viewer.get(f"{API}/none").status_code == 404


def test_words_that_are_no_period_and_days_to_come_are_refused(tmp_path: Path) -> None:
    manager = bench(tmp_path).signed_in(Role.FACILITY_MANAGER)
    assert manager.post(API, {"period": "soon"}).status_code == 422
    assert manager.post(API, {"period": "2026"}).status_code == 409


def test_page_shows_progress_and_what_is_due(tmp_path: Path) -> None:
    at = bench(tmp_path)
    manager = at.signed_in(Role.FACILITY_MANAGER)
    manager.post(API, {"period": "2026-10"})
    page = manager.client.get("/energy-reports", headers={"accept": "text/html", "accept-language": "en"}).text
    for told in ("overdue", "2025", "2026-10 · version 1", "<progress", "prepared: ", "Word"):
        assert told in page
