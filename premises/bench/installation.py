"""A whole installation for a bench: a home of its own with a past, and a real `premises run` over it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from premises.bench.receivers import HOOK, PHONE
from premises.bench.servers import free_port
from premises.bench.traffic import Traffic
from premises.home import Home
from premises.intake.ingest_report import LinkState
from premises.intake.ingest_report import read as read_ingest_report
from premises.processes.broker import find_mosquitto
from premises.processes.remote import Server
from premises.simulated.simulation import Simulation, Wish, store_in_home
from sensors.errors import InputFault
from sensors.intake import Book
from sensors.registry_text import registry_text
from sensors.topology import Device, DeviceId, Placement, Registry
from storage.spool import SqliteSpool

PANEL = "bench-panel"
GATEWAY = "bench-fire"
_START_S, _STOP_S = 60.0, 60.0
_PHONES_A_MINUTE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A running installation and where its broker listens."""

    home: Home
    registry: Registry
    port: int

    @property
    def site(self) -> str:
        """Return the site's id."""
        return self.registry.site.id

    def books(self) -> Mapping[str, Book]:
        """Return the books of each gateway."""
        with closing(SqliteSpool(self.home.spool, min_free_bytes=0)) as spool:
            return spool.books()

    def server(self) -> Server:
        """Return the running server. Raises InputFault where it is gone."""
        found = Server.find(self.home)
        if found is None:
            msg = "the bench's server ended; its figures are worth nothing"
            raise InputFault(msg)
        return found


def furnished(folder: Path, *, rooms: int, days: int, traffic: Traffic, told_at: str) -> Installation:
    """Return an installation that does not run yet: a simulated past, the traffic's devices, and whom to tell."""
    if find_mosquitto() is None:
        msg = "mosquitto is not installed; a bench of alarms needs a real broker"
        raise InputFault(msg)
    home, port = Home.find(folder), free_port()
    simulation = Simulation.of(Wish(days=days, rooms=rooms, seed=1))
    store_in_home(simulation, home, lambda _: None)
    registry = _with_devices(simulation.registry, (*traffic.device_ids(), PANEL))
    home.registry.write_text(registry_text(registry), encoding="utf-8")
    (home.secrets / "hook").write_text("bench\n", encoding="utf-8")
    home.settings.write_text(_settings(port, told_at), encoding="utf-8")
    return Installation(home=home, registry=registry, port=port)


@contextmanager
def running(installation: Installation) -> Iterator[Installation]:
    """Run it as long as the block lives. Raises InputFault where it does not start."""
    command = [sys.executable, "-P", "-m", "premises", "run", "--home", str(installation.home.root)]
    log = installation.home.logs / "bench.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:  # noqa: S603 - ours
        try:
            await_that(lambda: process.poll() is not None or _is_up(installation), "the installation is up", _START_S)
            if process.poll() is not None:
                said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                msg = f"the bench's installation ended with exit code {process.returncode}: {said[-1:]}"
                raise InputFault(msg)
            yield installation
        finally:
            process.terminate()
            process.wait(_STOP_S)


def await_that(holds: Callable[[], bool], what: str, patience_s: float) -> None:
    """Return once it holds. Raises InputFault when it did not for so long."""
    until = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > until:
            msg = f"waited {patience_s:g} s in vain until {what}"
            raise InputFault(msg)
        time.sleep(0.05)


def _is_up(installation: Installation) -> bool:
    report = read_ingest_report(installation.home)
    return report is not None and report.link is LinkState.SUBSCRIBED and Server.find(installation.home) is not None


def _with_devices(registry: Registry, ids: tuple[str, ...]) -> Registry:
    added = {DeviceId(each): Device(id=DeviceId(each), placements=(Placement(),)) for each in ids}
    return replace(registry, devices={**registry.devices, **added})


def _settings(port: int, told_at: str) -> str:
    return (
        f'[mqtt]\nport = {port}\n[broker]\nkind = "mosquitto"\n[server]\nport = 0\n[spool]\nmin_free_bytes = 0\n'
        f'[alerts]\nwebhooks = [{{url = "{told_at}{HOOK}", secret_file = "secrets/hook"}}]\n'
        f'[[alerts.sms]]\nname = "bench"\nurl = "{told_at}{PHONE}"\n'
        'body = \'{"to": "${phone}", "text": "${text}"}\'\n'
        f"per_minute = {_PHONES_A_MINUTE}\n"
        'phones = [{name = "duty", number = "13800000000"}]\n'
    )
