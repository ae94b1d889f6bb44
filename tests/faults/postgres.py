"""A PostgreSQL of its own, to be killed and started again."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers import _postgres_programs, eventually, stop

_USER = "postgres" if os.geteuid() == 0 else None
"""It refuses to run as root."""


@dataclass(slots=True)
class KillablePostgres:
    """A server whose files outlive its process."""

    programs: Path
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address of its database."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        """Return once it takes connections; what is left of a killed one may hold it up for a moment."""
        eventually(self._answers_or_launches, what="PostgreSQL takes connections")

    def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        """End it if it runs."""
        if self.process is not None:
            stop(self.process)

    def _answers_or_launches(self) -> bool:
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            if self.process is None or self.process.poll() is not None:
                self._launch()
            return False
        return True

    def _launch(self) -> None:
        options = [f"unix_socket_directories={self.folder}", "listen_addresses=", "max_connections=30"]
        command: list[str | Path] = [self.programs / "postgres", "-D", self.folder / "data"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command + [word for option in options for word in ("-c", option)],
                stdout=log,
                stderr=log,
                user=_USER,
                cwd=self.folder,
            )


@contextmanager
def killable_postgres() -> Iterator[KillablePostgres]:
    """Yield a server that takes connections."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="premises-postgres-"))
    if _USER:
        shutil.chown(folder, _USER)
    made = ["-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    subprocess.run([programs / "initdb", *made], check=True, capture_output=True, user=_USER, cwd=folder)
    server = KillablePostgres(programs, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
