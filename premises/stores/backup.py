"""Backup and restore of the embedded stores: one archive with a manifest, taken while everything runs.

Order matters. What is drained from the spool goes to the readings, so the spool is copied first: an entry is then in
one copy or in both, never in neither, and storing it twice changes nothing.
"""

import gzip
import hashlib
import importlib.metadata
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile, TemporaryDirectory
from types import MappingProxyType
from typing import IO, Literal, Protocol, cast

from analytics.calendar import BUILT_IN_HOLIDAYS
from premises.home import Home
from premises.settings import load_settings
from premises.stores.records import file_url
from sensors.clock import Clock
from sensors.errors import InputFault
from storage.calendar_file import FILE as DAYS_FILE
from storage.energy_file import FILE_NAME as ENERGY_FILE
from storage.errors import StoreError, StoreHeldError
from storage.readings.duckdb import DuckDBReadingStore
from storage.records import SqlRecords
from storage.registry_file import load_registry
from storage.spool import SqliteSpool
from storage.sqlite_copy import copy_spool, copy_sqlite
from storage.thresholds_file import FILE as THRESHOLDS_FILE

FORMAT = 1
MANIFEST = "manifest.json"
_CHUNK = 1 << 20
_GZIP_LEVEL = 6
_MANIFEST_LIMIT = 64 << 20

SECRETS = "secrets/ (passwords and keys: keep them elsewhere, put them back by hand)"


class BackupFault(InputFault):
    """A backup cannot be written, or an archive cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        """Put the file before the reason."""
        super().__init__(f"{path}: {reason}")


class ReadingsExporter(Protocol):
    """The running server, which holds the readings and can write a copy of them."""

    def export_readings(self, path: Path) -> None:
        """Write a consistent copy of the readings to a file that does not exist yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One file of a backup."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds, and what it does not."""

    format: int
    premises: str
    made_at: str
    files: tuple[KeptFile, ...]
    left_out: tuple[str, ...]

    @classmethod
    def parse(cls, text: bytes) -> "Manifest":
        """Return the manifest; ValueError, KeyError or TypeError where it is none."""
        written = json.loads(text)
        files = tuple(KeptFile(**each) for each in written.pop("files"))
        return cls(**{**written, "files": files, "left_out": tuple(written["left_out"])})

    def written(self) -> bytes:
        """Return the JSON of it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False).encode()


def back_up(home: Home, target: Path, *, clock: Clock, server: Callable[[], ReadingsExporter | None]) -> Manifest:
    """Write everything of a home but its secrets into a new archive, whole or not at all; return what it holds.

    `server` gives the running server, None where none runs. Raises InputFault.
    """
    packing = _packing(target)
    if target.exists():
        raise BackupFault(target, "is there already; name a new file")
    with _said_of(target), TemporaryDirectory(dir=target.parent, prefix=".premises-backup-") as folder:
        staged = Path(folder)
        left_out = [SECRETS, *_copy_stores(home, staged, server), *_copy_files(home, staged)]
        manifest = _manifest(staged, left_out, made_at=clock.now())
        if not manifest.files:
            raise BackupFault(home.root, "holds nothing to back up yet; name another --home")
        _write_archive(staged, manifest, target, packing)
    return manifest


def restore(archive: Path, home: Home) -> Manifest:
    """Lay a backup out in a new home, after every checksum was found right and every store could be opened.

    The home must be empty or absent, and stays so when anything is wrong. Raises InputFault.
    """
    packing = _packing(archive)
    if not archive.is_file():
        raise BackupFault(archive, "there is no such file")
    _must_be_empty(home.root)
    home.root.parent.mkdir(parents=True, exist_ok=True)
    with _said_of(archive), TemporaryDirectory(dir=home.root.parent, prefix=".premises-restore-") as folder:
        laid_out = Path(folder) / "home"
        laid_out.mkdir()
        manifest = _extract(archive, packing, laid_out)
        _prove(Home(laid_out), archive)
        _put_in_place(laid_out, home.root)
    Home.find(home.root)
    return manifest


# What goes in.


def _copy_stores(home: Home, staged: Path, server: Callable[[], ReadingsExporter | None]) -> Iterator[str]:
    """Copy the stores, spool first; yield what is left out."""
    if home.spool.exists():
        copy_spool(home.spool, staged / home.spool.name)
    if home.readings.exists():
        _copy_readings(home, staged / home.readings.name, server)
    settings = load_settings(home)
    if settings.store.kind == "influxdb":
        yield "readings in InfluxDB (they are not in the home: back the buckets up there)"
    if settings.records.url is not None:
        yield "records (they are not in the home but where [records] url says: back them up there, as with pg_dump)"
    elif home.records.exists():
        copy_sqlite(home.records, staged / home.records.name)


def _copy_readings(home: Home, target: Path, server: Callable[[], ReadingsExporter | None]) -> None:
    """Copy the readings ourselves where nobody holds them, else have the server do it."""
    try:
        with closing(DuckDBReadingStore(home.readings)) as store:
            store.export(target)
    except StoreHeldError:
        running = server()
        if running is None:
            raise
        running.export_readings(target)


def _copy_files(home: Home, staged: Path) -> Iterator[str]:
    """Copy what people wrote and what was kept as proof; yield what is left out."""
    beside = (ENERGY_FILE, THRESHOLDS_FILE, DAYS_FILE)
    for path in (home.settings, home.registry, *(home.root / name for name in beside)):
        _copy_if_there(path, staged / path.name)
    for path in sorted(home.evidence.rglob("*")) if home.evidence.is_dir() else ():
        if path.is_file() and not path.is_symlink():
            _copy_if_there(path, staged / path.relative_to(home.root))
    calendar = _own_calendar(home)
    if calendar is not None and (home.root / calendar).is_file():
        if PurePosixPath(calendar).is_absolute() or ".." in PurePosixPath(calendar).parts:
            yield f"{calendar} (the registry's calendar lies outside the home: copy it yourself)"
        else:
            _copy_if_there(home.root / calendar, staged / calendar)


def _own_calendar(home: Home) -> str | None:
    """Return the file of the site's own calendar, None where it uses a built-in one or the registry is broken."""
    try:
        calendar = load_registry(home.registry).site.calendar
    except InputFault:
        return None
    return None if calendar in BUILT_IN_HOLIDAYS else calendar


