"""Starts the processes of an installation, starts them again when they end, and stops them in good order.

One thread, no pipes to its children: they write their logs into files, so that none of them ever waits for it.
"""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from premises.home import Home
from premises.processes.leash import Leash

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STEADY_S = 30.0
"""A process that lived this long did not fail to start."""

QUICK_DEATHS = 6
"""So many starts that failed in a row are enough, of a process that never ran steadily. One that did is not given up:
what it lacks may come back, and the others, alarms among them, must not end with it."""

LOG_BYTES = 8 * 1024 * 1024
TICK_S = 1.0
_BAD_INPUT = 2
"""What our commands end with when something given to them is wrong: trying again mends nothing."""

AWAY = 75
"""What they end with when something they need is not there now (EX_TEMPFAIL of sysexits.h): it is waited for."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """A process to keep; `stop_s` is how long it may take to end in good order."""

    name: str
    command: tuple[str, ...]
    stop_s: float = 10.0


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    quick_deaths: int = 0
    restarts: int = 0
    was_steady: bool = False
    due_s: float | None = 0.0


class Supervisor:
    """Keeps the children alive until it is told to stop, or one of them cannot be kept alive."""

    def __init__(self, home: Home, children: Sequence[ChildSpec], *, stop_order: Sequence[str]) -> None:
        """Prepare; nothing starts before `run`. Children start in the order given."""
        self._home = home
        self._children = {spec.name: _Child(spec) for spec in children}
        self._stop_order = [name for name in stop_order if name in self._children]
        self._leash = Leash()
        self._log = structlog.get_logger(__name__)
        self._wake_in, self._wake_out = socket.socketpair()
        self._signals_seen = 0
        self._stopping = False
        self.failure: str | None = None

    def stop(self) -> None:
        """Ask `run` to stop everything and return. Safe in a signal handler and from other threads."""
        self._stopping = True
        with suppress(OSError):
            self._wake_out.send(b"\0")

    def run(self, *, each_tick: Callable[[], None] = lambda: None) -> str | None:
        """Keep the children alive until stopped; return why one could not be kept alive, None when all is well."""
        self._wake_out.setblocking(False)  # noqa: FBT003 - the socket's own signature
        try:
            with self._handling_signals():
                while not self._stopping and self.failure is None:
                    self._tick(each_tick)
                    self._rest()
                self._stop_all()
        finally:
            self._write_processes()
            self._wake_in.close()
            self._wake_out.close()
        return self.failure

    def _tick(self, each_tick: Callable[[], None]) -> None:
        changed = [self._reap(child) for child in self._children.values()]
        changed += [self._start_if_due(child) for child in self._children.values()]
        if any(changed):
            self._write_processes()
        for name in ("run", *self._children):
            _rotate(self._log_path(name))
        each_tick()

    def _start_if_due(self, child: _Child) -> bool:
        if child.due_s is None or child.due_s > time.monotonic() or self.failure is not None:
            return False
        child.due_s = None
        child.started_s = time.monotonic()
        try:
            with self._log_path(child.spec.name).open("ab") as log:
                child.process = self._leash.start(child.spec.command, output=log)
        except OSError as exc:
            return self._judge_no_start(child, exc)
        self._log.info("started", process=child.spec.name, pid=child.process.pid)
        return True

    def _judge_no_start(self, child: _Child, error: OSError) -> bool:
        """Give up, unless it ran before: the disk may be full now, or memory short."""
        if not child.was_steady:
            self.failure = f"{child.spec.name} cannot be started: {error}"
            return False
        child.due_s = time.monotonic() + LONGEST_WAIT_S
        self._log.error("not_started", process=child.spec.name, reason=str(error), again_in_s=LONGEST_WAIT_S)
        return False

    def _reap(self, child: _Child) -> bool:
        code = None if child.process is None else child.process.poll()
        if code is None:
            return False
        child.process = None
        self._judge_end(child, code, time.monotonic() - child.started_s)
        return True

    def _judge_end(self, child: _Child, code: int, lived_s: float) -> None:
        """Decide when it starts again, or that it will not."""
        said = _last_line(self._log_path(child.spec.name))
        quick = lived_s < STEADY_S
        child.was_steady = child.was_steady or not quick
        child.quick_deaths = child.quick_deaths + 1 if quick else 1
        self.failure = None if child.was_steady else _hopeless(child, code, said)
        if self.failure is not None:
            return
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(child.quick_deaths - 1, 30))
        child.due_s = time.monotonic() + wait_s
        child.restarts += 1
        self._log.warning(
            "ended", process=child.spec.name, how=_how(code), lived_s=round(lived_s, 1), again_in_s=wait_s, said=said
        )

    def _rest(self) -> None:
        """Wait until a child ends, a start is due, or a second is over."""
        if self._stopping or self.failure is not None:
            return
        due = [child.due_s for child in self._children.values() if child.due_s is not None]
        wait_s = min([TICK_S, *(max(0.0, each - time.monotonic()) for each in due)])
        select.select([self._wake_in], [], [], wait_s)
        with suppress(BlockingIOError):
            self._wake_in.recv(4096, socket.MSG_DONTWAIT)

    def _stop_all(self) -> None:
        """One after another: who takes messages in before who stores them, the broker last."""
        for name in self._stop_order:
            child = self._children[name]
            if child.process is not None:
                self._stop(child, child.process)

    def _stop(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        until = time.monotonic() + child.spec.stop_s
        while process.poll() is None and time.monotonic() < until and self._signals_seen < 2:  # noqa: PLR2004 - asked twice
            select.select([self._wake_in], [], [], 0.1)
            with suppress(BlockingIOError):
                self._wake_in.recv(4096, socket.MSG_DONTWAIT)
        if process.poll() is None:
            self._log.error("killed", process=child.spec.name, after_s=child.spec.stop_s)
            process.kill()
        code = process.wait()
        child.process = None
        self._log.info("stopped", process=child.spec.name, how=_how(code))

    @contextmanager
    def _handling_signals(self) -> Iterator[None]:
        def asked(_number: int, _frame: object) -> None:
            self._signals_seen += 1
            self.stop()

        def child_ended(_number: int, _frame: object) -> None:
            with suppress(OSError):
                self._wake_out.send(b"\0")

        before = {number: signal.signal(number, asked) for number in _SIGNALS}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, child_ended)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _write_processes(self) -> None:
        """Leave who runs in `run/processes.json`, for people, `premises doctor` and tests."""
        running = {
            name: {"pid": child.process.pid, "restarts": child.restarts}
            for name, child in self._children.items()
            if child.process is not None
        }
        target = self._home.run / "processes.json"
        new = target.with_suffix(".new")
        try:
            new.write_text(json.dumps({"run": {"pid": os.getpid()}, **running}), encoding="utf-8")
            new.replace(target)
        except OSError as exc:
            # A full disk must not end those who keep alarms going; it is written again with the next change.
            self._log.warning("processes_not_written", reason=str(exc))

    def _log_path(self, name: str) -> Path:
        return self._home.logs / f"{name}.log"


def _hopeless(child: _Child, code: int, said: str) -> str | None:
    """Return why a process that never ran steadily will not be started again, None when it will."""
    if code == AWAY:
        return None
    if code == _BAD_INPUT:
        return f"{child.spec.name} cannot go on: {said}"
    if child.quick_deaths >= QUICK_DEATHS:
        return f"{child.spec.name} ended {QUICK_DEATHS} times in a row within {STEADY_S:g} s; it said last: {said}"
    return None


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _last_line(log: Path) -> str:
    """Return the last line of a log that is not empty."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    except OSError:
        return "nothing"
    return next((line for line in reversed(lines) if line), "nothing")


def _rotate(log: Path) -> None:
    """Keep one older file beside the log; the child goes on writing to the same one, opened for appending."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            # On a full disk the older lines are what can be done without.
            with suppress(OSError):
                shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
