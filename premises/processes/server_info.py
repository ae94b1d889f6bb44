"""`run/server.json`: how other commands find the running server. Readable by this user only, for it holds a token."""

import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from premises.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """Where the console is (`url`), where commands ask (`internal`, loopback only) and with which token.

    `set_up_url` is the link by which the first account is made, None once there is one.
    """

    url: str
    internal: str
    token: str
    pid: int
    set_up_url: str | None = None


def new_token() -> str:
    """Return a token of 256 bits."""
    return secrets.token_urlsafe(32)


def path_of(home: Home) -> Path:
    """Return where the file is."""
    return home.run / "server.json"


def write(home: Home, info: ServerInfo) -> None:
    """Put the file in place, whole, with mode 0600."""
    target = path_of(home)
    # mkstemp makes files of mode 0600.
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".server-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(info), file)
    Path(name).replace(target)


def read(home: Home) -> ServerInfo | None:
    """Return what the running server says; None where none runs, or where what is left is of one that ended."""
    try:
        written = json.loads(path_of(home).read_text(encoding="utf-8"))
        info = ServerInfo(**{field.name: written.get(field.name) for field in fields(ServerInfo)})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return info if isinstance(info.pid, int) and is_alive(info.pid) else None


def remove(home: Home, pid: int) -> None:
    """Take the file away, if it is this process's own."""
    info = read(home)
    if info is not None and info.pid == pid:
        path_of(home).unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Say whether a process of this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
