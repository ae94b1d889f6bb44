"""The thresholds of a site: the catalogue's, less what the file beside its registry overrides."""

from pathlib import Path

from analytics.layers import FIXED
from analytics.rules import RULES
from sensors.thresholds import Overrides
from sensors.topology import Registry
from storage.thresholds_file import load_thresholds


def overrides_of(registry: Registry, registry_path: Path) -> Overrides:
    """Return what the site overrides of the rules that an analysis judges. Raises InputFault with every fault."""
    return load_thresholds(registry_path, registry, rules=RULES, fixed=FIXED)
