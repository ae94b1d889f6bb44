"""What a panel shows, as data: words in both languages, the unit, the query, and the catalogue's limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sensors.catalogue import CATALOGUE
from sensors.topology import Name


class View(StrEnum):
    """How Grafana draws a panel: core panels only."""

    LINES = "timeseries"
    STAT = "stat"
    TABLE = "table"
    GRID = "grid"
    """A table whose cells are coloured by a share from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A parameter of a rule in the catalogue, from which on a value is coloured."""

    rule: str
    parameter: str
    colour: str

    @property
    def value(self) -> float:
        """Return the figure, in the parameter's own unit."""
        named = {each.name: each.value for each in CATALOGUE[self.rule].parameters}
        return float(named[self.parameter])


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel. `queries` are InfluxQL with Grafana's `$timeFilter` and `$__interval`."""

    title: Name
    description: Name
    unit: str
    queries: tuple[str, ...]
    view: View = View.LINES
    limits: tuple[Limit, ...] = ()
    without: str = ""
    """What is shown where there are no rows: a count of nothing is no row to InfluxDB."""
    columns: Mapping[str, Name] = field(default_factory=dict)
    """What columns are called, by the field's name."""
    shift: str | None = None
    """How far back the panel looks beside the dashboard's own time, as Grafana writes it (`7d`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard; `console` is the console's page that it links to."""

    id: str
    title: Name
    panels: tuple[Panel, ...]
    console: str = ""
    since: str = "now-24h"
