"""Whether what is sent to an address can be read on the way."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_confidential(address: str) -> bool:
    """Say whether an address is asked over TLS, or lies within this machine."""
    parts = urlsplit(address)
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
