"""Backup and restore: what is in a home comes back, from under everything that runs, or nothing does."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from analytics.ledger import FindingAction
from premises.clock import SystemClock
from premises.home import Home
from premises.stores.backup import PACKINGS, BackupFault, ReadingsExporter, back_up, restore
from premises.stores.records import open_records
from sensors.errors import InputFault
from sensors.intake import SpoolEntry
from sensors.journal import Change, ChangeKind
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.drain import drain
from storage.errors import StoreHeldError
from storage.readings.duckdb import DuckDBReadingStore
from storage.spool import SqliteSpool
from tests.command_line import runner
from tests.storage.records.stores import account, alert, alert_step, finding, item, item_step

HQ = SiteId("hq")
NOW_MS = 1_795_392_000_000
REGISTRY = (
    "site: {id: hq, name: HQ, timezone: Asia/Shanghai, working_hours: 09:00-18:00, calendar: holidays/own.yaml}\n"
    "buildings: [{id: a, name: A}]\n"
    "rooms: [{id: a-201, building: a, floor: 2, name: '201', category: office, usable_area_m2: 18}]\n"
)


def nobody() -> ReadingsExporter | None:
    return None


def home_in(folder: Path) -> Home:
    """A home with something in every part."""
    home = Home.find(folder / "home")
    home.registry.write_text(REGISTRY, encoding="utf-8")
    home.settings.write_text('[log]\nlevel = "warning"\n', encoding="utf-8")
    (home.root / "holidays").mkdir()
    (home.root / "holidays/own.yaml").write_text("years: [2026]\n", encoding="utf-8")
    (home.root / "calendar.yaml").write_text("closures: []\n", encoding="utf-8")
    (home.evidence / "2026").mkdir(parents=True)
    (home.evidence / "2026/e04.json").write_text('{"kwh": 1.5}', encoding="utf-8")
    (home.secrets / "broker.txt").write_text("hush", encoding="utf-8")
    (home.logs / "serve.log").write_text("noise", encoding="utf-8")
    store_readings(home, 1, 2, 3)
    spool(home, 4, 5)
    with closing(open_records(home)) as records, records.transaction() as tx:
        raised, mended = alert(), item()
        tx.save_alert(raised, alert_step(raised))
        tx.save_item(mended, item_step(mended))
        tx.save_account(account())
        tx.save_finding(finding(item_id=mended.id), action=FindingAction.OPEN, actor_id="system:analysis")
    return home


def batch(*values: float) -> ReadingBatch:
    """Each value at a time of its own, so that none is the same reading as another."""
    made = ReadingBatch(site=HQ)
    for value in values:
        made.add(NOW_MS + int(value) * 60_000, "aq1", "co2_ppm", value)
    return made


def store_readings(home: Home, *values: float) -> None:
    with closing(DuckDBReadingStore(home.readings)) as store:
        store.append(batch(*values))


def spool(home: Home, *values: float) -> None:
    """One entry, and one commit, for each value."""
    with closing(SqliteSpool(home.spool, min_free_bytes=0)) as opened:
        for value in values:
            opened.commit([SpoolEntry(gateway="gw1", readings=batch(value), received_ms=NOW_MS, received=1)])


def drained(home: Home) -> list[float]:
    """The values that are in the readings once the spool has been drained into them."""
    with closing(DuckDBReadingStore(home.readings)) as store, closing(SqliteSpool(home.spool)) as opened:
        drain(opened, store)
        return store.readings(HQ, start_ms=0, end_ms=2**53)["value"].to_list()


def contents(home: Home) -> dict[str, object]:
    """Everything in the records, by table."""
    with closing(open_records(home)) as records, records.reading() as tx:
        return {
            "alerts": tx.alerts(),
            "steps": [tx.alert_steps(each.id) for each in tx.alerts()],
            "items": tx.items(),
            "findings": tx.findings(),
            "accounts": tx.accounts(),
            "audit": tx.audit_entries(),
            "changes": tx.changes(after=0),
            "first bad audit row": tx.verify_audit(),
        }


def backed_up(home: Home, target: Path) -> Path:
    back_up(home, target, clock=SystemClock(), server=nobody)
    return target


def files_in(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("ending", PACKINGS)
def test_what_was_in_the_home_comes_back(tmp_path: Path, ending: str) -> None:
    home = home_in(tmp_path)
    archive = backed_up(home, tmp_path / f"backup{ending}")
    other = Home.place(tmp_path / "new" / "home")
    restore(archive, other)
    assert contents(other) == contents(home)
    assert drained(other) == drained(home) == [1, 2, 3, 4, 5]
    for name in ("premises.toml", "registry.yaml", "calendar.yaml", "holidays/own.yaml", "evidence/2026/e04.json"):
        assert (other.root / name).read_bytes() == (home.root / name).read_bytes()


def test_readings_and_events_are_the_same_frames(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    other = Home.place(tmp_path / "new")
    restore(backed_up(home, tmp_path / "b.tar"), other)
    with closing(DuckDBReadingStore(home.readings)) as old, closing(DuckDBReadingStore(other.readings)) as new:
        kept, restored = (store.readings(HQ, start_ms=0, end_ms=2**53) for store in (old, new))
        assert_frame_equal(restored, kept)
        assert_frame_equal(new.latest(HQ), old.latest(HQ))
        assert new.append(batch(1, 2, 3)).unchanged == 3


def test_secrets_logs_and_locks_are_left_out_and_secrets_are_said(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    manifest = back_up(home, tmp_path / "b.tar", clock=SystemClock(), server=nobody)
    assert [file.path for file in manifest.files] == [
        "calendar.yaml",
        "evidence/2026/e04.json",
        "holidays/own.yaml",
        "premises.toml",
        "readings.duckdb",
        "records.db",
        "registry.yaml",
        "spool.db",
    ]
    assert [what.partition(" ")[0] for what in manifest.left_out] == ["secrets/"]
    assert b"hush" not in (tmp_path / "b.tar").read_bytes()


def test_the_manifest_comes_first_and_its_checksums_hold(tmp_path: Path) -> None:
    archive = backed_up(home_in(tmp_path), tmp_path / "b.tar")
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        stored = {name: tar.extractfile(name) for name in names}
        contents_ = {name: file.read() for name, file in stored.items() if file is not None}
    manifest = json.loads(contents_.pop("manifest.json"))
    assert names[0] == "manifest.json"
    assert {file["path"]: (file["sha256"], file["bytes"]) for file in manifest["files"]} == {
        name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in contents_.items()
    }


def test_only_the_owner_may_read_a_backup_and_what_comes_out_of_it(tmp_path: Path) -> None:
    archive = backed_up(home_in(tmp_path), tmp_path / "b.tar")
    other = Home.place(tmp_path / "new")
    restore(archive, other)
    assert [path.stat().st_mode & 0o077 for path in (archive, other.records, other.secrets)] == [0, 0, 0]


def test_nothing_else_is_left_beside_the_backup(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    backed_up(home_in(tmp_path), folder / "b.tar.gz")
    assert files_in(folder) == {"b.tar.gz"}


# While everything runs


def test_all_that_was_committed_before_is_in_a_backup_taken_while_others_write(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    stop = threading.Event()
    committed: list[int] = []

    def write() -> None:
        with closing(open_records(home)) as records, closing(SqliteSpool(home.spool, min_free_bytes=0)) as opened:
            for number in range(1_000, 100_000):
                if stop.is_set():
                    return
                opened.commit([SpoolEntry(gateway="gw1", readings=batch(number), received_ms=NOW_MS, received=1)])
                with records.transaction() as tx:
                    tx.note_change(ChangeKind.READING, str(number))
                committed.append(number)

    with running(write, stop):
        while len(committed) < 20:
            stop.wait(0.001)
        before = list(committed)
        archive = backed_up(home, tmp_path / "b.tar")
    other = Home.place(tmp_path / "new")
    restore(archive, other)
    told = {change.subject for change in changes_in(other)}
    assert set(map(str, before)) <= told
    assert set(before) <= set(drained(other))


@contextmanager
def running(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)


def changes_in(home: Home) -> Sequence[Change]:
    with closing(open_records(home)) as records, records.reading() as tx:
        return tx.changes(after=0, limit=1_000_000)


@contextmanager
def held_by_another_process(home: Home) -> Iterator[None]:
    code = "import sys, duckdb; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(home.readings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.communicate()


class DrainingServer:
    """A server that goes on draining while it is asked for its readings, as the real one does."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home = home
        self.store = DuckDBReadingStore(folder / "held.duckdb")

    def export_readings(self, path: Path) -> None:
        spool(self.home, 6, 7)
        with closing(SqliteSpool(self.home.spool)) as opened:
            drain(opened, self.store)
        self.store.export(path)


