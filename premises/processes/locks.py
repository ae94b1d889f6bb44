"""One process at a time: locks in `run/` that the system lets go of when their holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sensors.errors import InputFault


class TakenError(InputFault):
    """Another process does this for the home already."""

    def __init__(self, lock: Path, holder: int | None, doing: str) -> None:
        """Name the lock, who holds it and what it is doing."""
        who = "another process" if holder is None else f"process {holder}"
        super().__init__(f"{lock}: {who} {doing} this home already; stop it, or choose another --home")
        self.holder = holder


@contextmanager
def sole(path: Path, doing: str) -> Iterator[None]:
    """Hold a lock; `doing` completes "process 12 … this home already". Raises TakenError."""
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise TakenError(path, _written(path), doing) from exc
        # Who holds it is for people; on a full disk the lock holds without.
        with suppress(OSError):
            os.ftruncate(lock.fileno(), 0)
            os.write(lock.fileno(), f"{os.getpid()}\n".encode())
        yield


def holder(path: Path) -> int | None:
    """Return the id of the process that holds a lock, None when nobody does."""
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _written(path)
    return None


def _written(path: Path) -> int | None:
    text = path.read_text(encoding="utf-8").strip()
    return int(text) if text.isdigit() else None
