#!/opt/premises/bin/python
"""Says whether a container's process works: exit code 0 or 1, and why not on standard output."""

import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from premises.home import Home
from premises.intake.ingest_report import read
from premises.processes.locks import holder
from premises.readiness import ingest_reason

ANSWER_S = 5.0
ADDRESS = 2
"""Which argument may name another address of the console."""
CONSOLE = "http://localhost:8088/healthz"
FAILED_BACKUP = Path("/backups/home.failed")


def ingest() -> str:
    """Return why readings are not taken in, empty where they are."""
    home = Home.place(None)
    running = holder(home.run / "ingest.lock") is not None
    return ingest_reason(running=running, report=read(home), now_ms=time.time_ns() // 1_000_000)


def serve() -> str:
    """Return why the console does not answer, empty where it does."""
    address = sys.argv[2] if len(sys.argv) > ADDRESS else CONSOLE
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_S):  # noqa: S310 - the image and tests name it, nobody else
            return ""
    except (urllib.error.URLError, OSError) as fault:
        return f"the console does not answer: {fault}"


def jobs() -> str:
    """Return that the last backup failed, empty where it did not."""
    return "the last backup failed" if FAILED_BACKUP.exists() else ""


CHECKS = {"ingest": ingest, "serve": serve, "jobs": jobs}


def main() -> int:
    """Return 0 where the process named by the first argument works, else 1."""
    reason = CHECKS[sys.argv[1]]()
    if reason:
        sys.stdout.write(f"{reason}\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
