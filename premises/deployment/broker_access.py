"""Who may speak to the broker and about what: mosquitto's files of passwords and of access, in one closed folder.

The broker reads them at its start and on SIGHUP. A gateway may publish below its own topic and read nothing; ingest may
read what gateways publish and write nothing but commands to those that take some.
"""

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from premises.deployment.broker_password import hashed, new_password
from premises.deployment.closed_files import closed_folder, read_if_there, write_closed
from sensors.errors import InputFault

INGEST = "premises-ingest"
CONTRACT = "premises/v1/#"
_HEAD = "# Written by `premises gateway`; the broker reads it at its start and on SIGHUP.\n"
_LONGEST_NAME = 128

Rules = Mapping[str, tuple[str, ...]]
"""User name to the lines of what they may do, such as `write premises/v1/hq/gw1/#`."""


class AccessError(InputFault):
    """The access asked for cannot be given; the message says what to ask instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A user of the broker, with the password that is kept nowhere."""

    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway and what else than the native contract it speaks (`topics`) and listens to (`commands`)."""

    site: str
    name: str
    topics: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    @property
    def username(self) -> str:
        """Return the name under which it signs in, unlike that of any other gateway."""
        return f"{self.site}/{self.name}"

    def rules(self) -> tuple[str, ...]:
        """Return what it may do. Raises AccessError where that would reach beyond itself."""
        for part in (self.site, self.name):
            _check_name(part)
        for topic in (*self.topics, *self.commands):
            _check_topic(topic)
        written = self.topics or (f"premises/v1/{self.site}/{self.name}/#",)
        return (*(f"write {topic}" for topic in written), *(f"read {topic}" for topic in self.commands))


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """The folder with the two files."""

    folder: Path

    @property
    def passwords(self) -> Path:
        """Return the file of hashed passwords."""
        return self.folder / "passwords"

    @property
    def rules(self) -> Path:
        """Return the file of what each user may do."""
        return self.folder / "acl"

    def users(self) -> Sequence[str]:
        """Return who may sign in, in order."""
        return sorted(_passwords(read_if_there(self.passwords)))

    def add_gateway(self, gateway: Gateway, *, renew: bool = False) -> Credential:
        """Return the new credential of a gateway; it is known nowhere else.

        Raises AccessError where there is one already, unless it is to be renewed.
        """
        credential = Credential(username=gateway.username, password=new_password())
        with self._changing() as (passwords, rules):
            if gateway.username in passwords and not renew:
                msg = f"{gateway.username} has a credential already; --renew makes a new one and ends the old"
                raise AccessError(msg)
            passwords[credential.username] = hashed(credential.password)
            rules[credential.username] = gateway.rules()
            heard = (*(f"read {topic}" for topic in gateway.topics), *(f"write {topic}" for topic in gateway.commands))
            rules[INGEST] = tuple(dict.fromkeys((*rules.get(INGEST, (f"read {CONTRACT}",)), *heard)))
        return credential

    def remove_gateway(self, gateway: Gateway) -> None:
        """Let a gateway in no more. Raises AccessError where it has no credential."""
        with self._changing() as (passwords, rules):
            if gateway.username not in passwords:
                msg = f"{gateway.username} has no credential; there are {', '.join(sorted(passwords)) or 'none'}"
                raise AccessError(msg)
            del passwords[gateway.username]
            rules.pop(gateway.username, None)

    def set_user(self, username: str, password: str, rules_of_user: tuple[str, ...]) -> None:
        """Let a user of our own in, such as ingest; what they could do before stays."""
        with self._changing() as (passwords, rules):
            passwords[username] = hashed(password)
            rules[username] = tuple(dict.fromkeys((*rules_of_user, *rules.get(username, ()))))

    @contextmanager
    def _changing(self) -> Iterator[tuple[dict[str, str], dict[str, tuple[str, ...]]]]:
        """Yield passwords and rules to change, one writer at a time; nothing is written where the block raises."""
        closed_folder(self.folder)
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            passwords, rules = _passwords(read_if_there(self.passwords)), _rules(read_if_there(self.rules))
            yield passwords, rules
            # Rules first: a user without rules may do nothing, a password without them would say nothing.
            write_closed(self.rules, _HEAD + "".join(_block(user, rules[user]) for user in sorted(rules)))
            write_closed(self.passwords, "".join(f"{user}:{passwords[user]}\n" for user in sorted(passwords)))


def _passwords(text: str) -> dict[str, str]:
    return {user: kept for user, _, kept in (line.partition(":") for line in text.splitlines()) if kept}


def _rules(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    user = None
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "user":
            user = rest
            found[user] = ()
        elif word == "topic" and user is not None:
            found[user] = (*found[user], rest)
    return found


def _block(user: str, rules: tuple[str, ...]) -> str:
    return f"\nuser {user}\n" + "".join(f"topic {rule}\n" for rule in rules)


def _check_name(name: str) -> None:
    if not 0 < len(name) <= _LONGEST_NAME or any(letter in "/+#:" or not letter.isprintable() for letter in name):
        msg = f"{name!r}: a site's or gateway's name has 1 to {_LONGEST_NAME} letters, none of them / + # :"
        raise AccessError(msg)
    if name != "".join(name.split()):
        msg = f"{name!r}: a site's or gateway's name has no spaces"
        raise AccessError(msg)


def _check_topic(topic: str) -> None:
    levels = topic.split("/")
    if not topic.isprintable() or topic != topic.strip() or any("#" in level for level in levels[:-1]):
        msg = f"{topic!r}: not a topic filter; # stands only at the end"
        raise AccessError(msg)
    if levels[0] in {"", "+", "#"}:
        msg = f"{topic}: this would reach what other gateways say; begin with the gateway's own prefix"
        raise AccessError(msg)
    if topic.startswith("premises/"):
        msg = f"{topic}: below premises/ a gateway has its own topic and no other; leave --topic out"
        raise AccessError(msg)
