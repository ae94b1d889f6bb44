"""Random payloads, made of what gateways say, in every format: nothing but the decoders' own error, and no growth."""

import os
import resource
from collections.abc import Iterator, Sequence
from random import Random

from ingest.dialects.desk import Dialects
from ingest.native import Decoded
from simulators.dialects.dialects import DIALECTS, dialect_named
from simulators.dialects.speech import Published, speech
from tests.simulators.dialects.spoken_day import options_of, registry, saids

PAYLOADS = int(os.environ.get("PREMISES_TEST_PAYLOADS", "8000"))
"""`make soak` asks for a million."""
STRETCHES = 4
GROWTH_KB = 20_000
"""How much more memory may be in use after the last stretch than after the second: what is remembered has bounds."""
PIECES = (b"null", b"-1", b"1e400", b"NaN", b"[]", b"{}", b'""', b"\xff\xfe", b"\x00", b"9" * 40, b"[[[[", b"true")


def spoken(name: str) -> Sequence[Published]:
    return list(speech(dialect_named(name, registry()), saids()))


def damaged(payload: bytes, chance: Random, other: bytes) -> bytes:
    """Return a payload that is cut, doubled, mixed with another one, or has pieces that do not belong there."""
    way, place = chance.randrange(6), chance.randrange(len(payload) + 1)
    if way == 0:
        return payload
    if way == 1:
        return payload[:place]
    if way == 2:
        return payload[:place] + chance.choice(PIECES) + payload[place + chance.randrange(4) :]
    if way == 3:
        return payload[:place] + other[chance.randrange(len(other) + 1) :]
    if way == 4:
        return payload[:place] + bytes([chance.randrange(256)]) + payload[place + 1 :]
    return chance.randbytes(chance.randrange(40))


def strange(topic: str, chance: Random) -> str:
    """Return a topic: mostly as it is, else with another device or without a level."""
    levels = topic.split("/")
    place, way = chance.randrange(len(levels)), chance.randrange(20)
    if way == 0:
        levels[place] = f"x{chance.randrange(5_000)}"
    elif way == 1:
        del levels[place]
    return "/".join(levels)


def poured(payloads: int, chance: Random, said: Sequence[Published], dialects: Dialects, own: str) -> Iterator[Decoded]:
    for _ in range(payloads):
        time_ms, topic, payload = chance.choice(said)
        broken = damaged(payload, chance, chance.choice(said).payload)
        received_ms = time_ms + chance.randrange(-100_000, 100_000)
        yield dialects.decode(
            own, strange(topic, chance), broken, received_ms=received_ms, retained=not chance.randrange(9)
        )
        dialects.commands()


def test_random_payloads_end_in_records_or_problems_and_are_not_hoarded() -> None:
    gateways = {name: options_of(name, dialect_named(name, registry())) for name in DIALECTS}
    said = {name: spoken(name) for name in gateways}
    desks = {name: Dialects([options]) for name, options in gateways.items()}
    for desk in desks.values():
        desk.use(registry())
    chance = Random(11)  # noqa: S311 - the same payloads each time
    held: list[int] = []
    each = PAYLOADS // (STRETCHES * len(DIALECTS)) + 1
    for _ in range(STRETCHES):
        for name, desk in desks.items():
            for found in poured(each, chance, said[name], desk, gateways[name].name):
                assert found.records >= len(found.readings) + len(found.events)
        held.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert held[-1] - held[1] < GROWTH_KB, held
