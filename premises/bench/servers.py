"""The real broker of a bench, and the publisher beside it: processes of their own, so that they are not measured."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

from premises.bench.traffic import Traffic, arguments
from premises.home import Home
from premises.processes.broker import find_mosquitto, is_listening, write_configuration
from sensors.errors import InputFault

_LOOPBACK = "127.0.0.1"
_PATIENCE_S = 20.0


@contextmanager
def broker_in(folder: Path) -> Iterator[int]:
    """Yield the loopback port of a mosquitto that lives as long as the block; InputFault where none is installed."""
    program = find_mosquitto()
    if program is None:
        msg = "mosquitto is not installed; a bench of ingest needs a real broker"
        raise InputFault(msg)
    port = free_port()
    with _running([program, "-c", str(write_configuration(Home(folder), port))]) as process:
        until = time.monotonic() + _PATIENCE_S
        while not is_listening(_LOOPBACK, port):
            if process.poll() is not None or time.monotonic() > until:
                msg = f"mosquitto did not begin to listen on port {port} within {_PATIENCE_S:g} s"
                raise InputFault(msg)
            time.sleep(0.01)
        yield port


@contextmanager
def publisher(traffic: Traffic, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a publisher that begins with the first line on its standard input."""
    with _running(arguments(traffic, port)) as process:
        yield process


def begin(process: subprocess.Popen[bytes]) -> None:
    """Let a publisher begin."""
    assert process.stdin is not None  # noqa: S101 - opened so, for the type checker
    process.stdin.write(b"go\n")
    process.stdin.flush()


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - our own commands
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