def test_a_running_server_is_asked_for_the_readings(tmp_path: Path) -> None:
    """The server's copy is ahead of the spool's: what the restored spool gets next must still be drained."""
    home = home_in(tmp_path)
    with ExitStack() as stack:
        server = DrainingServer(home, tmp_path)
        stack.callback(server.store.close)
        stack.enter_context(held_by_another_process(home))
        back_up(home, tmp_path / "b.tar", clock=SystemClock(), server=lambda: server)
    other = Home.place(tmp_path / "new")
    restore(tmp_path / "b.tar", other)
    spool(other, 8, 9)
    assert drained(other) == [4, 5, 6, 7, 8, 9]


def test_readings_held_by_who_cannot_be_asked_are_no_backup(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with held_by_another_process(home), pytest.raises(StoreHeldError):
        backed_up(home, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


# What cannot be backed up


def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    archive = tmp_path / "b.tar"
    archive.write_text("precious", encoding="utf-8")
    with pytest.raises(BackupFault, match="there already"):
        backed_up(home_in(tmp_path), archive)
    assert archive.read_text(encoding="utf-8") == "precious"


def test_an_empty_home_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupFault, match="nothing to back up"):
        backed_up(Home.place(tmp_path / "none"), tmp_path / "b.tar")
    assert files_in(tmp_path) == set()


@pytest.mark.parametrize("name", ["backup", "backup.zip", "backup.zst"])
def test_the_name_says_how_it_is_packed(tmp_path: Path, name: str) -> None:
    with pytest.raises(BackupFault, match=r"\.tar\.zst"):
        backed_up(home_in(tmp_path), tmp_path / name)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackupFault, match="No such file"):
        backed_up(home_in(tmp_path), tmp_path / "none" / "b.tar")


