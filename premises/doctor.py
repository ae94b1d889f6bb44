"""`premises doctor`: whether an installation is well, in plain words, one line for each thing looked at."""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from premises.broker import find_mosquitto, is_listening
from premises.broker_answer import ask_broker
from premises.home import Home
from premises.locks import holder
from premises.remote import Server, ServerFault
from premises.settings import load_settings, read_secret
from sensors.errors import InputFault
from storage.registry_file import load_registry

LEAST_FREE_BYTES = 2 * 2**30
OLD_S = 15 * 60
"""Records that wait longer than this in the spool are a sign that nobody drains it."""

ANSWER_S = 3.0
_PERSONAL = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `words` say what is, and what to do where it is not well."""

    name: str
    well: bool
    words: str


Check = Callable[[Home], Finding]


def examine(home: Home) -> list[Finding]:
    """Return what was found, in the order in which a person would look. It changes nothing."""
    return [_bounded(name, check, home) for name, check in CHECKS.items()]


def _bounded(name: str, check: Check, home: Home) -> Finding:
    try:
        return check(home)
    except (InputFault, OSError, sqlite3.Error) as exc:
        return _ill(name, str(exc))


def _well(name: str, words: str) -> Finding:
    return Finding(name=name, well=True, words=words)


def _ill(name: str, words: str) -> Finding:
    return Finding(name=name, well=False, words=words)


def _home(home: Home) -> Finding:
    if not home.root.is_dir():
        return _ill("home", f"{home.root} is not there; `premises registry import` or `premises run` makes it")
    if not os.access(home.root, os.W_OK | os.X_OK):
        return _ill("home", f"{home.root} cannot be written by this user; run as its owner")
    if home.secrets.is_dir() and home.secrets.stat().st_mode & _PERSONAL:
        return _ill("home", f"{home.secrets} is open to other users; chmod 700 {home.secrets}")
    return _well("home", f"{home.root} is there and can be written")


def _disk(home: Home) -> Finding:
    place = home.root if home.root.is_dir() else Path("/")
    free = shutil.disk_usage(place).free
    words = f"{free / 2**30:.1f} GiB free at {place}"
    if free < LEAST_FREE_BYTES:
        return _ill("disk", f"{words}; make room, or the oldest waiting readings go")
    return _well("disk", words)


def _settings(home: Home) -> Finding:
    settings = load_settings(home)
    if settings.mqtt.password_file is not None:
        read_secret(settings.mqtt.password_file)
    where = str(home.settings) if home.settings.exists() else "defaults"
    return _well("settings", f"{where}: in order")


def _registry(home: Home) -> Finding:
    registry = load_registry(home.registry)
    counts = f"{len(registry.rooms)} rooms, {len(registry.circuits)} circuits, {len(registry.devices)} devices"
    return _well("registry", f"{home.registry}: {counts}")


def _broker(home: Home) -> Finding:
    mqtt = load_settings(home).mqtt
    at = f"{mqtt.host}:{mqtt.port}"
    if not is_listening(mqtt.host, mqtt.port):
        return _ill("broker", f"nobody listens at {at}; `premises run` starts one, or look at [mqtt]")
    answer = ask_broker(mqtt)
    if answer.refusal is not None:
        return _ill("broker", f"{at} refuses: {answer.refusal}; look at [mqtt] and the broker's access list")
    advice = "" if find_mosquitto() else "; mosquitto is not installed, install it for a real building"
    return _well(
        "broker", f"{at} answers in MQTT {answer.protocol}: {answer.version or 'it does not say what it is'}{advice}"
    )


def _subscription(home: Home) -> Finding:
    settings = load_settings(home)
    answer = ask_broker(settings.mqtt)
    if answer.refusal is not None:
        return _ill("subscription", f"the broker could not be asked: {answer.refusal}")
    if answer.refused_topics:
        return _ill("subscription", f"not allowed: {', '.join(answer.refused_topics)}; look at the access list")
    return _well("subscription", f"allowed: {', '.join(settings.mqtt.topics)}")


def _ingest(home: Home) -> Finding:
    running = holder(home.run / "ingest.lock")
    if running is None:
        return _ill("ingest", "readings are not being taken in; start `premises run`")
    last = _last_commit(home)
    ago = "nothing yet" if last is None else f"last wrote {_age(time.time() - last)} ago"
    return _well("ingest", f"process {running} takes readings in; {ago}")


def _spool(home: Home) -> Finding:
    if not home.spool.exists():
        return _well("spool", "nothing was taken in yet")
    with closing(sqlite3.connect(f"file:{home.spool}?mode=ro", uri=True, timeout=ANSWER_S)) as db:
        records, oldest_ms = db.execute(
            "SELECT coalesce(sum(readings + events), 0), min(received_ms) FROM entries"
        ).fetchone()
    if not records:
        return _well("spool", "empty: all that was taken in is in the store")
    age_s = max(0.0, time.time() - oldest_ms / 1000)
    words = f"{records} records wait, the oldest for {_age(age_s)}"
    if age_s > OLD_S:
        return _ill("spool", f"{words}; start `premises run`, or look at logs/serve.log")
    return _well("spool", words)


def _server(home: Home) -> Finding:
    server = Server.find(home)
    if server is None:
        return _ill("server", "the console is not being served; start `premises run`")
    try:
        drain = server.get("/internal/status")["drain"]
    except ServerFault as fault:
        return _ill("server", str(fault))
    if drain["failure"] is not None:
        return _ill("server", f"{server.info.url} answers, but cannot store: {drain['failure']}")
    return _well("server", f"{server.info.url} answers (process {server.info.pid})")


def _store(home: Home) -> Finding:
    server = Server.find(home)
    if server is not None:
        return _well("store", f"held by the server (process {server.info.pid}), as it should be")
    if not home.readings.exists():
        return _well("store", "there are no readings yet")
    from storage.readings.duckdb import DuckDBReadingStore  # noqa: PLC0415 - heavy, and seldom needed here

    with closing(DuckDBReadingStore(home.readings)) as store:
        return _well("store", f"{home.readings} opens, {store.count()} readings")


def _records(home: Home) -> Finding:
    from premises.records import open_records, records_url  # noqa: PLC0415 - heavy

    if records_url(home).get_backend_name() == "sqlite" and not home.records.exists():
        return _well("records", "there are none yet")
    with closing(open_records(home)) as records, records.reading() as tx:
        broken = tx.verify_audit()
        accounts = len(tx.accounts())
    if broken is not None:
        return _ill("records", f"the audit log does not fit its chain at entry {broken.id}; keep a copy, ask why")
    return _well("records", f"open, {accounts} accounts, the audit log's chain holds")


def _clock(_home: Home) -> Finding:
    if shutil.which("timedatectl") is None:
        return _well(
            "clock", f"{datetime.now(UTC).isoformat(timespec='seconds')}; nothing here knows whether it is right"
        )
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ANSWER_S)  # noqa: S603 - a fixed command
    if done.stdout.strip() == "no":
        return _ill("clock", "this machine's clock is not kept by NTP; turn that on: timedatectl set-ntp true")
    return _well(
        "clock", f"{datetime.now(UTC).isoformat(timespec='seconds')}, kept by NTP" if done.stdout else "not known"
    )


def _fonts(_home: Home) -> Finding:
    lister = shutil.which("fc-list")
    if lister is None:
        return _well("fonts", "nothing here lists fonts; only documents as PDF need them")
    done = subprocess.run([lister, ":lang=zh"], capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - a fixed command
    if not done.stdout.strip():
        return _ill("fonts", "no Chinese font; documents as PDF need one: install fonts-noto-cjk or fonts-wqy-zenhei")
    return _well("fonts", "a Chinese font is there")


def _last_commit(home: Home) -> float | None:
    """Return when the spool was last written, seconds since 1970: by ingest, or by the drain just after it."""
    written = [path.stat().st_mtime for path in (home.spool, home.spool.with_name("spool.db-wal")) if path.exists()]
    return max(written, default=None)


def _age(seconds: float) -> str:
    if seconds < 2 * 60:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


CHECKS: dict[str, Check] = {
    "home": _home,
    "disk": _disk,
    "settings": _settings,
    "registry": _registry,
    "broker": _broker,
    "subscription": _subscription,
    "ingest": _ingest,
    "spool": _spool,
    "server": _server,
    "store": _store,
    "records": _records,
    "clock": _clock,
    "fonts": _fonts,
}
"""What is looked at, in this order."""
