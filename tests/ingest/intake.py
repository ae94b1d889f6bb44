"""Registries, messages and spools for the tests of ingest."""

from pathlib import Path
from typing import Any

import orjson

from ingest.messages import Message
from ingest.pipeline import Pipeline
from sensors.topology import Device, DeviceId, Name, Placement, Registry, Site, SiteId
from storage.spool import SqliteSpool

NOW_MS = 1_795_392_000_000
"""2026-11-23T08:00:00+08:00, the time of the contract's example."""


def registry_of(*devices: str, site: str = "hq") -> Registry:
    place = Site(id=SiteId(site), name=Name(zh=site, en=site), timezone="Asia/Shanghai", working_hours="08:30-18:00")
    known = (Device(id=DeviceId(each), placements=(Placement(),)) for each in devices)
    return Registry(site=place, devices={each.id: each for each in known})


def message_of(topic: str, document: Any, **other: Any) -> Message:  # noqa: ANN401 - any JSON, any field
    payload = document if isinstance(document, bytes) else orjson.dumps(document)
    return Message(topic=f"premises/v1/{topic}", payload=payload, received_ms=other.pop("received_ms", NOW_MS), **other)


def co2(value: float, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    return {"m": "co2", "v": value, **fields}


def readings_message(*records: dict[str, Any], topic: str = "hq/gw1/aq1/readings", **other: Any) -> Message:  # noqa: ANN401
    fields = {name: other.pop(name) for name in ("boot", "seq", "ts", "hist") if name in other}
    return message_of(topic, {**fields, "readings": records}, **other)


def events_message(*records: dict[str, Any], topic: str = "hq/gw1/events", **other: Any) -> Message:  # noqa: ANN401
    fields = {name: other.pop(name) for name in ("boot", "seq", "ts", "hist") if name in other}
    return message_of(topic, {**fields, "events": records}, **other)


def spool_in(folder: Path, **options: Any) -> SqliteSpool:  # noqa: ANN401 - any bound, any hook
    return SqliteSpool(folder / "spool.db", **{"min_free_bytes": 0, **options})


def pipeline_of(spool: SqliteSpool, *devices: str, **other: Any) -> Pipeline:  # noqa: ANN401
    return Pipeline(registry=registry_of(*(devices or ("aq1", "meter3", "panel1"))), spool=spool, **other)
