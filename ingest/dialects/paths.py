"""A JSON object walked by its paths: each that a map knows goes to its target, the others are told as unknown."""

from collections.abc import Mapping
from typing import Any

import orjson

from ingest.dialects.decoded import At, Context, Decoded, DialectError, Outcome
from ingest.dialects.targets import Target
from sensors.topology import DeviceId

MOST_DEEP = 6
MOST_TOLD = 200
"""How many unknown paths of one message are told; the project's own choice."""

_UNKNOWN = "no map knows this key"


def parsed(payload: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON of a payload. Raises DialectError."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as exc:
        raise DialectError(reason="empty_payload" if not payload else "not_json", detail=str(exc)[:200]) from exc


def parsed_object(payload: bytes) -> dict[str, Any]:
    """Return the JSON object of a payload. Raises DialectError."""
    document = parsed(payload)
    if type(document) is not dict:
        raise DialectError(reason="not_an_object", detail="an object was expected")
    return document


def apply_value(
    out: Decoded,
    keys: Mapping[str, Target],
    name: str,
    value: object,
    prefix: str,
    device: DeviceId,
    at: At,
    context: Context,
) -> None:
    """Give a value to the target of its name; an object without one is walked, each key as `name.key`."""
    target = keys.get(name)
    if target is not None:
        target.apply(out, value, prefix + name, device, at, context)
    elif type(value) is dict and name.count(".") < MOST_DEEP:
        for inner, each in value.items():
            apply_value(out, keys, f"{name}.{inner}", each, prefix, device, at, context)
    elif len(out.ignored) < MOST_TOLD:
        out.ignored.append(Outcome(prefix + name, "unknown_key", _UNKNOWN))


def apply_object(
    out: Decoded,
    keys: Mapping[str, Target],
    values: Mapping[str, Any],
    prefix: str,
    device: DeviceId,
    at: At,
    context: Context,
) -> None:
    """Give each value of an object to the target of its key."""
    get = keys.get
    for name, value in values.items():
        target = get(name)
        if target is not None:
            target.apply(out, value, prefix + name, device, at, context)
        else:
            apply_value(out, keys, name, value, prefix, device, at, context)
