"""Tables that a command writes for others: whole or not at all."""

import csv
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from sensors.errors import InputFault


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file in place of any that is there. Raises InputFault."""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, delete=False) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as exc:
        msg = f"--out {path}: cannot be written: {exc.strerror}"
        raise InputFault(msg) from exc


def must_be_another(out: Path | None, read: Path) -> None:
    """Raise InputFault where a command would write over the file that it reads."""
    if out is not None and out.exists() and read.exists() and out.samefile(read):
        msg = f"--out {out}: is the file that is read; write to another one"
        raise InputFault(msg)
