"""The papers over HTTP: whoever may read has them, whoever plans brings an edited ledger in."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook

from api.app import create_app
from premises.plan_papers.served import ServedPapers
from sensors.actors import Role
from tests.api.bench import Bench, in_three_days, registry


def test_ledger_goes_out_and_comes_back_over_http(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    papers = ServedPapers(registry=registry, clock=bench.clock, records=bench.records, deadline=in_three_days)
    bench.services = replace(bench.services, plan_papers=papers)
    bench.app = create_app(bench.services)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    answer = browser.client.get("/api/v1/ledger")
    assert answer.status_code == 200
    assert load_workbook(BytesIO(answer.content)).worksheets[0].title == "整改台账"
    sent = browser.client.post(
        "/api/v1/ledger/edited",
        files={"file": ("ledger.xlsx", answer.content)},
        headers={"X-CSRF-Token": browser.csrf_token},
    )
    assert (sent.status_code, sent.json()["changes"]) == (200, [])
    other = browser.client.post(
        "/api/v1/ledger/edited",
        files={"file": ("ledger.xlsx", b"no workbook")},
        headers={"X-CSRF-Token": browser.csrf_token},
    )
    assert other.status_code == 422
