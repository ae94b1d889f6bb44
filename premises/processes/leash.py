"""Child processes that do not outlive their parent, however it ends.

Linux tells a child of its parent's death by itself. Elsewhere the child runs under a keeper,
`python -m premises.processes.leash`, that holds one end of a pipe; the pipe closes with the parent.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""

IS_LINUX = sys.platform == "linux"


@dataclass(slots=True)
class Leash:
    """Starts processes that get SIGTERM when this one is gone. Use it from a thread that lives as long as they do."""

    _pipe: tuple[int, int] | None = field(default=None)

    def start(self, command: Sequence[str], *, output: IO[bytes] | int | None = None) -> subprocess.Popen[bytes]:
        """Return the process, in a session of its own, so that a terminal's Ctrl-C reaches only its parent."""
        if IS_LINUX:
            return subprocess.Popen(  # noqa: S603 - our own commands, made of a list
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_bound_to(os.getpid()),  # noqa: PLW1509 - calls prctl only, nothing that could wait for a lock
            )
        if self._pipe is None:
            self._pipe = os.pipe()
        read_end = self._pipe[0]
        return subprocess.Popen(  # noqa: S603 - our own commands, made of a list
            [sys.executable, "-P", "-m", "premises.processes.leash", str(read_end), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(read_end,),
        )


def _bound_to(parent: int) -> Callable[[], None]:
    # Looked up before the fork: another thread may hold the loader's lock at that moment.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked to be told
            os._exit(1)

    return bind


def die_with_parent() -> None:
    """Ask that this process gets SIGTERM when the thread that started it is gone; only Linux can."""
    if IS_LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def keep(pipe: int, command: Sequence[str]) -> int:
    """Run a command, pass SIGTERM and SIGINT on, end it when the pipe closes; return its exit code."""
    process = subprocess.Popen(command)  # noqa: S603 - what our own parent asked for
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: process.send_signal(received))

    def watch() -> None:
        os.read(pipe, 1)
        process.terminate()

    threading.Thread(target=watch, daemon=True).start()
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(keep(int(sys.argv[1]), sys.argv[2:]))