def test_records_that_are_elsewhere_are_said_to_be_left_out(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    home.settings.write_text('[records]\nurl = "postgresql://premises@db/premises"\n', encoding="utf-8")
    manifest = back_up(home, tmp_path / "b.tar", clock=SystemClock(), server=nobody)
    assert "records.db" not in {file.path for file in manifest.files}
    assert any("pg_dump" in what for what in manifest.left_out)


# What cannot be restored


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """An archive whose files somebody has changed."""
    with tarfile.open(archive) as tar:
        files = {name: tar.extractfile(name) for name in tar.getnames()}
        held = {name: file.read() for name, file in files.items() if file is not None}
    change(held)
    other = archive.with_name("changed.tar")
    with tarfile.open(other, "w") as tar:
        for name, content in held.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return other


def damage(held: dict[str, bytes]) -> None:
    held["records.db"] = held["records.db"][:-1] + bytes([held["records.db"][-1] ^ 1])


def lose(held: dict[str, bytes]) -> None:
    del held["records.db"]


def add(held: dict[str, bytes]) -> None:
    held["run/server.json"] = b"{}"


def climb(held: dict[str, bytes]) -> None:
    manifest = json.loads(held["manifest.json"])
    manifest["files"].append({"path": "../outside", "sha256": hashlib.sha256(b"x").hexdigest(), "bytes": 1})
    held["manifest.json"] = json.dumps(manifest).encode()
    held["../outside"] = b"x"


def grow_up(held: dict[str, bytes]) -> None:
    manifest = json.loads(held["manifest.json"])
    held["manifest.json"] = json.dumps({**manifest, "format": 99}).encode()


def speak_otherwise(held: dict[str, bytes]) -> None:
    held["manifest.json"] = b"[]"


def break_store(held: dict[str, bytes]) -> None:
    """Put a newer store in, checksum and all."""
    content = b"not a database at all" * 100
    manifest = json.loads(held["manifest.json"])
    for file in manifest["files"]:
        if file["path"] == "records.db":
            file["sha256"] = hashlib.sha256(content).hexdigest()
    held["manifest.json"] = json.dumps(manifest).encode()
    held["records.db"] = content


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (damage, "records.db is damaged"),
        (lose, "lacks records.db"),
        (add, "run/server.json"),
        (climb, "outside the home"),
        (grow_up, "format 99"),
        (speak_otherwise, "no whole backup"),
        (break_store, "not a database"),
    ],
)
def test_a_changed_archive_leaves_nothing_behind(
    tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    archive = rewritten(backed_up(home_in(tmp_path), tmp_path / "b.tar"), change)
    place = tmp_path / "place"
    with pytest.raises(BackupFault, match=said) as fault:
        restore(archive, Home.place(place / "new"))
    assert "\n" not in str(fault.value)
    assert files_in(place) == set()
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("ending", PACKINGS)
@pytest.mark.parametrize("part", [0, 0.001, 0.5, 0.99])
def test_half_an_archive_leaves_nothing_behind(tmp_path: Path, ending: str, part: float) -> None:
    archive = backed_up(home_in(tmp_path), tmp_path / f"b{ending}")
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * part)])
    place = tmp_path / "place"
    with pytest.raises(BackupFault):
        restore(archive, Home.place(place / "new"))
    assert list(place.iterdir()) == []


