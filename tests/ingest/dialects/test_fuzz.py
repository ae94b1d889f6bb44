"""No decoder raises anything but its own error, whatever it is given, and each explains every record it counts."""

import json
import os
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.dialects.decoded import Context, Decoded, Decoder, DialectError
from ingest.dialects.desk import in_contract
from premises.decoding import context_of, formats
from sensors.topology import SiteId
from tests.ingest.dialects.golden_cases import RECEIVED_MS, cases

GOLDENS = [(case.format, case.topic, case.payload) for case in cases()]
TOPICS = st.sampled_from(sorted({topic for _, topic, _ in GOLDENS} | {"", "/", "a/b", "zigbee2mqtt/bridge/devices"}))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["1e400", "２", "1_0"])
)
NAMES = st.sampled_from(
    sorted({name for _, _, payload in GOLDENS for name in payload.decode(errors="replace").split('"')[1::2]})
) | st.text(max_size=6)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6))
EXAMPLES = int(os.environ.get("PREMISES_TEST_DECODES", "60"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A few seconds for all formats; `make soak` asks for more."""

all_formats = pytest.mark.parametrize("name", sorted(formats()))


def decode(decoder: Decoder, topic: str, payload: bytes, context: Context) -> None:
    """Decode; fail where an error leaves that is not the decoder's own, or a record has no path."""
    with suppress(DialectError):
        check(decoder.decode(topic, payload, context))


def check(decoded: Decoded) -> None:
    assert len(decoded.paths) == len(decoded.readings)
    assert len(decoded.event_paths) == len(decoded.events)
    contract = in_contract(decoded, SiteId("hq"))
    assert contract.records == len(contract.paths) + int(contract.records > 0 and not contract.paths)
    assert all(low_ms <= row[0] for row in decoded.readings for low_ms in [946_684_800_000])


def context() -> Context:
    return context_of(None, "Asia/Shanghai", RECEIVED_MS)


@all_formats
@QUICK
@given(topic=TOPICS, payload=st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(name: str, topic: str, payload: bytes) -> None:
    decode(formats()[name](), topic, payload, context())


@all_formats
@QUICK
@given(messages=st.lists(st.tuples(TOPICS, JSON), min_size=1, max_size=3))
def test_any_json_is_read_or_refused(name: str, messages: list[tuple[str, Any]]) -> None:
    decoder, same = formats()[name](), context()
    for topic, document in messages:
        decode(decoder, topic, json.dumps(document).encode(), same)


@all_formats
@QUICK
@given(data=st.data())
def test_a_damaged_message_is_read_or_refused(name: str, data: st.DataObject) -> None:
    own = [(topic, payload) for each, topic, payload in GOLDENS if each == name]
    topic, payload = data.draw(st.sampled_from(own))
    document: Any = None
    with suppress(ValueError):
        document = json.loads(payload)
    if isinstance(document, dict) and data.draw(st.booleans()):
        payload = json.dumps(mutated(document, data)).encode()
    else:
        place = data.draw(st.integers(0, max(len(payload) - 1, 0)))
        payload = payload[:place] + data.draw(st.binary(max_size=3)) + payload[place + 1 :]
    decode(formats()[name](), topic, payload, context())


def mutated(document: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """Return the document with one value, at any depth, put in the place of another."""
    if not document:
        return document
    name = data.draw(st.sampled_from(sorted(document)))
    value = document[name]
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        return {**document, name: mutated(value, data)}
    if isinstance(value, list) and value and isinstance(value[0], dict) and data.draw(st.booleans()):
        return {**document, name: [mutated(value[0], data), *value[1:]]}
    return {**document, name: data.draw(JSON)}
