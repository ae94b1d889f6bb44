from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from analytics.calendar import ChineseHolidays
from analytics.runs import Request
from ingest.messages import Message
from ingest.pipeline import Pipeline
from premises.evaluation import scores_of, stored_events
from premises.simulated.simulated_history import store_posts
from premises.watched import ALL_RULES, analyse_unlogged
from sensors.readings import epoch_ms
from sensors.topology import Registry
from simulators.building import office_building
from simulators.demands import truth_rows
from simulators.device_profiles import realistic
from simulators.equipment import Equipment
from simulators.faults import Fault
from simulators.field import Field, Post
from simulators.native import Gateways, letter_message
from simulators.scenarios import scenario
from simulators.scoring import RuleScore
from storage.drain import drain
from storage.readings.duckdb import DuckDBReadingStore
from tests.ingest.intake import spool_in
from tests.simulators.worlds import MONDAY, local, world

DAYS = 10
END = local(MONDAY, 24 * DAYS)


def in_the_field(rooms: int = 8, *, equipment: Equipment = Equipment.USUAL) -> Registry:
    return realistic(office_building(rooms, start=MONDAY, equipment=equipment))


def bad_gateway(registry: Registry, days: int = DAYS) -> tuple[Fault, ...]:
    return scenario("bad-gateway", registry, start=local(MONDAY), days=days)


def records(posts: Iterable[Post]) -> list[tuple[object, ...]]:
    """Return each message with its fate and what is in it, in an order that does not depend on how time was cut."""
    found = []
    for post in posts:
        for letter in post.letters:
            part = slice(letter.begin, letter.end)
            told = tuple(
                zip(post.row[part].tolist(), post.time_ms[part].tolist(), post.value[part].tolist(), strict=True)
            )
            event = None if letter.event is None else letter.event.id
            found.append((letter.gateway, letter.number, letter.arrives_ms, letter.again_ms, letter.kept, event, told))
    return sorted(found, key=lambda each: (str(each[0]), each[1]))


def cut_at(registry: Registry, faults: Sequence[Fault], *ends: datetime) -> list[tuple[object, ...]]:
    field = Field(world(registry, faults=faults))
    return records(post for end in ends for post in field.posts(end))


def test_messages_do_not_depend_on_how_time_is_cut() -> None:
    registry = in_the_field(8, equipment=Equipment.FULL)
    faults = bad_gateway(registry)
    whole = cut_at(registry, faults, local(MONDAY, 54))
    assert len({(gateway, number) for gateway, number, *_ in whole}) == len(whole)
    parts = (0.013, 1.0, 8.51, 8.52, 9.377, 24.0, 24.0003, 32.9, 54.0)
    assert cut_at(registry, faults, *(local(MONDAY, hour) for hour in parts)) == whole


def through_ingest(
    registry: Registry, faults: Sequence[Fault], folder: Path, store: DuckDBReadingStore
) -> Counter[str]:
    """Send what arrives through ingest into a store; return its books, summed over the gateways."""
    gateways = Gateways(registry, boot="b1")
    books: Counter[str] = Counter()
    with closing(spool_in(folder)) as spool:
        pipeline = Pipeline(registry=registry, spool=spool)
        arriving = [
            Message(*letter_message(letter, post, gateways), received_ms=delivery.arrives_ms, packet_id=1)
            for delivery, letter, post in Field(world(registry, faults=faults)).deliveries(END)
        ]
        for begin in range(0, len(arriving), 500):
            spool.commit(pipeline.process(arriving[begin : begin + 500]))
        drain(spool, store)
        for book in spool.books().values():
            assert book.balances, book
            books.update(received=book.received, duplicate=book.duplicate, quarantined=book.quarantined)
            books.update(stored=book.stored)
        books.update(missing=sum(state.missing for state in spool.gateways()))
    return books


def scores(registry: Registry, faults: Sequence[Fault], store: DuckDBReadingStore) -> dict[str, RuleScore]:
    truth = truth_rows(faults, registry, start=local(MONDAY), end=END)
    request = Request(rules=ALL_RULES)
    analysis = analyse_unlogged(registry=registry, holidays=ChineseHolidays(), store=store, request=request)
    return scores_of(analysis, stored_events(store, registry.site.id), truth, ChineseHolidays())


def contents(registry: Registry, store: DuckDBReadingStore) -> list[tuple[object, ...]]:
    frame = store.readings(registry.site.id, start_ms=0, end_ms=epoch_ms(END) + 86_400_000)
    return frame.select("device", "metric", "phase", "time_ms", "value").rows()


def test_bad_gateway_through_ingest_balances_and_is_judged_as_the_truth_says(tmp_path: Path) -> None:
    registry = in_the_field()
    faults = bad_gateway(registry)
    with closing(DuckDBReadingStore(tmp_path / "live.duckdb")) as store:
        books = through_ingest(registry, faults, tmp_path, store)
        found = scores(registry, faults, store)
        heard = contents(registry, store)
    assert books["duplicate"] > 1000
    assert books["missing"] > 50
    assert books["quarantined"] == 0
    with closing(DuckDBReadingStore(tmp_path / "bulk.duckdb")) as store:
        stored = store_posts(Field(world(registry, faults=faults)), store, END)
        assert contents(registry, store) == heard
    assert books["stored"] == stored.readings + stored.events
    astray = {rule: (s.false_alarms, s.missed) for rule, s in found.items() if s.built and (s.fp or s.fn)}
    assert astray == {}
    assert {rule for rule, score in found.items() if score.tp} >= {"G04", "G05"}
    assert found["G04"].near_misses == 1
