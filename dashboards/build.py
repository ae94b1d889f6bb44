"""The JSON of every dashboard, by Grafana's own generator, which is installed for development only."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import BOARDS
from dashboards.files import GENERATED
from dashboards.influxql import ALARMS, RED_ALERTS, SIGNED_OFF, VARIABLES
from dashboards.panels import Board, Panel, View
from sensors.catalogue.model import both
from sensors.topology import Name

SOURCE = models.DataSourceRef(type_val="influxdb", uid="premises")
LANGUAGES = ("zh", "en")
SCHEMA_VERSION = 41
"""Of Grafana 11.6."""

_LABELS = {
    "site": both("院区", "Site"),
    "building": both("建筑", "Building"),
    "floor": both("楼层", "Floor"),
    "area_m2": both("面积 (m²)", "Area, m²"),
    "price_per_kwh": both("电价 (元/kWh)", "Price per kWh"),
    "carbon_kg_per_kwh": both("碳因子 (kg/kWh)", "Carbon, kg/kWh"),
    "console": both("控制台地址", "Console address"),
}
_ENTERED = {
    "area_m2": "1000",
    "price_per_kwh": "1",
    "carbon_kg_per_kwh": "0.5306",
    "console": "http://127.0.0.1:8000",
}
_VIEWS: Mapping[View, Any] = {
    View.LINES: timeseries.Panel,
    View.STAT: stat.Panel,
    View.TABLE: table.Panel,
    View.GRID: table.Panel,
}
_TABLES = frozenset({View.TABLE, View.GRID})
_COLOURED = {"cellOptions": {"type": "color-background", "mode": "basic"}, "align": "center", "width": 42}
_WIDTH, _HEIGHT = 12, 8


class InfluxQL(Dataquery, cog.Builder[Dataquery]):
    """A query in InfluxQL, for which the generator has no class."""

    def __init__(self, ref: str, query: str, view: View) -> None:
        """Take the query and its letter."""
        self._ref, self._query, self._view = ref, query, view

    def build(self) -> Dataquery:
        """Return itself: it is what it builds."""
        return self

    def to_json(self) -> dict[str, object]:
        """Return what Grafana stores of it."""
        return {
            "refId": self._ref,
            "datasource": SOURCE,
            "query": self._query,
            "rawQuery": True,
            "resultFormat": "table" if self._view in _TABLES else "time_series",
        }


def generated() -> Mapping[str, str]:
    """Return the text of each file of JSON by its name, both languages."""
    return {f"{board.id}.{language}.json": _text(board, language) for board, language in product(BOARDS, LANGUAGES)}


def write(folder: Path = GENERATED) -> list[str]:
    """Write what differs; return its names."""
    changed = []
    for name, text in generated().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def _text(board: Board, language: str) -> str:
    made: dict[str, Any] = json.loads(json.dumps(_dashboard(board, language), cls=JSONEncoder))
    made["schemaVersion"] = SCHEMA_VERSION
    # The generator drops the fields that an annotation in InfluxQL needs.
    made["annotations"] = {"list": [_annotation(*each, language) for each in _ANNOTATIONS]}
    for shown, panel in zip(made["panels"], board.panels, strict=True):
        _look(shown, panel)
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _dashboard(board: Board, language: str) -> models.Dashboard:
    made = (
        sdk.Dashboard(_title(board, language))
        .uid(f"premises-{board.id}-{language}")
        .tags(["premises", language])
        .time(board.since, "now")
        .refresh("1m")
    )
    for each in (*_queried(language), *_entered(language)):
        made.with_variable(each)
    for number, panel in enumerate(board.panels):
        made.with_panel(_panel(number, panel, language))
    for link in _links(board, language):
        made.link(link)
    return made.build()


def _title(board: Board, language: str) -> str:
    """Return a title whose Latin letters are its own: older Grafanas tell dashboards apart by those alone."""
    if language == "en":
        return f"Premises EN · {board.title.en}"
    return f"Premises · {board.title.zh} ({board.id})"


def _panel(number: int, panel: Panel, language: str) -> cog.Builder[models.Panel]:
    place = models.GridPos(h=_HEIGHT, w=_WIDTH, x=number % 2 * _WIDTH, y=number // 2 * _HEIGHT)
    made: Any = _VIEWS[panel.view]()
    made.id(number + 1).title(panel.title.in_language(language)).description(panel.description.in_language(language))
    made.unit(panel.unit).datasource(SOURCE).grid_pos(place).thresholds(_thresholds(panel))
    for letter, query in zip("ABCDEF", panel.queries, strict=False):
        made.with_target(InfluxQL(letter, query, panel.view))
    if panel.without:
        made.no_value(panel.without)
    if panel.shift:
        made.time_shift(panel.shift)
    for column, name in _named(panel).items():
        shown = models.DynamicConfigValue(id_val="displayName", value=name.in_language(language))
        made.override_by_name(column, [shown])
    found: cog.Builder[models.Panel] = made
    return found


def _thresholds(panel: Panel) -> sdk.ThresholdsConfig:
    steps = [models.Threshold(value=None, color="green")]
    steps += [models.Threshold(value=each.value, color=each.colour) for each in panel.limits]
    return sdk.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _queried(language: str) -> Iterator[sdk.QueryVariable]:
    """Yield the places to choose from, each within those chosen before it."""
    for number, name in enumerate(VARIABLES):
        within = " AND ".join(f'"{each}" =~ /^(?:${{{each}:regex}})$/' for each in VARIABLES[:number])
        query = f'SHOW TAG VALUES WITH KEY = "{name}"' + (f" WHERE {within}" if within else "")
        made = sdk.QueryVariable(name).label(_LABELS[name].in_language(language)).datasource(SOURCE).query(query)
        yield (
            made.multi(multi=True)
            .include_all(include_all=True)
            .all_value(".*")
            .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
            .current(models.VariableOption(text="All", value="$__all"))
        )


def _entered(language: str) -> Iterator[sdk.TextBoxVariable]:
    for name, value in _ENTERED.items():
        yield sdk.TextBoxVariable(name).label(_LABELS[name].in_language(language)).default_value(value)


def _links(board: Board, language: str) -> Iterator[sdk.DashboardLink]:
    others = sdk.DashboardLink("Premises").type(models.DashboardLinkType.DASHBOARDS).tags(["premises", language])
    yield others.as_dropdown(as_dropdown=True).include_vars(include_vars=True).keep_time(keep_time=True)
    console = sdk.DashboardLink({"zh": "控制台", "en": "Console"}[language])
    yield console.type(models.DashboardLinkType.LINK).url("${console}" + board.console)


def _named(panel: Panel) -> Mapping[str, Name]:
    """Return the columns of a panel that have a name of their own, as its queries ask for them."""
    asked = " ".join(panel.queries)
    return {column: name for column, name in panel.columns.items() if f'"{column}"' in asked}


def _look(shown: dict[str, Any], panel: Panel) -> None:
    """Colour the cells of a grid by their share, which the generator has no word for."""
    if panel.view is View.GRID:
        defaults = shown["fieldConfig"]["defaults"]
        defaults |= {"min": 0, "max": 1, "decimals": 0, "custom": _COLOURED, "color": {"mode": "continuous-BlYlRd"}}


_ANNOTATIONS = (
    (both("火警", "Fire alarms"), "red", ALARMS),
    (both("红色报警", "Red alerts"), "dark-red", RED_ALERTS),
    (both("销号", "Signed off"), "green", SIGNED_OFF),
)


def _annotation(name: Name, colour: str, query: str, language: str) -> dict[str, object]:
    return {
        "name": name.in_language(language),
        "datasource": SOURCE.to_json(),
        "enable": True,
        "iconColor": colour,
        "query": query,
        "rawQuery": True,
        "titleColumn": "title",
        "textColumn": "text",
        "timeEndColumn": "",
        "tagsColumn": "tags",
    }
