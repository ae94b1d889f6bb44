"""An import that breaks off goes on where it was: nothing twice, nothing missing, the registers' sums to the bit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from premises.imports.import_journal import ImportRunningFault, JournalFault
from premises.imports.import_run import ImportBrokeOffError, ImportChangedError
from sensors.readings import ReadingBatch
from storage.errors import StoreFailedError
from storage.ports import AppendResult, Refusal
from tests.command_line import runner
from tests.imports import Desk, Flaky, PowerCutError, desk_in
from tests.tables.csv_files import ROWS

CHUNKS = 14


@dataclass(slots=True)
class Picky:
    """A store that refuses one reading of each chunk, and counts the chunk once its refusal was heard."""

    heard: int = 0

    def append_from_spool(self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = ()) -> AppendResult:
        assert spool.startswith("import:")
        if not batches:
            self.heard = last_entry
            return AppendResult()
        assert last_entry == self.heard + 1
        return AppendResult(new=len(batches[0]) - 1, refused=(Refusal(words="too old"),))

    def drained_to(self, spool: str) -> int:
        assert spool.startswith("import:")
        return self.heard


def broken_off(desk: Desk, *, at: int = 5) -> Flaky:
    target = Flaky(fails_at=at)
    with pytest.raises(PowerCutError):
        desk.imported(target)
    return target


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("chunk", range(1, CHUNKS + 1))
def test_import_broken_off_at_any_chunk_stores_each_once(tmp_path: Path, chunk: int, *, after_commit: bool) -> None:
    desk, whole = desk_in(tmp_path), Flaky()
    readings = desk.imported(whole).readings
    assert whole.taken == list(range(1, CHUNKS + 1))
    target = Flaky(fails_at=chunk, after_commit=after_commit)
    with pytest.raises(PowerCutError):
        desk.imported(target)
    counts = desk.imported(target)
    assert target.taken == whole.taken
    assert target.readings() == whole.readings()
    assert (counts.readings, counts.new + counts.uncounted) == (readings, readings)
    assert bool(counts.uncounted) == after_commit


def test_import_that_goes_on_says_so_and_does_not_begin_at_zero(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    target = broken_off(desk)
    desk.imported(target)
    assert desk.said == [f"{desk.table}: goes on after 12 of 40 rows"]
    assert target.taken == list(range(1, CHUNKS + 1))


def test_import_broken_off_again_and_again_is_complete_in_the_end(tmp_path: Path) -> None:
    desk, whole = desk_in(tmp_path), Flaky()
    desk.imported(whole)
    target = Flaky()
    for chunk in (2, 3, 3, 9, 14):
        target.fails_at, target.after_commit = chunk, not target.after_commit
        with pytest.raises(PowerCutError):
            desk.imported(target)
    desk.imported(target)
    assert target.readings() == whole.readings()


def test_store_that_lost_its_last_chunks_gets_them_again(tmp_path: Path) -> None:
    desk, whole = desk_in(tmp_path), Flaky()
    desk.imported(whole)
    broken_off(desk, at=9)
    emptied = Flaky()
    desk.imported(emptied)
    assert emptied.readings() == whole.readings()


def test_same_file_is_imported_anew_once_its_import_is_done(tmp_path: Path) -> None:
    desk, target = desk_in(tmp_path), Flaky()
    first = desk.imported(target)
    again = desk.imported(target)
    assert (first.new, again.new, again.unchanged) == (first.readings, 0, first.readings)
    assert desk.said == []


@pytest.mark.parametrize(("which", "what"), [("table", "the file has changed"), ("mapping", "the mapping has changed")])
def test_what_changed_since_an_import_broke_off_is_told(tmp_path: Path, which: str, what: str) -> None:
    desk = desk_in(tmp_path)
    target = broken_off(desk)
    path: Path = getattr(desk, which)
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("405", "406").replace("co2}", "co2_ppm}"), encoding="utf-8")
    with pytest.raises(ImportChangedError, match=rf"broke off after 12 rows, and {what} since; import with --restart"):
        desk.imported(target)
    path.write_text(before, encoding="utf-8")
    desk.imported(target)
    assert target.taken == list(range(1, CHUNKS + 1))


def test_full_disk_is_told_with_what_is_stored_and_what_to_do(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    full = StoreFailedError(tmp_path / "readings.duckdb", "No space left on device")
    target = Flaky(fails_at=5, failure=full)
    with pytest.raises(ImportBrokeOffError, match=r"broke off after 12 rows: .*No space left.*; start it again and it"):
        desk.imported(target)
    desk.imported(target)
    assert target.taken == list(range(1, CHUNKS + 1))


def test_readings_that_the_store_refuses_are_counted_and_told_and_the_import_goes_on(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    counts = desk.imported(Picky())
    assert (counts.refused, counts.readings - counts.new) == (CHUNKS, CHUNKS)
    assert desk.said == [f"{desk.table}: the store refused readings: too old"]


def test_second_import_of_a_file_is_refused_while_the_first_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_in(tmp_path)
    monkeypatch.setenv("PREMISES_HOME", str(tmp_path / "home"))
    with desk.journal.held(str(desk.table)):
        outcome = runner(monkeypatch, capsys)("import", desk.table, "--mapping", desk.mapping)
    assert outcome.code == 2
    assert "imports it already; wait for its end" in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_import_lets_go_of_the_file_however_it_ends(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    with pytest.raises(PowerCutError), desk.journal.held("t.csv"):
        raise PowerCutError
    with desk.journal.held("t.csv"), pytest.raises(ImportRunningFault), desk.journal.held("t.csv"):
        pass


def test_journal_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    target = broken_off(desk)
    desk.journal.path.write_text("{", encoding="utf-8")
    with pytest.raises(JournalFault, match="cannot be read; import with --restart"):
        desk.imported(target)


def test_restart_begins_anew_after_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_in(tmp_path)
    broken_off(desk)
    with desk.table.open("a", encoding="utf-8") as file:
        file.write(ROWS.replace("2021-09-07", "2021-09-08"))
    monkeypatch.setenv("PREMISES_HOME", str(tmp_path / "home"))
    premises = runner(monkeypatch, capsys)
    assert premises("import", desk.table, "--mapping", desk.mapping).code == 2
    done = premises("import", desk.table, "--mapping", desk.mapping, "--restart")
    assert (done.code, done.err) == (0, "")
    assert "43 rows" in done.out
    assert not desk.journal.path.exists()


def test_interrupted_import_ends_with_130_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_in(tmp_path)
    _ = desk.journal

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("PREMISES_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("premises.imports.import_run.ImportRun.into", interrupted)
    outcome = runner(monkeypatch, capsys)("import", desk.table, "--mapping", desk.mapping)
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.err == f"premises: {desk.table}: interrupted; start the import again and it goes on where it was\n"
