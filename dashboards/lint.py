"""What is wrong with a dashboard's JSON that Grafana would take without a word."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CORE_PANELS = frozenset({"barchart", "gauge", "heatmap", "piechart", "stat", "table", "text", "timeseries"})
_VARIABLE = re.compile(r"\$\{?([a-z_][a-z0-9_]*)")
_IN_A_PATTERN = re.compile(r"/\^.*?\$/")
_BARE = re.compile(r"\$(?:\{(?![a-z0-9_]+:regex\})|[a-z])")
_OF_GRAFANA = frozenset({"timeFilter", "__interval", "__to"})

Dashboard = Mapping[str, Any]


def problems(boards: Sequence[Dashboard]) -> list[str]:
    """Return one line for each thing that is wrong, none where all is well."""
    found = [f"uid {uid!r} occurs {many} times" for uid, many in _repeated(board["uid"] for board in boards)]
    found += [f"slug {slug!r} is that of {many} titles" for slug, many in _repeated(map(_slug, boards))]
    for board in boards:
        found += [f"{board['uid']}: {each}" for each in (*_of_panels(board), *_of_queries(board))]
    return found


def _of_panels(board: Dashboard) -> Iterator[str]:
    for number, _ in _repeated(panel["id"] for panel in board["panels"]):
        yield f"panel id {number} is used twice"
    for panel in board["panels"]:
        where = f"panel {panel['id']}"
        if panel["type"] not in CORE_PANELS:
            yield f"{where} is of type {panel['type']}, which is no core panel"
        if not panel.get("description"):
            yield f"{where} has no description"
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{where} has no unit"
        for ref, _ in _repeated(target["refId"] for target in panel["targets"]):
            yield f"{where} has two queries {ref}"


def _of_queries(board: Dashboard) -> Iterator[str]:
    known = {each["name"] for each in board["templating"]["list"]} | _OF_GRAFANA
    for query in queries(board):
        for name in _VARIABLE.findall(query):
            if name not in known and not name.startswith("time"):
                yield f"${name} is no variable of it"
        if any(_BARE.search(each[2:-2]) for each in _IN_A_PATTERN.findall(query)):
            yield f"a variable stands in a pattern without :regex: {query}"


def queries(board: Dashboard) -> list[str]:
    """Return everything that a dashboard asks: panels, variables, annotations."""
    asked = [target["query"] for panel in board["panels"] for target in panel["targets"]]
    asked += [each["query"] for each in board["templating"]["list"] if each["type"] == "query"]
    return asked + [each["query"] for each in board["annotations"]["list"]]


def _slug(board: Dashboard) -> str:
    """Return what Grafana up to 9 tells a title by, in which Chinese leaves no trace."""
    return "-".join(re.findall(r"[a-z0-9]+", board["title"].lower()))


def _repeated(names: Iterator[Any]) -> Iterator[tuple[Any, int]]:
    return ((name, many) for name, many in Counter(names).items() if many > 1)
