"""Ctrl-C waits for what must be whole."""

import subprocess
import sys

CODE = """
import signal
from premises.processes.interrupts import interrupts_held_back

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it starts in the background
try:
    with interrupts_held_back():
        signal.raise_signal(signal.SIGINT)
        print("whole", flush=True)
    print("not reached")
except KeyboardInterrupt:
    print("interrupted", flush=True)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("as before")
"""


def test_interrupt_comes_when_the_block_is_done_and_then_at_once_again() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == ["whole", "interrupted", "as before"]
