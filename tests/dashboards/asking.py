"""What Grafana asks an InfluxDB, with its variables filled in as it fills them."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping

from tests.influx import influxd


def filled(query: str, start_ms: int, end_ms: int, chosen: Mapping[str, str]) -> str:
    """Return a query over [start_ms, end_ms] and the places that are chosen, all where none is."""
    for name in ("site", "building", "floor"):
        query = query.replace(f"${{{name}:regex}}", escaped(chosen[name]) if name in chosen else ".*")
    times = f"time >= {start_ms}ms AND time <= {end_ms}ms"
    query = query.replace("$timeFilter", times).replace("$__interval", "1m").replace("${__to}", str(end_ms))
    return re.sub(r"\$(area_m2|price_per_kwh|carbon_kg_per_kwh)", "2", query)


def escaped(value: str) -> str:
    """As Grafana's `:regex` does it."""
    return re.sub(r"[\\^$*+?.()|\[\]{}/]", lambda found: "\\" + found.group(), value)


def rows(database: str, query: str) -> int:
    """Return how many rows Debian's influxd answers; an error of its own fails."""
    asked = urllib.parse.urlencode({"db": database, "q": query})
    with urllib.request.urlopen(f"http://127.0.0.1:{influxd().port}/query?{asked}", timeout=20) as answer:
        (result,) = json.load(answer)["results"]
    assert "error" not in result, query
    return sum(len(each["values"]) for each in result.get("series", ()))