def _copy_if_there(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _manifest(staged: Path, left_out: Iterable[str], *, made_at: datetime) -> Manifest:
    paths = sorted(path for path in staged.rglob("*") if path.is_file())
    return Manifest(
        format=FORMAT,
        premises=importlib.metadata.version("premises"),
        made_at=made_at.isoformat(timespec="seconds"),
        files=tuple(
            KeptFile(path=path.relative_to(staged).as_posix(), sha256=_sha256(path), bytes=path.stat().st_size)
            for path in paths
        ),
        left_out=tuple(left_out),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# The archive.

Packing = Callable[[Path, Literal["rb", "wb"]], IO[bytes]]


def _plain(path: Path, mode: Literal["rb", "wb"]) -> IO[bytes]:
    return path.open(mode)


def _gzip(path: Path, mode: Literal["rb", "wb"]) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(path, mode, compresslevel=_GZIP_LEVEL))


def _zstandard(path: Path, mode: Literal["rb", "wb"]) -> IO[bytes]:
    import pyarrow as pa  # noqa: PLC0415 - Arrow brings the codec, so that none need be installed for this

    if mode == "rb":
        return pa.input_stream(str(path), compression="zstd")  # type: ignore[no-any-return]  # pyarrow is untyped
    return pa.output_stream(str(path), compression="zstd")  # type: ignore[no-any-return]


PACKINGS: Mapping[str, Packing] = MappingProxyType(
    {".tar": _plain, ".tar.gz": _gzip, ".tgz": _gzip, ".tar.zst": _zstandard}
)
"""By how the archive's name ends."""


def _packing(path: Path) -> Packing:
    for ending, packing in PACKINGS.items():
        if path.name.endswith(ending):
            return packing
    raise BackupFault(path, f"the name must end in {', '.join(PACKINGS)}")


def _write_archive(staged: Path, manifest: Manifest, target: Path, packing: Packing) -> None:
    """Write beside the target and rename at the end, so that half an archive never bears its name."""
    (staged / MANIFEST).write_bytes(manifest.written())
    with NamedTemporaryFile(dir=target.parent, prefix=".premises-backup-", delete=False) as made:
        unfinished = Path(made.name)
    try:
        with packing(unfinished, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
            for name in (MANIFEST, *(file.path for file in manifest.files)):
                tar.add(staged / name, arcname=name, recursive=False, filter=_nobody)
        _make_durable(unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Say nothing of who made it."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry


def _make_durable(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


# What comes out.


def _must_be_empty(root: Path) -> None:
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BackupFault(root, "is not empty; restore into a new folder and name it by --home")


def _extract(archive: Path, packing: Packing, target: Path) -> Manifest:
    """Write every file of the manifest below `target`, each as its checksum says, and nothing else."""
    try:
        with packing(archive, "rb") as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            manifest = _read_manifest(archive, tar)
            missing = {file.path: file for file in manifest.files}
            while (entry := tar.next()) is not None:
                kept = missing.pop(entry.name, None)
                if kept is None or not entry.isreg():
                    raise BackupFault(archive, f"holds {entry.name!r}, which its manifest does not name")
                _extract_one(archive, tar, entry, kept, target)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, KeyError, TypeError) as exc:
        raise BackupFault(archive, f"is no whole backup of Premises ({exc}); take another one") from exc
    if missing:
        raise BackupFault(archive, f"lacks {', '.join(sorted(missing))}; take another backup")
    return manifest


def _read_manifest(archive: Path, tar: tarfile.TarFile) -> Manifest:
    entry = tar.next()
    content = tar.extractfile(entry) if entry is not None and entry.name == MANIFEST else None
    if content is None:
        raise BackupFault(archive, f"is no backup of Premises: {MANIFEST} is not its first file")
    manifest = Manifest.parse(content.read(_MANIFEST_LIMIT))
    if manifest.format != FORMAT:
        raise BackupFault(archive, f"is of format {manifest.format}, this Premises reads {FORMAT}; install a newer one")
    for file in manifest.files:
        parts = PurePosixPath(file.path).parts
        if not parts or PurePosixPath(file.path).is_absolute() or ".." in parts:
            raise BackupFault(archive, f"wants to write to {file.path!r}, outside the home")
    return manifest


def _extract_one(archive: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo, kept: KeptFile, target: Path) -> None:
    path = target / kept.path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    content = tar.extractfile(entry)
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:  # noqa: PTH123 - closed to others from the start
        while content is not None and (chunk := content.read(_CHUNK)):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != kept.sha256:
        raise BackupFault(archive, f"{kept.path} is damaged: its checksum is wrong; take another backup")


def _prove(home: Home, archive: Path) -> None:
    """Open every store once: a newer one is refused, an older one brought up."""
    try:
        if home.spool.exists():
            SqliteSpool(home.spool).close()
        if home.readings.exists():
            DuckDBReadingStore(home.readings).close()
        if home.records.exists():
            SqlRecords(file_url(home.records)).close()
    except (StoreError, InputFault) as exc:
        raise BackupFault(archive, str(exc).replace(f"{home.root}/", "")) from exc


def _put_in_place(laid_out: Path, root: Path) -> None:
    """Give the finished home its name in one step."""
    laid_out.chmod(0o755)
    try:
        laid_out.replace(root)
    except OSError as exc:
        reason = f"cannot become the restored home ({exc.strerror}); a mount point cannot: name a new folder inside it"
        raise BackupFault(root, reason) from exc


@contextmanager
def _said_of(path: Path) -> Iterator[None]:
    """Tell a full disk, a forbidden folder or a store that fails in one line."""
    try:
        yield
    except OSError as exc:
        where = f" ({exc.filename})" if exc.filename else ""
        raise BackupFault(path, f"{exc.strerror or exc}{where}") from exc
    except StoreError as exc:
        if isinstance(exc, InputFault):
            raise
        raise BackupFault(path, str(exc)) from exc
