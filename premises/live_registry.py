"""The registry as its file stands now, for a process that runs long."""

import threading
import time

import structlog

from premises.commands.ingest import RegistryFile
from premises.home import Home
from sensors.errors import InputFault
from sensors.topology import Registry

LOOK_S = 1.0


class LiveRegistry:
    """Gives the registry; a changed file is followed within a second, a broken one is said once and changes nothing."""

    def __init__(self, home: Home) -> None:
        """Read the file; InputFault where it cannot be used."""
        self._file = RegistryFile(home.registry)
        self._lock = threading.Lock()
        self._looked_s = time.monotonic()
        self._log = structlog.get_logger(__name__)

    def __call__(self) -> Registry:
        """Return the registry."""
        with self._lock:
            if time.monotonic() - self._looked_s >= LOOK_S:
                self._look()
            return self._file.registry

    def _look(self) -> None:
        self._looked_s = time.monotonic()
        try:
            if self._file.changed() is not None:
                self._log.info("registry_changed")
        except InputFault as fault:
            self._log.error("registry_broken", detail=str(fault), kept="the registry as it was before")
