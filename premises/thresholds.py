"""The thresholds of a site: the catalogue's, less what the file beside its registry overrides."""

from pathlib import Path

from sensors.thresholds import Overrides
from sensors.topology import Registry
from storage.thresholds_file import load_thresholds


def overrides_of(registry: Registry, registry_path: Path) -> Overrides:
    """Return what the site overrides. Raises InputFault with every fault."""
    return load_thresholds(registry_path, registry)
