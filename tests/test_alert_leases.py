"""Two nodes over one PostgreSQL: one sends, the other takes over, and cut apart both send so that nothing is lost."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from alerts.dispatch import Answer, Delivery, Notice
from alerts.policy import tell_everybody
from alerts.turns import STANDS_STILL, Lease, Seen, looked, may_take, taken
from premises.notices.leases import WAITED_LONG, Leases
from premises.notices.router import Clocks, Router
from premises.notices.sender import Sender
from storage.records import SqlRecords
from storage.records.errors import RecordsAwayError
from storage.records.transaction import RecordsTransaction
from tests.alerts.factories import raised
from tests.memory_records import NOON, HandClock
from tests.servers import postgres
from tests.storage.test_spool_outbox import commit


def lease(holder: str = "b", beat: int = 1) -> Lease:
    return Lease(holder=holder, beat=beat, until=NOON)


def test_a_lease_that_moves_is_left_alone_and_one_that_stands_still_is_taken() -> None:
    limit = STANDS_STILL.total_seconds()
    seen = looked(Seen(), lease(beat=1), 0)
    assert not may_take(seen, "a", limit - 1)
    moved = looked(seen, lease(beat=2), limit - 1)
    assert not may_take(moved, "a", limit)
    still = looked(moved, lease(beat=2), limit)
    assert may_take(still, "a", 2 * limit)
    assert taken(still, "a", NOON).beat == 3
    assert may_take(looked(Seen(), lease("a"), 0), "a", 0)


@dataclass(slots=True)
class Hears:
    """A channel of one node to a receiver that both tell."""

    node: str
    heard: list[str]
    name: str = "shared"

    def send(self, notice: Notice) -> Answer:
        self.heard.append(f"{self.node}:{notice.signal.zone}")
        return Answer(delivery=Delivery.DONE)


@dataclass(slots=True)
class Line:
    """A node's way to the records, which can be cut."""

    records: SqlRecords
    is_cut: bool = False

    @contextmanager
    def transaction(self) -> Iterator[RecordsTransaction]:
        if self.is_cut:
            place = "test"
            raise RecordsAwayError(place, "cut off")
        with self.records.transaction() as tx:
            yield tx

    def close(self) -> None:
        pass


@dataclass(slots=True)
class Node:
    """One node stepped by hand: its plan, its turn, its channel."""

    folder: Path
    line: Line
    leases: Leases
    router: Router
    sender: Sender

    def fire(self, zone: str) -> None:
        commit(self.folder, raised(zone=zone))

    def step(self) -> None:
        """Let each thread have one pass."""
        with suppress(RecordsAwayError):
            self.leases.pass_once(lambda: False)
        self.router.pass_once(lambda: False)
        self.sender.pass_once(lambda: False)


@dataclass(slots=True)
class Site:
    """Two nodes that see the same, their clocks, and what people heard."""

    nodes: list[Node]
    clock: HandClock
    steady: list[float]
    heard: list[str]

    def fire(self, zone: str) -> None:
        for node in self.nodes:
            node.fire(zone)

    def run(self, seconds: float, *nodes: Node) -> list[str]:
        """Let time pass second by second; return what was heard."""
        before = len(self.heard)
        for _ in range(int(seconds)):
            self.clock.move(seconds=1)
            self.steady[0] += 1
            for node in nodes or self.nodes:
                node.step()
        return self.heard[before:]


@contextmanager
def site_of_two(folder: Path) -> Iterator[Site]:
    database = postgres().new_database()
    site = Site([], HandClock(), [0.0], [])
    with ExitStack() as stack, closing(SqlRecords(postgres().address(database))) as records:
        for name in ("one", "two"):
            site.nodes.append(_node(folder / name, name, records, site, stack))
        yield site
    postgres().drop(database)


def _node(folder: Path, name: str, records: SqlRecords, site: Site, stack: ExitStack) -> Node:
    folder.mkdir()
    commit(folder)
    spool, line = folder / "spool.db", Line(records)
    leases = Leases(spool, records=lambda: line, site="hq", node=name, clock=site.clock, steady=lambda: site.steady[0])
    router = Router(
        spool,
        policy=lambda: tell_everybody(("shared",)),
        clocks=Clocks(wall=site.clock, steady=lambda: site.steady[0]),
        planned=lambda: None,
    )
    sender = Sender(spool, Hears(name, site.heard), site.clock, turn=leases, steady=lambda: site.steady[0])
    for each in (leases, router, sender):
        stack.enter_context(closing(each))
    return Node(folder, line, leases, router, sender)


def test_one_of_two_nodes_sends_and_the_other_knows_it(tmp_path: Path) -> None:
    with site_of_two(tmp_path) as site:
        site.run(3)
        site.fire("2F")
        assert site.run(40) == ["one:2F"]


def test_a_node_that_dies_is_taken_over_from_and_what_it_sent_is_not_sent_again(tmp_path: Path) -> None:
    with site_of_two(tmp_path) as site:
        _, two = site.nodes
        site.run(3)
        site.fire("2F")
        assert site.run(5) == ["one:2F"]
        site.fire("3F")
        assert site.run(STANDS_STILL.total_seconds() + 4, two) == ["two:3F"]
        site.fire("4F")
        assert site.run(1, two) == ["two:4F"]


def test_cut_apart_both_send_and_none_is_lost(tmp_path: Path) -> None:
    with site_of_two(tmp_path) as site:
        site.run(3)
        for node in site.nodes:
            node.line.is_cut = True
        site.run(3)
        site.fire("2F")
        assert sorted(site.run(2)) == ["one:2F", "two:2F"]


def test_what_a_node_that_holds_the_lease_hears_nothing_of_is_sent_by_the_other(tmp_path: Path) -> None:
    with site_of_two(tmp_path) as site:
        _, two = site.nodes
        site.run(3)
        two.fire("2F")
        assert site.run(WAITED_LONG.total_seconds() + 2) == ["two:2F"]
