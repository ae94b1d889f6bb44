"""Under which names the server answers: the defence against DNS rebinding and forged cross-site requests."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from api.ports import WebSettings

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def host_name(written: str) -> str:
    """Return the name in a `Host` header, without port and brackets, in lower case; empty where it is none."""
    try:
        return (urlsplit(f"//{written}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_known_host(web: WebSettings, name: str) -> bool:
    """Say whether requests under this name are answered."""
    if web.listens_on_loopback and name in LOOPBACK_NAMES:
        return True
    return bool(name) and (name == urlsplit(web.origin).hostname or name in web.hosts)


def is_same_origin(web: WebSettings, origin: str, host: str) -> bool:
    """Say whether a request that names its origin comes from our own pages. Behind a proxy the scheme may differ."""
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        return False
    return origin == web.origin.rstrip("/") or (bool(host) and place == host)


def is_loopback(address: str) -> bool:
    """Say whether a client's address is of this machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
