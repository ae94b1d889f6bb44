"""The fire panels' listener in the ingest process: a thread with a spool connection of its own.

Both threads of ingest write one file; a lock shared by them lets a panel's commit wait for one group of MQTT messages
at most, instead of for SQLite's own patience.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Protocol

import structlog

from ingest.gbt26875.downlink import Downlink, Schedule
from ingest.gbt26875.intake import Intake
from ingest.gbt26875.listener import Hooks, ListenOptions, PanelListener
from ingest.gbt26875.memory import Texts
from ingest.gbt26875.panels import Panel, Panels
from ingest.pipeline import Pipeline
from ingest.ports import NoRoomError
from ingest.watchdog import Watchdog
from premises.home import Home
from premises.intake.watching import Watching
from premises.settings import FirePanelSettings, PanelSettings, Settings, SpoolSettings
from sensors.intake import SpoolEntry
from sensors.topology import Registry
from storage.spool import SpoolFullError, SqliteSpool

TEXTS = "fire_panel_texts.json"
"""Under which texts the components of the panels are known, in the home."""

OpenSpool = Callable[[Home, SpoolSettings], SqliteSpool]


class Service(Protocol):
    """What runs beside MQTT until it is stopped."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """Finish what is under way."""
        ...


class _Nothing:
    """No listener was asked for."""

    def start(self) -> None:
        """Begin nothing."""

    def stop(self) -> None:
        """End nothing."""


@dataclass(slots=True, kw_only=True)
class _Watched:
    """The listener, and the watchdog over its thread."""

    listener: PanelListener
    watchdog: Watchdog

    def start(self) -> None:
        """Listen and watch."""
        self.watchdog.start()
        self.listener.start()

    def stop(self) -> None:
        """Listen and watch no more."""
        self.listener.stop()
        self.watchdog.stop()


def fire_panel(
    home: Home,
    settings: Settings,
    *,
    registry: Callable[[], Registry],
    open_spool: OpenSpool,
    writing: threading.Lock,
    watching: Watching,
    wake: Callable[[], None],
) -> Service:
    """Return the listener of the settings, not yet begun; one that does nothing where it is not enabled.

    `registry` is asked in each turn; `wake` is called when a commit asks people to see something.
    """
    wanted = settings.fire_panel
    if not wanted.enabled:
        return _Nothing()
    _warn_of_unknown(wanted, registry())
    opened = _Opener(
        home, settings, registry=registry, open_spool=open_spool, writing=writing, watching=watching, wake=wake
    )
    watchdog = Watchdog(settings.mqtt.watchdog_s)
    listener = PanelListener(
        _options(wanted),
        open_intake=opened.intake,
        downlink=Downlink(_schedule(wanted), tuple(panel.address for panel in wanted.panels)),
        hooks=Hooks(waiting=watchdog.tick, tick=opened.follow),
    )
    return _Watched(listener=listener, watchdog=watchdog)


class _Opener:
    """Makes the intake in the listener's thread, and lets it follow the registry."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        *,
        registry: Callable[[], Registry],
        open_spool: OpenSpool,
        writing: threading.Lock,
        watching: Watching,
        wake: Callable[[], None],
    ) -> None:
        self._home = home
        self._settings = settings
        self._registry = registry
        self._open_spool = open_spool
        self._writing = writing
        self._watching = watching
        self._wake = wake
        self._used: Registry | None = None

    @contextmanager
    def intake(self) -> Iterator[Intake]:
        """Open the spool and give what judges by it."""
        with closing(self._open_spool(self._home, self._settings.spool)) as spool:
            self._used = self._registry()
            pipeline = Pipeline(registry=self._used, spool=spool)
            yield Intake(
                panels=Panels(_panel(each) for each in self._settings.fire_panel.panels),
                registry=self._used,
                pipeline=pipeline,
                memory=spool,
                texts=Texts(self._home.root / TEXTS),
                commit=lambda entries: self._commit(spool, entries),
            )

    def follow(self, intake: Intake) -> None:
        """Judge by the registry as it is now."""
        registry = self._registry()
        if registry is not self._used:
            self._used = registry
            intake.use(registry)

    def _commit(self, spool: SqliteSpool, entries: Sequence[SpoolEntry]) -> None:
        try:
            with self._writing, self._watching.over(entries) as watched:
                spool.commit(entries, watched=watched)
        except SpoolFullError as exc:
            raise NoRoomError(str(exc)) from exc
        if watched.signals or any(entry.signals for entry in entries):
            self._wake()


def _options(settings: FirePanelSettings) -> ListenOptions:
    return ListenOptions(
        host=settings.host,
        port=settings.port,
        allowed=tuple(ip_network(each, strict=False) for each in settings.allowed),
        max_connections=settings.max_connections,
        idle_s=settings.idle_s,
    )


def _schedule(settings: FirePanelSettings) -> Schedule:
    return Schedule(
        roll_call_minutes=settings.roll_call_minutes,
        answer_minutes=settings.roll_call_answer_minutes,
        sets_clocks=settings.sets_clocks,
    )


def _panel(settings: PanelSettings) -> Panel:
    return Panel(
        address=settings.address,
        gateway=settings.gateway,
        device=settings.device,
        parts=settings.parts,
        heeds_test_bit=settings.heeds_test_bit,
    )


def _warn_of_unknown(settings: FirePanelSettings, registry: Registry) -> None:
    """Say which devices the registry does not hold: their fires alert with a doubt, all else goes to quarantine."""
    named = {device for panel in settings.panels for device in (panel.device, *panel.parts.values())}
    unknown = sorted(named - set(registry.devices))
    if unknown:
        structlog.get_logger(__name__).warning("fire_panel_devices_unknown", devices=unknown, registry="registry.yaml")
