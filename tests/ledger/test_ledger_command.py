"""`premises registry import LEDGER.xlsx` and `premises registry export`, as a user meets them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from sensors.topology import RoomId
from storage.ledger.marked import TITLE
from storage.registry_file import load_registry
from storage.registry_rewrite import comments, rewritten
from tests.command_line import Outcome, runner
from tests.registry.good import GOOD

Premises = Callable[..., Outcome]
ROOMS = "房间 Rooms"
COMMENTED = GOOD.replace("rooms:\n", "# the rooms as measured in 2025\nrooms:\n").replace(
    "  - {id: a-203,", "  # keeps the files\n  - {id: a-203,"
)


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Premises:
    return runner(monkeypatch, capsys)


def exported(premises: Premises, tmp_path: Path, text: str = GOOD) -> tuple[Path, Path]:
    """Return a home and the ledger that was exported from it."""
    home, ledger = tmp_path / "home", tmp_path / "ledger.xlsx"
    home.mkdir()
    (home / "registry.yaml").write_text(text, encoding="utf-8")
    assert premises("registry", "export", "--output", ledger, "--home", home).code == 0
    return home, ledger


def edited(ledger: Path, cell: str, value: str | float) -> None:
    book = load_workbook(ledger)
    book[ROOMS][cell] = value
    book.save(ledger)


def test_an_export_that_comes_back_changes_nothing_not_even_a_byte(premises: Premises, tmp_path: Path) -> None:
    home, ledger = exported(premises, tmp_path, COMMENTED)
    outcome = premises("registry", "import", ledger, "--home", home)
    assert outcome.out.startswith("nothing changes\n")
    assert (home / "registry.yaml").read_text(encoding="utf-8") == COMMENTED


def test_what_changes_is_told_before_it_is_written_and_check_writes_nothing(premises: Premises, tmp_path: Path) -> None:
    home, ledger = exported(premises, tmp_path)
    edited(ledger, "H3", 19.25)
    checked = premises("registry", "import", ledger, "--check", "--home", home)
    assert checked.out.startswith("~ rooms a-201: usable_area_m2\n")
    assert (home / "registry.yaml").read_text(encoding="utf-8") == GOOD
    done = premises("registry", "import", ledger, "--home", home)
    assert done.out.startswith("~ rooms a-201: usable_area_m2\n")
    assert load_registry(home / "registry.yaml").rooms[RoomId("a-201")].usable_area_m2 == 19.25
    (backup,) = home.glob("registry.*.bak")
    assert backup.read_text(encoding="utf-8") == GOOD


def test_comments_stay_beside_what_did_not_change(premises: Premises, tmp_path: Path) -> None:
    home, ledger = exported(premises, tmp_path, COMMENTED)
    edited(ledger, "H3", 19.25)
    assert premises("registry", "import", ledger, "--home", home).code == 0
    text = (home / "registry.yaml").read_text(encoding="utf-8")
    assert "# the rooms as measured in 2025\nrooms:\n" in text
    assert "  # keeps the files\n  - {id: a-203, building: a, floor: 2" in text


def test_comments_that_would_go_are_not_lost_without_a_word(premises: Premises, tmp_path: Path) -> None:
    text = GOOD.replace("usable_area_m2: 18.5, capacity: 2,", "usable_area_m2: 18.5, capacity: 2,  # by laser")
    home, ledger = exported(premises, tmp_path, text)
    edited(ledger, "H3", 19.25)
    refused = premises("registry", "import", ledger, "--home", home)
    assert refused.code == 2
    assert "1 comments stand in entries that change and would be lost (# by laser)" in refused.err
    assert (home / "registry.yaml").read_text(encoding="utf-8") == text
    assert premises("registry", "import", ledger, "--replace", "--home", home).code == 0
    assert load_registry(home / "registry.yaml").rooms[RoomId("a-201")].usable_area_m2 == 19.25


def test_faults_leave_the_registry_and_are_told_as_text_json_and_a_marked_copy(
    premises: Premises, tmp_path: Path
) -> None:
    home, ledger = exported(premises, tmp_path)
    edited(ledger, "H3", "wide")
    edited(ledger, "B4", "elsewhere")
    marked = tmp_path / "marked.xlsx"
    outcome = premises("registry", "import", ledger, "--json", "--report", marked, "--home", home)
    assert outcome.code == 2
    assert [line.partition(": ")[2].partition(": ")[0] for line in outcome.err.splitlines()] == [
        f"{ROOMS}, row 3, column 8 (H3)",
        f"{ROOMS}, row 4, column 2 (B4)",
    ]
    told = json.loads(outcome.out)
    assert (told["ok"], [(each["row"], each["column"]) for each in told["faults"]]) == (False, [(3, 8), (4, 2)])
    assert load_workbook(marked).sheetnames[0] == TITLE
    assert (home / "registry.yaml").read_text(encoding="utf-8") == GOOD


def test_yaml_comes_out_with_every_field_and_goes_in_again(premises: Premises, tmp_path: Path) -> None:
    home, _ = exported(premises, tmp_path)
    target = tmp_path / "whole.yaml"
    assert premises("registry", "export", "--format", "yaml", "--output", target, "--home", home).code == 0
    assert load_registry(target) == load_registry(home / "registry.yaml")
    assert premises("registry", "import", target, "--check", "--home", home).out.startswith("nothing changes\n")
    taken = premises("registry", "export", "--format", "yaml", "--output", target, "--home", home)
    assert (taken.code, "--overwrite" in taken.err) == (2, True)


def test_check_tells_faults_of_the_calendar_too(premises: Premises, tmp_path: Path) -> None:
    home, _ = exported(premises, tmp_path)
    (home / "calendar.yaml").write_text("closures:\n  - {first: 2026-03-02, room: a-999}\n", encoding="utf-8")
    outcome = premises("registry", "check", "--home", home)
    assert (outcome.code, outcome.err.count("calendar.yaml:2:")) == (2, 4)


@pytest.mark.parametrize(
    "text",
    ["a: 'b # c' # d\n# e\n", "# d\na: b#c # e\n", "a: |\n  # c\nb: x # d\n# e\n"],
)
def test_comments_are_told_from_texts_that_look_like_them(text: str) -> None:
    assert list(comments(text)) == ["# d", "# e"]


def test_entries_added_removed_and_sections_in_brackets_read_back(tmp_path: Path) -> None:
    text = GOOD.replace("openings:\n  - {id: d-201", "openings: [{id: d-201").replace(
        "release_on_fire: true}\n", "release_on_fire: true}]\n"
    )
    before = tmp_path / "registry.yaml"
    before.write_text(text, encoding="utf-8")
    after = tmp_path / "after.yaml"
    changed = text.replace("rex_wired: true", "rex_wired: false").replace("{id: lux1,", "{id: lux2,")
    after.write_text(changed, encoding="utf-8")
    wanted = load_registry(after)
    done = rewritten(before.read_bytes(), wanted)
    before.write_text(done.text, encoding="utf-8")
    assert load_registry(before) == wanted
    assert done.text.startswith(GOOD[: GOOD.index("openings:")])
