"""The home's key for one-time codes: made by whoever needs it first, the same for ingest and serve."""

import os
import secrets
from contextlib import suppress

from premises.home import Home
from premises.settings import read_secret

NAME = "alert-codes.key"


def alert_code_key(home: Home) -> bytes:
    """Return the key. Raises SecretError where it cannot be read."""
    path = home.secrets / NAME
    if not path.exists():
        made = path.with_name(f"{NAME}.{os.getpid()}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_hex(32), encoding="utf-8")
        # A link, for it never replaces the key that another process made meanwhile.
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return read_secret(path).encode()
