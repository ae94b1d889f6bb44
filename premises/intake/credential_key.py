"""The key under which credentials are known again: made at the first start, in the folder of secrets.

To rotate it, take the file away and start ingest anew: a new one is made. Cards are then strangers once, so whoever
entered before and leaves afterwards is not followed; old digests cannot be compared with new ones.
"""

import os
import secrets
from pathlib import Path

from sensors.credentials import CredentialKey
from sensors.errors import InputFault

FILE = "credential.key"
BYTES = 32
CLOSED = 0o600


def credential_key(folder: Path) -> CredentialKey:
    """Return the key in a folder of secrets, made where there is none. Raises InputFault where it cannot be used."""
    path = folder / FILE
    try:
        return _parsed(path, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _made(path)
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"{path}: the key of credentials cannot be read: {exc}; mend who may read it"
        raise InputFault(msg) from exc


def _made(path: Path) -> CredentialKey:
    key = CredentialKey(secret=secrets.token_bytes(BYTES))
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, CLOSED), "w", encoding="utf-8") as file:
            file.write(f"{key.algorithm} {key.secret.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        msg = f"{path}: the key of credentials cannot be written: {exc.strerror}; mend who may write there"
        raise InputFault(msg) from exc
    return key


def _parsed(path: Path, text: str) -> CredentialKey:
    try:
        algorithm, secret = text.split()
        key = CredentialKey(secret=bytes.fromhex(secret), algorithm=algorithm)
        key.digest("")
    except ValueError as exc:
        msg = f"{path}:1: must be a digest's name (sha256, sm3) and the key in hexadecimal; take it away for a new one"
        raise InputFault(msg) from exc
    if len(key.secret) < BYTES // 2:
        msg = f"{path}:1: the key is shorter than {BYTES // 2} bytes; take it away for a new one"
        raise InputFault(msg)
    return key
