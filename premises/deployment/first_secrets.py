"""The secrets of a new installation, each made once: passwords, the broker's access, its certificate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from premises.deployment.broker_access import CONTRACT, INGEST, BrokerAccess
from premises.deployment.broker_password import fits, new_password
from premises.deployment.certificates import Pair, new_authority, new_server
from premises.deployment.closed_files import closed_folder, read_if_there, write_closed
from sensors.errors import InputFault

SECRETS = (
    "postgres-password",
    "influxdb-admin-password",
    "influxdb-admin-token",
    "grafana-admin-password",
    "metrics-token",
    "mqtt-ingest-password",
)
SIMULATOR, SIMULATOR_SECRET = "premises-simulator", "mqtt-simulator-password"


@dataclass(frozen=True, slots=True)
class State:
    """The folder in which an installation under compose or systemd keeps what is its own."""

    root: Path

    @property
    def secrets(self) -> Path:
        """Return the folder of secrets, one a file."""
        return self.root / "secrets"

    @property
    def access(self) -> BrokerAccess:
        """Return the broker's access lists."""
        return BrokerAccess(self.root / "mosquitto")

    @property
    def certificates(self) -> Path:
        """Return the folder with what the broker shows and gateways need."""
        return self.root / "certificates"

    @property
    def authority(self) -> Path:
        """Return the folder of the authority's key; no server has it."""
        return self.root / "authority"


def make_secrets(
    state: State, *, hosts: Sequence[str], now: datetime, renew_certificate: bool = False, demo: bool = False
) -> Sequence[Path]:
    """Return the files that were made; what is there already stays. Raises InputFault.

    `demo` lets the simulator speak for all gateways, `renew_certificate` makes a new certificate.
    """
    for folder in (state.root, state.secrets, state.certificates, state.authority):
        closed_folder(folder)
    names = (*SECRETS, SIMULATOR_SECRET) if demo else SECRETS
    made = [path for path in (state.secrets / name for name in names) if _made(path)]
    made += _certificates(state, tuple(hosts), now, renew=renew_certificate)
    made += _user(state, INGEST, "mqtt-ingest-password", f"read {CONTRACT}")
    if demo:
        made += _user(state, SIMULATOR, SIMULATOR_SECRET, f"write {CONTRACT}")
    return made


def _made(path: Path) -> bool:
    """Write a new secret unless there is one, and say whether."""
    if read_if_there(path).strip():
        return False
    write_closed(path, new_password() + "\n")
    return True


def _certificates(state: State, hosts: tuple[str, ...], now: datetime, *, renew: bool) -> Sequence[Path]:
    root, root_key = state.certificates / "ca.crt", state.authority / "ca.key"
    server, server_key = state.certificates / "broker.crt", state.certificates / "broker.key"
    authority = Pair(certificate=read_if_there(root), key=read_if_there(root_key))
    made: list[Path] = []
    if not authority.certificate and not authority.key:
        authority = new_authority(now)
        write_closed(root_key, authority.key)
        write_closed(root, authority.certificate)
        made += [root_key, root]
    if renew or not read_if_there(server) or not read_if_there(server_key):
        if not authority.key:
            msg = f"{root_key}: the authority's key is gone, so no certificate can be signed; put it back"
            raise InputFault(msg)
        pair = new_server(authority, hosts, now)
        write_closed(server_key, pair.key)
        write_closed(server, pair.certificate)
        made += [server_key, server]
    return made


def _user(state: State, username: str, secret: str, rule: str) -> Sequence[Path]:
    """Let a user of our own in with the password of its file, unless that is so."""
    password = read_if_there(state.secrets / secret).strip()
    kept = dict(line.partition(":")[::2] for line in read_if_there(state.access.passwords).splitlines())
    if username in kept and fits(password, kept[username]):
        return []
    state.access.set_user(username, password, (rule,))
    return [state.access.passwords, state.access.rules]
