"""Files that only their owner may read, put in place whole."""

import os
import tempfile
from pathlib import Path

from sensors.errors import InputFault

CLOSED_FOLDER = 0o700


def closed_folder(path: Path) -> Path:
    """Return the folder, made with mode 0700 where it is absent. Raises InputFault."""
    try:
        path.mkdir(mode=CLOSED_FOLDER, parents=True, exist_ok=True)
    except OSError as exc:
        msg = f"{path}: the folder cannot be made ({exc.strerror}); name one that this user may write to"
        raise InputFault(msg) from exc
    return path


def write_closed(path: Path, text: str) -> None:
    """Put a file of mode 0600 in place in one step; a reader sees the old one or the new one. Raises InputFault."""
    try:
        # mkstemp makes files of mode 0600.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as exc:
        msg = f"{path}: cannot be written ({exc.strerror}); mend who may write there"
        raise InputFault(msg) from exc


def read_if_there(path: Path) -> str:
    """Return a file's text, empty where there is none. Raises InputFault."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"{path}: cannot be read ({exc}); run this as the user who owns it"
        raise InputFault(msg) from exc
