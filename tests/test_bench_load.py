"""`premises bench load`: what is sent arrives, at the rate asked for, and the answer says so."""

import json
from pathlib import Path

import pytest

from premises.bench.load import Sending, paced
from premises.simulated.publishing import Broker
from simulators.load import Kind, LoadPlan, load, tally
from tests.command_line import runner
from tests.servers import mosquitto

PLAN = LoadPlan(messages=500, gateways=3, duplicated=0.1, garbage=0.1)


@pytest.mark.parametrize("qos", [0, 1])
def test_every_message_is_sent_and_counted_by_kind(qos: int) -> None:
    sent = list(load(PLAN))
    told: list[int] = []
    report = Sending(PLAN, Broker(host="127.0.0.1", port=mosquitto().port), qos=qos, told=told.append).run()
    assert (report.messages, report.acknowledged, sum(told)) == (len(sent),) * 3
    assert report.records == tally(sent)


def test_pace_is_kept_and_what_is_late_is_made_up_for() -> None:
    clock = [0.0]
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds

    source = paced(load(LoadPlan(messages=300)), 100.0, now=lambda: clock[0], wait=wait)
    sizes = []
    for number, some in enumerate(source):
        sizes.append(len(some))
        if number == 20:
            clock[0] += 0.5
    assert sum(sizes) == 300
    assert max(sizes) == 5
    assert clock[0] == pytest.approx(2.95)
    assert len(waited) == 59 - 10


def test_command_answers_with_what_the_books_must_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    premises = runner(monkeypatch, capsys)
    options = ("--messages", 200, "--gateways", 2, "--lost", 0.1, "--home", tmp_path / "home")
    outcome = premises("bench", "load", *options, "--port", mosquitto().port, "--rate", 5_000, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert answer["records"] == tally(load(LoadPlan(messages=200, gateways=2, lost=0.1)))
    assert answer["messages"] == answer["acknowledged"] == answer["records"][Kind.READINGS] < 200
    written = premises("bench", "load", "--registry", tmp_path / "registry.yaml", "--gateways", 2)
    assert written.out == f"{tmp_path / 'registry.yaml'}: 2 gateways with 10 devices each\n"
    assert premises("registry", "check", tmp_path / "registry.yaml").code == 0