def test_a_home_that_is_not_empty_stays_as_it_is(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    archive = backed_up(home, tmp_path / "b.tar")
    before = files_in(home.root)
    with pytest.raises(BackupFault, match="not empty"):
        restore(archive, home)
    assert files_in(home.root) == before


@pytest.mark.parametrize("name", ["new", "with space", "楼 and#hash%41"])
def test_an_empty_folder_becomes_the_home(tmp_path: Path, name: str) -> None:
    archive = backed_up(home_in(tmp_path), tmp_path / "b.tar")
    new = tmp_path / name
    new.mkdir()
    restore(archive, Home.place(new))
    assert drained(Home.place(new)) == [1, 2, 3, 4, 5]
    again = backed_up(Home.place(new), tmp_path / f"{name}.tar")
    restore(again, Home.place(tmp_path / f"{name}, once more"))


def test_a_file_that_is_not_there_makes_no_folders(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="no such file"):
        restore(tmp_path / "none.tar", Home.place(tmp_path / "a" / "b"))
    assert list(tmp_path.iterdir()) == []


# The commands


def test_backup_and_restore_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, run = home_in(tmp_path), runner(monkeypatch, capsys)
    done = run("backup", tmp_path / "b.tar.zst", "--home", home.root)
    assert (done.code, "8 files" in done.out, "left out: secrets/" in done.err) == (0, True, True)
    new = tmp_path / "new"
    done = run("restore", tmp_path / "b.tar.zst", "--home", new, "--json")
    assert (done.code, len(json.loads(done.out)["files"])) == (0, 8)
    assert contents(Home.place(new)) == contents(home)
    done = run("restore", tmp_path / "b.tar.zst", "--home", new)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_the_manifest_says_when_it_was_made(tmp_path: Path) -> None:
    class Still:
        def now(self) -> datetime:
            return datetime(2026, 11, 23, 8, tzinfo=UTC)

    manifest = back_up(home_in(tmp_path), tmp_path / "b.tar", clock=Still(), server=nobody)
    assert manifest.made_at == "2026-11-23T08:00:00+00:00"
