"""Made-up traffic: the same each time, as untidy as is wanted, and the books of ingest come out as it says."""

from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingest.messages import Message
from ingest.pipeline import Pipeline
from sensors.errors import InputFault
from sensors.registry_text import registry_text
from simulators.load import START_MS, Kind, LoadPlan, load, load_registry, messages, tally
from storage.registry_file import load_registry as read_registry
from tests.ingest.intake import spool_in

PLAN = LoadPlan(messages=1_500, gateways=3, devices_per_gateway=4)
UNTIDY = replace(PLAN, duplicated=0.1, garbage=0.05, reordered=0.2, lost=0.02, events=0.1)


def numbers(plan: LoadPlan) -> dict[str, list[int]]:
    """Return the numbers of each gateway, in the order in which they are sent, repeated ones left out."""
    given: dict[str, list[int]] = {}
    for message in load(plan):
        if message.kind in {Kind.READINGS, Kind.EVENT}:
            given.setdefault(message.topic.split("/")[3], []).append(orjson.loads(message.payload)["seq"])
    return given


def test_same_plan_gives_the_same_bytes_and_another_seed_others() -> None:
    assert list(load(UNTIDY)) == list(load(UNTIDY))
    assert list(load(UNTIDY)) != list(load(replace(UNTIDY, seed=2)))


def test_load_without_end_is_begun_at_once() -> None:
    assert len(list(islice(messages(replace(UNTIDY, messages=10**12)), 100))) == 100


def test_tidy_load_has_every_number_in_order() -> None:
    assert numbers(PLAN) == {f"g{gateway}": list(range(500)) for gateway in range(3)}


def test_reordered_load_has_every_number_though_not_in_order() -> None:
    found = numbers(replace(PLAN, reordered=0.3))
    assert all(sorted(given) == list(range(500)) and given != sorted(given) for given in found.values())


@pytest.mark.parametrize("readings", [1, 7])
def test_no_reading_has_the_key_of_another(readings: int) -> None:
    keys = [
        (record.get("dev") or message.topic.split("/")[4], record["m"], record["ts"])
        for message in load(replace(PLAN, readings=readings))
        for record in orjson.loads(message.payload)["readings"]
    ]
    assert len(keys) == len(set(keys)) == 1_500 * readings
    assert max(time_ms for _, _, time_ms in keys) <= START_MS + replace(PLAN, readings=readings).span_ms


def test_registry_of_the_load_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(registry_text(load_registry(PLAN)), encoding="utf-8")
    assert read_registry(path) == load_registry(PLAN)


@pytest.mark.parametrize("readings", [1, 5])
def test_books_show_what_the_load_says(tmp_path: Path, readings: int) -> None:
    plan = replace(UNTIDY, readings=readings)
    sent = list(load(plan))
    with closing(spool_in(tmp_path)) as spool:
        pipeline = Pipeline(registry=load_registry(plan), spool=spool)
        waiting = [
            Message(topic=each.topic, payload=each.payload, received_ms=START_MS + plan.span_ms) for each in sent
        ]
        for begin in range(0, len(waiting), 100):
            spool.commit(pipeline.process(waiting[begin : begin + 100]))
        books = spool.books().values()
    told = tally(sent)
    assert all(told[kind] for kind in Kind)
    assert sum(book.accepted for book in books) == told[Kind.READINGS] + told[Kind.EVENT]
    assert sum(book.duplicate for book in books) == told[Kind.DUPLICATE]
    assert sum(book.quarantined for book in books) == told[Kind.GARBAGE]
    assert sum(book.missing for book in books) == sum(
        max(given) - min(given) + 1 - len(given) for given in numbers(plan).values()
    )


@pytest.mark.parametrize("changes", [{"messages": 0}, {"gateways": -1}, {"lost": 1.5}, {"garbage": -0.1}])
def test_plan_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputFault, match=f"{next(iter(changes))} must be"):
        replace(PLAN, **changes)
