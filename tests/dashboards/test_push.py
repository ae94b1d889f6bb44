"""What is pushed reaches a Grafana once, only what differs is written, and what goes wrong is said in plain words."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts.model import Alert
from dashboards.annotations import Note, notes_of, push_notes
from dashboards.files import generated_boards
from dashboards.grafana import ClientGrafana, GrafanaFault
from dashboards.push import OLDEST, Outcome, Pusher, Source, Step, push
from premises.cli import premises
from rectification.model import Item, ItemState
from sensors.verdicts import Severity
from tests.dashboards.fake_grafana import TOKEN, FakeGrafana, PlainGrafana, listening
from tests.servers import free_port
from tests.storage.records.stores import NOON, alert, item

BOARDS = generated_boards(["zh"])
SOURCE = Source(url="http://influxdb:8086", token="secret")  # noqa: S106 - of a test
EVERYTHING = len(BOARDS) + 2


@pytest.fixture
def grafana() -> Iterator[FakeGrafana]:
    with listening(FakeGrafana()) as there:
        yield there


def pusher(grafana: FakeGrafana, *, dry_run: bool = False, token: str = TOKEN) -> Pusher:
    return Pusher(PlainGrafana(grafana.url, token), dry_run=dry_run)


def pushed(grafana: FakeGrafana, source: Source | None = SOURCE, *, dry_run: bool = False) -> list[Step]:
    return list(push(pusher(grafana, dry_run=dry_run), BOARDS, source))


def outcomes(steps: Sequence[Step]) -> set[Outcome]:
    return {step.outcome for step in steps}


def test_everything_is_created_once_and_then_left_alone(grafana: FakeGrafana) -> None:
    first, again = pushed(grafana), None
    assert outcomes(first) == {Outcome.CREATED}
    assert len(first) == len(grafana.writes) == EVERYTHING
    again = pushed(grafana)
    assert outcomes(again) == {Outcome.UNCHANGED}
    assert len(grafana.writes) == EVERYTHING
    assert set(grafana.boards) == {board["uid"] for board in BOARDS}
    assert {board["folderUid"] for board in grafana.boards.values()} == {"premises"}


def test_a_dry_run_says_the_same_and_writes_nothing(grafana: FakeGrafana) -> None:
    assert len(pushed(grafana, dry_run=True)) == EVERYTHING
    assert grafana.writes == []


def test_only_the_dashboard_that_somebody_edited_is_written_back(grafana: FakeGrafana) -> None:
    pushed(grafana)
    grafana.boards[BOARDS[0]["uid"]]["dashboard"] |= {"title": "mine", "refresh": "5s"}
    changed = [step for step in pushed(grafana) if step.outcome is not Outcome.UNCHANGED]
    assert [(step.outcome, step.detail) for step in changed] == [(Outcome.CHANGED, "refresh, title")]
    assert grafana.boards[BOARDS[0]["uid"]]["dashboard"]["title"] == BOARDS[0]["title"]


def test_a_dashboard_in_another_folder_comes_back(grafana: FakeGrafana) -> None:
    pushed(grafana)
    grafana.boards[BOARDS[0]["uid"]]["folderUid"] = "elsewhere"
    assert [step.detail for step in pushed(grafana) if step.outcome is Outcome.CHANGED] == ["folder"]


def test_what_grafana_reads_from_files_is_kept(grafana: FakeGrafana) -> None:
    pushed(grafana)
    grafana.provisioned = {BOARDS[0]["uid"]}
    grafana.sources["premises"] |= {"readOnly": True, "url": "http://other:8086"}
    kept = [step for step in pushed(grafana) if step.outcome is Outcome.KEPT]
    assert {step.kind for step in kept} == {"data source", "dashboard"}


def test_a_data_source_keeps_what_a_person_set_there(grafana: FakeGrafana) -> None:
    pushed(grafana)
    grafana.sources["premises"]["jsonData"]["timeInterval"] = "60s"
    moved = pushed(grafana, replace(SOURCE, url="https://influxdb.example"))
    assert [(step.kind, step.detail) for step in moved if step.outcome is Outcome.CHANGED] == [("data source", "url")]
    assert grafana.sources["premises"]["jsonData"]["timeInterval"] == "60s"
    assert "secret" not in "".join(map(str, moved))


def test_without_an_address_the_data_source_stays_as_it_is(grafana: FakeGrafana) -> None:
    with pytest.raises(GrafanaFault, match="--influxdb-url"):
        pushed(grafana, None)
    pushed(grafana)
    assert outcomes(pushed(grafana, None)) == {Outcome.UNCHANGED}


def test_an_editor_pushes_dashboards_beside_a_data_source_it_may_not_see(grafana: FakeGrafana) -> None:
    pushed(grafana)
    grafana.boards.clear()
    grafana.denied = {"/datasources"}
    steps = pushed(grafana, None)
    assert [step.detail for step in steps if step.outcome is Outcome.KEPT] == ["this token may not see it"]
    assert len(grafana.boards) == len(BOARDS)


def test_a_folder_of_another_name_is_renamed(grafana: FakeGrafana) -> None:
    grafana.folders["premises"] = {"uid": "premises", "title": "Old"}
    assert pushed(grafana)[0].outcome is Outcome.CHANGED


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"denied": {"/dashboards"}}, "403 .*role Editor"),
        ({"denied": {"/datasources"}}, "403 .*role Admin"),
        ({"version": "8.5.1"}, f"is Grafana 8.5.1; {OLDEST}.0 or newer"),
        ({"is_other": True}, "no Grafana; look at the address"),
    ],
)
def test_a_fault_is_said_in_plain_words(grafana: FakeGrafana, fault: dict[str, object], words: str) -> None:
    for name, value in fault.items():
        setattr(grafana, name, value)
    with pytest.raises(GrafanaFault, match=words):
        pushed(grafana)


def test_a_token_that_is_not_taken_is_named_and_not_shown(grafana: FakeGrafana) -> None:
    with pytest.raises(GrafanaFault, match=r"401 .*token is not taken") as caught:
        list(push(pusher(grafana, token="wrong-token"), BOARDS, SOURCE))  # noqa: S106 - of a test
    assert "wrong-token" not in str(caught.value)


def test_nobody_at_the_address_is_said() -> None:
    nobody = Pusher(PlainGrafana(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(GrafanaFault, match="no Grafana answers"):
        nobody.check()


def told() -> tuple[list[Alert], list[Item]]:
    alerts = [alert(), alert(test=True), alert(severity=Severity.BLUE), alert(onset=NOON - timedelta(days=90))]
    return alerts, [item(7, state=ItemState.SIGNED_OFF, signed_off=NOON), item(8)]


def notes(language: str = "zh") -> list[Note]:
    alerts, items = told()
    return notes_of(alerts, items, since=NOON - timedelta(days=30), language=language)


def test_alarms_and_signed_items_become_annotations_once(grafana: FakeGrafana) -> None:
    made = notes()
    for expected in ([Outcome.CREATED] * 2, [Outcome.UNCHANGED]):
        steps = list(push_notes(pusher(grafana), made, since=NOON - timedelta(days=30)))
        assert [step.outcome for step in steps] == expected
    assert [note["tags"][1] for note in grafana.notes] == ["alarm", "signed-off"]
    assert "火警未确认" in grafana.notes[0]["text"]


def test_an_annotation_in_another_language_is_changed(grafana: FakeGrafana) -> None:
    made = notes()
    in_english = [replace(note, text=f"in English {note.key}") for note in made]
    list(push_notes(pusher(grafana), made, since=NOON))
    steps = list(push_notes(pusher(grafana), in_english, since=NOON))
    assert [step.outcome for step in steps] == [Outcome.CHANGED] * 2
    assert len(grafana.notes) == 2


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    token = folder / "token"
    token.write_text(TOKEN, encoding="utf-8")
    result = CliRunner().invoke(premises, ["dashboards", "push", "--token-file", str(token), *arguments])
    return result.exit_code, f"{result.output}{result.exception or ''}"


def test_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grafana_client.client", None)
    _, said = run(tmp_path, "--url", "http://127.0.0.1:1")
    assert "pip install 'premises[grafana]'" in said


def test_the_command_pushes_through_grafana_client(tmp_path: Path, grafana: FakeGrafana) -> None:
    pytest.importorskip("grafana_client", reason="the extra is installed into an environment of its own")
    where = ("--url", grafana.url, "--influxdb-url", "http://influxdb:8086")
    code, said = run(tmp_path, *where, "--dry-run")
    assert (code, "would be" in said, grafana.writes) == (0, True, [])
    assert run(tmp_path, *where)[0] == 0
    assert "16 unchanged" in run(tmp_path, *where)[1]


def test_grafana_client_leaks_no_error_of_its_own(grafana: FakeGrafana) -> None:
    pytest.importorskip("grafana_client", reason="the extra is installed into an environment of its own")
    for url, words in (
        (f"http://127.0.0.1:{free_port()}", "no Grafana answers"),
        (grafana.url.replace("http:", "https:"), "does not speak TLS"),
    ):
        client = ClientGrafana(url, TOKEN)
        with pytest.raises(GrafanaFault, match=words):
            Pusher(client).check()
        client.close()
