"""Codes of six digits by which somebody without the console acknowledges one alert, once."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Sequence

DIGITS = 6
_CODE = re.compile(rf"(?<!\d)\d{{{DIGITS}}}(?!\d)")


def code_of(key: bytes, alert_id: str, recipient: str) -> str:
    """Return the code of an alert for one recipient: the first digits of a keyed hash.

    It follows from what sender and console both know, so that an SMS can go out while the records are away.
    """
    told = hmac.new(key, f"{alert_id}|{recipient}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(told[:8]) % 10**DIGITS:0{DIGITS}d}"


def codes_in(text: str) -> Sequence[str]:
    """Return the codes in an answer; digits of full width count, parts of longer numbers do not."""
    return _CODE.findall(unicodedata.normalize("NFKC", text))


def alerts_meant(key: bytes, code: str, recipient: str, alert_ids: Iterable[str]) -> list[str]:
    """Return the alerts whose code for this recipient it is; two share one in a million times."""
    return [each for each in alert_ids if hmac.compare_digest(code_of(key, each, recipient), code)]


def code_hash(key: bytes, code: str) -> str:
    """Return what is kept of a code that was used: no table of a million codes finds it without the key."""
    return hmac.new(key, f"used|{code}".encode(), hashlib.sha256).hexdigest()
