"""The router and the senders: red goes out whatever fails, answers stop the rest, clocks may jump."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.commands import acknowledge
from alerts.dispatch import Answer, Delivery, Notice
from alerts.matching import Matcher
from alerts.policy import Policy, tell_everybody
from alerts.standing import Silence, Standing
from premises.notices.mirror import Mirror
from premises.notices.policy_now import PolicyFile
from premises.notices.router import Clocks, Router
from premises.notices.sender import UNPLANNED_S, Sender
from sensors.events import EventState, EventType
from sensors.signals import Signal
from storage.policy_file import Ground
from storage.spool_deliveries import SpoolDeliveries
from tests.alerts.factories import raised
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.people import OFFICER
from tests.storage.test_spool_outbox import commit

MINUTE = timedelta(minutes=1)
DONE = Answer(delivery=Delivery.DONE)


@dataclass(slots=True)
class Hears:
    """A channel that keeps what it hears."""

    name: str = "a"
    keys: list[str] = field(default_factory=list)

    def send(self, notice: Notice) -> Answer:
        self.keys.append(notice.key.partition(":")[0] + (f":{notice.level}" if notice.level else ""))
        return DONE


@dataclass(slots=True)
class Steady:
    """A clock that only counts."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(slots=True)
class AlertPath:
    """Router, sender and clocks over one spool, without threads."""

    router: Router
    sender: Sender
    channel: Hears
    clock: HandClock
    steady: Steady

    def run(self) -> list[str]:
        """Return what was heard in one round."""
        before = len(self.channel.keys)
        while self.router.pass_once(lambda: False):
            pass
        self.sender.pass_once(lambda: False)
        while self.sender.pass_once(lambda: False):
            pass
        return self.channel.keys[before:]

    def wait(self, **by: float) -> list[str]:
        """Let time pass on both clocks."""
        self.clock.move(**by)
        self.steady.seconds += timedelta(**by).total_seconds()
        return self.run()


@contextmanager
def path_in(folder: Path, *signals: Signal, policy: Callable[[], Policy] | None = None) -> Iterator[AlertPath]:
    commit(folder, *signals)
    clock, steady, channel, spool = HandClock(), Steady(), Hears(), folder / "spool.db"
    router = Router(
        spool,
        policy=policy or (lambda: tell_everybody(("a",))),
        clocks=Clocks(wall=clock, steady=steady),
        planned=lambda: None,
    )
    sender = Sender(spool, channel, clock, steady=steady)
    with closing(router), closing(sender):
        yield AlertPath(router, sender, channel, clock, steady)


def test_a_fire_is_told_again_until_it_is_over_and_its_end_once(tmp_path: Path) -> None:
    with path_in(tmp_path, raised()) as path:
        assert path.run() == ["raised"]
        assert path.wait(seconds=59) == []
        assert path.wait(seconds=1) == ["raised:1"]
        assert path.wait(minutes=2) == ["raised:2"]
        commit(tmp_path, raised(state=EventState.CLEARED))
        assert path.run() == ["cleared"]
        assert path.wait(hours=5) == []


def test_an_acknowledgement_in_the_records_stops_the_next_level(tmp_path: Path) -> None:
    records = MemoryRecords()
    with path_in(tmp_path, raised()) as path, closing(Mirror(tmp_path / "spool.db", path.clock)) as mirror:
        path.run()
        alert = _projected(records)
        acknowledge(records, alert, actor=OFFICER, clock=path.clock)
        mirror.hear(records)
        assert path.wait(minutes=30) == []


def _projected(records: MemoryRecords) -> str:
    from alerts.commands import raise_alert  # noqa: PLC0415 - only here

    return raise_alert(records, raised(), clock=HandClock()).id


def test_silencing_at_the_panel_stops_the_next_level_without_the_records(tmp_path: Path) -> None:
    with path_in(tmp_path, raised()) as path:
        path.run()
        commit(tmp_path, raised(EventType.SILENCED))
        assert path.wait(minutes=30) == []


def test_a_silence_holds_back_a_leak_until_it_ends_and_never_a_fire(tmp_path: Path) -> None:
    until = NOON + 5 * MINUTE
    silence = Silence(id="s", matcher=Matcher(), author="a", comment="c", starts=NOON - MINUTE, ends=until)
    with path_in(tmp_path, raised(), raised(EventType.LEAK, device="leak1")) as path:
        with closing(SpoolDeliveries(tmp_path / "spool.db")) as deliveries:
            deliveries.keep_standing(Standing(silences=(silence,)))
        assert path.run() == ["raised"]
        assert len(path.wait(minutes=6)) == 2


def test_a_policy_that_fails_lets_everything_be_told_to_nobody_but_red_to_all(tmp_path: Path) -> None:
    def broken() -> Policy:
        raise RuntimeError

    with path_in(tmp_path, raised(), policy=broken) as path:
        with pytest.raises(RuntimeError):
            path.router.pass_once(lambda: False)
        path.sender.pass_once(lambda: False)
        path.steady.seconds += UNPLANNED_S
        path.sender.pass_once(lambda: False)
        assert path.channel.keys == ["raised"]


def test_what_was_said_beforehand_and_cannot_be_read_holds_nothing_back(tmp_path: Path) -> None:
    with path_in(tmp_path, raised(EventType.LEAK)) as path:
        with closing(SpoolDeliveries(tmp_path / "spool.db")) as deliveries:
            deliveries.keep_standing(Standing(silences=(_whole_silence(),)))
            deliveries._db.execute("UPDATE standing SET body = x'00'")  # noqa: SLF001 - damage
        assert path.run() == ["raised"]


def _whole_silence() -> Silence:
    return Silence(id="s", matcher=Matcher(), author="a", comment="c", starts=NOON, ends=NOON + MINUTE)


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_set_neither_delays_red_nor_fires_all_levels_at_once(tmp_path: Path, hours: int) -> None:
    with path_in(tmp_path, raised()) as path:
        assert path.run() == ["raised"]
        path.clock.move(hours=hours)
        assert path.run() == []
        assert path.wait(minutes=1) == ["raised:1"]
        commit(tmp_path, raised(zone="2F", at=path.clock.now()))
        assert path.run() == ["raised"]


def test_the_policy_follows_its_file_and_a_broken_one_leaves_the_last_good_one(tmp_path: Path) -> None:
    said, steady, file = list[str](), Steady(), tmp_path / "alerts.yaml"
    policy = PolicyFile(file, Ground(channels=("sms:a:1",), timezone="UTC"), refused=said.append, steady=steady)

    def write(text: str) -> Policy:
        file.write_text(text, encoding="utf-8")
        steady.seconds += 2
        return policy.now()

    assert policy.now() == tell_everybody(("sms:a:1",))
    good = write("version: 1\ncontacts: {x: {channels: [a]}}\n")
    assert good.contacts["x"].channels == ("sms:a:1",)
    assert write("version: 1\ncontacts: {x: {channels: [nobody]}}\n") == good
    assert ":2:" in said[-1]
    assert write("version: 1\ncontacts: {yy: {channels: [a]}}\n").contacts.keys() == {"yy"}
    assert said[-1] == ""


def test_a_refused_file_at_the_start_lets_everybody_be_told(tmp_path: Path) -> None:
    file, said = tmp_path / "alerts.yaml", list[str]()
    file.write_text("nonsense", encoding="utf-8")
    policy = PolicyFile(file, Ground(channels=("a",), timezone="UTC"), refused=said.append)
    assert policy.now() == tell_everybody(("a",))
    assert len(said) == 1
