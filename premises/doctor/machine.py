"""What `premises doctor` looks at on the machine: the home, its secrets, the disk, the clock, the fonts."""

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from premises.doctor.findings import Finding, age, gibibytes, ill, well
from premises.home import Home
from premises.intake.ingest_report import read as read_ingest_report
from premises.section import Section
from premises.settings import load_settings, read_secret

LEAST_FREE_BYTES = 2 * 2**30
BACKWARDS_MS = 5_000
"""A clock that lies so far behind what was written before was set back. Our own choice."""

_OTHERS = 0o077
_PUBLIC_FILES = frozenset({"ca_file", "certificate_file"})
_FULL_BYTES = 16 * 2**20
"""With less than this a commit may fail at any moment. Our own choice."""

_ANSWER_S = 3.0


def home_folder(home: Home) -> Finding:
    """Look whether the home is there and ours."""
    if not home.root.is_dir():
        return ill("home", "absent", path=home.root)
    if not os.access(home.root, os.W_OK | os.X_OK):
        return ill("home", "closed", path=home.root)
    return well("home", path=home.root)


def secrets(home: Home) -> Finding:
    """Look whether secrets can be read by us and by nobody else."""
    if home.secrets.is_dir() and home.secrets.stat().st_mode & _OTHERS:
        return ill("secrets", "folder_open", path=home.secrets)
    for path in _secret_files(home):
        read_secret(path)
        mode = path.stat().st_mode
        if mode & _OTHERS:
            return ill("secrets", "file_open", path=path, mode=stat.filemode(mode))
    return well("secrets")


def _secret_files(home: Home) -> list[Path]:
    return list(_files_named_in(load_settings(home)))


def _files_named_in(settings: Section) -> Iterator[Path]:
    """Yield the secrets that these settings and the tables within name."""
    for name, value in settings:
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Section):
                yield from _files_named_in(each)
            elif isinstance(each, Path) and name.endswith("_file") and name not in _PUBLIC_FILES:
                yield each


def disk(home: Home) -> Finding:
    """Look whether there is room."""
    place = home.root if home.root.is_dir() else Path("/")
    free = shutil.disk_usage(place).free
    told = {"free": gibibytes(free), "path": place}
    if free < _FULL_BYTES:
        return ill("disk", "full", path=place)
    return ill("disk", "nearly_full", **told) if free < LEAST_FREE_BYTES else well("disk", **told)


def clock(home: Home) -> Finding:
    """Look whether the machine's clock can be right."""
    report, now_ms = read_ingest_report(home), time.time_ns() // 1_000_000
    written_ms = 0 if report is None else max(report.written_ms, report.last_commit_ms or 0)
    if written_ms > now_ms + BACKWARDS_MS:
        return ill("clock", "set_back", span=age((written_ms - now_ms) / 1000))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept = _kept_by_ntp()
    if kept is None:
        return well("clock", "unknown", now=now)
    return well("clock", now=now) if kept else ill("clock", "free", now=now)


def _kept_by_ntp() -> bool | None:
    """Say whether NTP keeps the clock, None where nothing here knows."""
    if shutil.which("timedatectl") is None:
        return None
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_ANSWER_S)  # noqa: S603 - a fixed command
    return {"yes": True, "no": False}.get(done.stdout.strip())


def fonts(_home: Home) -> Finding:
    """Look whether documents can be set in Chinese."""
    lister = shutil.which("fc-list")
    if lister is None:
        return well("fonts", "unknown")
    done = subprocess.run([lister, ":lang=zh"], capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - a fixed command
    return well("fonts") if done.stdout.strip() else ill("fonts", "none")
