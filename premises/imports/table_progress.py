"""How far the reading of a file is: a bar on a terminal, a line for each tenth where it was asked for."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import click

_TENTHS = 10
_PERCENT = 100


class Bar(Protocol):
    """What is shown; `rate` is in words."""

    def show(self, read: int, rate: str) -> None:
        """Add bytes that were read."""
        ...


@dataclass(slots=True)
class TableProgress:
    """Counts bytes of the file, and readings once they are stored; tells both, with the rate since the beginning."""

    bar: Bar
    readings: int = 0
    _started_s: float = field(default_factory=time.monotonic)
    _seen: int = 0

    def __call__(self, read: int, /) -> None:
        """Count bytes."""
        if not self._seen:
            # What lies before the first row, or before the place where an import goes on, was not read now.
            self._started_s = time.monotonic()
        self._seen += read
        self.bar.show(read, self._rate())

    def stored(self, readings: int) -> None:
        """Count readings."""
        self.readings += readings
        self.bar.show(0, self._rate())

    def _rate(self) -> str:
        seconds = time.monotonic() - self._started_s
        return f"{self.readings / seconds:,.0f} readings/s" if self.readings and seconds > 0 else ""


@contextmanager
def table_progress(label: str, file: Path, wanted: bool | None) -> Iterator[TableProgress | None]:  # noqa: FBT001 - the option's three states
    """Yield what counts, None where nothing is to be told; without a wish a terminal is told."""
    size = file.stat().st_size if file.is_file() else 0
    if wanted is False or not (wanted or sys.stderr.isatty()):
        yield None
    elif sys.stderr.isatty():
        with click.progressbar(
            length=size, label=label, file=sys.stderr, show_percent=True, item_show_func=lambda rate: rate
        ) as bar:
            yield TableProgress(_Terminal(bar))
    else:
        yield TableProgress(_Lines(label, size))


@dataclass(frozen=True, slots=True)
class _Terminal:
    bar: "click._termui_impl.ProgressBar[str | None]"

    def show(self, read: int, rate: str) -> None:
        self.bar.update(read, rate)


@dataclass(slots=True)
class _Lines:
    label: str
    size: int
    _done: int = 0
    _told: int = 0
    _started_s: float = field(default_factory=time.monotonic)
    _from: int | None = None

    def show(self, read: int, rate: str) -> None:
        self._done += read
        if self._from is None:
            self._from, self._started_s = self._done, time.monotonic()
        tenth = _TENTHS * self._done // max(self.size, 1)
        if tenth > self._told:
            self._told = tenth
            parts = [f"{self.label} {_PERCENT * tenth // _TENTHS} %", rate, self._left()]
            click.echo(", ".join(part for part in parts if part), err=True)

    def _left(self) -> str:
        seconds, read = time.monotonic() - self._started_s, self._done - (self._from or 0)
        left = self.size - self._done
        return f"{left * seconds / read:.0f} s left" if read > 0 and left > 0 else ""
