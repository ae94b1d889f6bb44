"""A channel with a limit: beyond it one digest, red first, and red never behind the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from alerts.channels.pace import Paced
from alerts.dispatch import AT_ONCE_PACED, Answer, Delivery, Notice, dispatch
from sensors.events import EventType
from sensors.verdicts import Severity
from tests.alerts.factories import raised
from tests.alerts.test_dispatch import Box
from tests.alerts.told import notice
from tests.memory_records import HandClock

DONE = Answer(delivery=Delivery.DONE)
RETRY = Answer(delivery=Delivery.RETRY)


@dataclass(slots=True)
class Hears:
    """A channel that keeps what it hears: one list for each message."""

    answer: Answer = DONE
    heard: list[list[Notice]] = field(default_factory=list)
    name: str = "hears"

    def send(self, notice: Notice) -> Answer:
        self.heard.append([notice])
        return self.answer

    def send_together(self, notices: Sequence[Notice]) -> Answer:
        self.heard.append(list(notices))
        return self.answer


def leaks(count: int, *, first: int = 1) -> list[Notice]:
    return [notice(raised(EventType.LEAK, device="leak1", zone=f"{n}"), number=n) for n in range(first, first + count)]


def fires(count: int) -> list[Notice]:
    return [notice(raised(zone=f"f{n}"), number=1000 + n) for n in range(count)]


def sizes(channel: Hears) -> list[int]:
    return [len(each) for each in channel.heard]


def test_within_the_limit_each_is_told_alone() -> None:
    channel = Hears()
    dispatch(Box(leaks(3)), Paced(channel, 20), clock=HandClock())
    assert sizes(channel) == [1, 1, 1]


def test_beyond_the_limit_all_come_as_one_digest_and_each_is_answered_for() -> None:
    channel, box = Hears(), Box(leaks(500))
    attempts = dispatch(box, Paced(channel, 20), clock=HandClock())
    assert sizes(channel) == [500]
    assert len(box.answers) == len(attempts) == 500


def test_a_digest_that_fails_is_tried_again_in_every_part() -> None:
    box = Box(leaks(500))
    dispatch(box, Paced(Hears(RETRY), 20), clock=HandClock())
    assert all(again is not None for _, again in box.answers)


def test_red_goes_first_and_alone_while_the_others_become_a_digest() -> None:
    channel = Hears()
    dispatch(Box([*leaks(100), *fires(2)]), Paced(channel, 20), clock=HandClock())
    assert sizes(channel) == [1, 1, 100]
    assert channel.heard[0][0].signal.severity is Severity.RED


def test_a_quarter_of_the_minute_is_kept_for_red() -> None:
    channel, clock = Hears(), HandClock()
    paced = Paced(channel, 20)
    for second in range(30):
        dispatch(Box(leaks(1, first=second + 1)), paced, clock=clock)
        clock.move(seconds=1)
    assert len(channel.heard) == 15
    dispatch(Box([*leaks(9), *fires(5)]), paced, clock=clock)
    assert sizes(channel)[15:] == [1, 1, 1, 1, 1]


def test_more_fires_than_there_is_room_for_are_one_digest_of_fires() -> None:
    channel = Hears()
    dispatch(Box([*leaks(3), *fires(30)]), Paced(channel, 20), clock=HandClock())
    assert sizes(channel) == [30, 1, 1, 1]
    assert {each.signal.severity for each in channel.heard[0]} == {Severity.RED}


def test_what_found_no_room_waits_and_goes_out_a_minute_later() -> None:
    channel, clock = Hears(), HandClock()
    paced = Paced(channel, 4)
    dispatch(Box(leaks(3)), paced, clock=clock)
    box = Box(leaks(5, first=10))
    assert dispatch(box, paced, clock=clock) == []
    assert box.answers == []
    clock.move(seconds=60)
    dispatch(box, paced, clock=clock)
    assert sizes(channel) == [1, 1, 1, 5]


def test_a_clock_put_back_holds_nothing_up() -> None:
    channel, clock = Hears(), HandClock()
    paced = Paced(channel, 1)
    dispatch(Box(fires(1)), paced, clock=clock)
    clock.instant -= timedelta(hours=1)
    dispatch(Box(fires(1)), paced, clock=clock)
    assert sizes(channel) == [1, 1]


def test_thousands_of_notices_in_a_minute_are_at_most_the_limit_of_messages() -> None:
    channel, clock = Hears(), HandClock()
    paced, waiting = Paced(channel, 20), leaks(3_000)
    for _ in range(59):
        sent = {each.notice.number for each in dispatch(Box(waiting[:AT_ONCE_PACED]), paced, clock=clock)}
        waiting = [each for each in waiting if each.number not in sent]
        clock.move(seconds=1)
    assert waiting == []
    assert len(channel.heard) <= 20
    assert sum(sizes(channel)) == 3_000


@pytest.mark.parametrize("per_minute", [1, 2, 3])
def test_however_few_a_minute_takes_a_fire_does_not_wait_behind_others(per_minute: int) -> None:
    channel, clock = Hears(), HandClock()
    paced = Paced(channel, per_minute)
    for number in range(5):
        dispatch(Box(leaks(1, first=number + 1)), paced, clock=clock)
    told = len(channel.heard)
    assert told == max(1, per_minute - 1)
    dispatch(Box(fires(1)), paced, clock=clock)
    assert [each.signal.severity for each in channel.heard[-1]] == [Severity.RED]
    dispatch(Box(fires(1)), paced, clock=clock)
    assert len(channel.heard) == told + 1
