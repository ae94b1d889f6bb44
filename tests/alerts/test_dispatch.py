"""What is due goes out at least once, failures wait longer and longer, and the records follow idempotently."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from alerts.commands import acknowledge, alert_of
from alerts.dispatch import (
    GIVE_UP_AFTER,
    LEAST_ATTEMPTS,
    LONGEST_ASKED_WAIT,
    LONGEST_WAIT,
    Answer,
    Attempt,
    Delivery,
    Notice,
    NoticeKind,
    dispatch,
    payload,
    project,
)
from alerts.model import AlertState
from tests.alerts.factories import raised
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.people import OFFICER

DONE = Answer(delivery=Delivery.DONE)
RETRY = Answer(delivery=Delivery.RETRY)


def notice(kind: NoticeKind = NoticeKind.RAISED, *, at: datetime = NOON, attempts: int = 0) -> Notice:
    signal = raised()
    return Notice(number=1, kind=kind, alert_id=alert_of(signal).id, signal=signal, at=at, attempts=attempts)


@dataclass(slots=True)
class Box:
    """An outbox of one notice."""

    notices: Sequence[Notice]
    answers: list[tuple[Answer, datetime | None]] = field(default_factory=list)

    def due(self, channel: str, *, now: datetime, limit: int) -> Sequence[Notice]:
        assert channel
        assert now.tzinfo is not None
        return self.notices[:limit]

    def answered(self, channel: str, attempts: Sequence[Attempt]) -> None:
        assert channel
        for attempt in attempts:
            assert attempt.at.tzinfo is not None
            assert attempt.notice in self.notices
            self.answers.append((attempt.answer, attempt.again))


@dataclass(frozen=True, slots=True)
class Says:
    """A channel that always says the same."""

    answer: Answer
    name: str = "says"

    def send(self, notice: Notice) -> Answer:
        assert notice
        return self.answer


def waited(answer: Answer, *, attempts: int = 0, age: timedelta = timedelta(0)) -> timedelta | None:
    clock = HandClock(NOON + age)
    box = Box([notice(attempts=attempts)])
    (attempt,) = dispatch(box, Says(answer), clock=clock)
    assert box.answers == [(answer, attempt.again)]
    return None if attempt.again is None else attempt.again - clock.now()


@pytest.mark.parametrize("answer", [DONE, Answer(delivery=Delivery.DEAD)])
def test_what_is_done_or_dead_is_not_tried_again(answer: Answer) -> None:
    assert waited(answer) is None


@pytest.mark.parametrize(("attempts", "whole_s"), [(0, 1), (1, 2), (4, 16), (9, 300), (999, 300)])
def test_failures_wait_twice_as_long_each_time_up_to_five_minutes(attempts: int, whole_s: float) -> None:
    wait = waited(RETRY, attempts=attempts)
    assert wait is not None
    assert timedelta(seconds=whole_s / 2) <= wait <= timedelta(seconds=whole_s) <= LONGEST_WAIT


def test_a_receivers_own_wait_is_kept_within_an_hour() -> None:
    assert waited(replace(RETRY, wait=timedelta(seconds=90))) == timedelta(seconds=90)
    assert waited(replace(RETRY, wait=timedelta(days=1))) == LONGEST_ASKED_WAIT


def test_after_three_days_and_many_attempts_it_is_over() -> None:
    assert waited(RETRY, age=GIVE_UP_AFTER - timedelta(seconds=1), attempts=LEAST_ATTEMPTS) is not None
    assert waited(RETRY, age=GIVE_UP_AFTER, attempts=LEAST_ATTEMPTS) is None


def test_a_clock_set_days_ahead_gives_nothing_up() -> None:
    assert waited(RETRY, age=GIVE_UP_AFTER * 2, attempts=LEAST_ATTEMPTS - 1) is not None


def test_stopping_leaves_the_rest_for_the_next_start() -> None:
    assert dispatch(Box([notice()]), Says(DONE), clock=HandClock(), stopping=lambda: True) == []


def test_an_end_is_told_with_the_alert_it_ends() -> None:
    told = payload(notice(NoticeKind.CLEARED, at=NOON + timedelta(hours=1)))
    assert (told["kind"], told["at"]) == ("cleared", (NOON + timedelta(hours=1)).isoformat())
    assert told["alert"]["onset"] == NOON.isoformat()


def test_a_receiver_tells_repeats_by_kind_and_alert() -> None:
    assert notice(NoticeKind.CLEARED).key == f"cleared:{notice().alert_id}"


def state_of(tx: MemoryRecords) -> AlertState:
    (alert,) = tx.alert_rows.values()
    return alert.state


def test_the_records_follow_the_notices_and_twice_is_once() -> None:
    tx = MemoryRecords()
    course = [NoticeKind.RAISED, NoticeKind.ACKNOWLEDGED, NoticeKind.CLEARED]
    states = [AlertState.RAISED, AlertState.ACKNOWLEDGED, AlertState.CLEARED]
    for minute, (kind, state) in enumerate(zip(course, states, strict=True)):
        at = NOON + timedelta(minutes=minute)
        for _ in range(2):
            project(tx, notice(kind, at=at))
            assert state_of(tx) is state
        assert tx.alert_log[-1].at == at
    assert len(tx.alert_log) == 3


def test_a_panel_that_is_silenced_acknowledges_as_the_panel() -> None:
    tx = MemoryRecords()
    project(tx, notice())
    project(tx, notice(NoticeKind.ACKNOWLEDGED))
    assert tx.alert_log[-1].actor_id == "system:panel"


def test_what_a_person_did_first_is_left_as_it_is() -> None:
    tx = MemoryRecords()
    project(tx, notice())
    acknowledge(tx, notice().alert_id, actor=OFFICER, clock=HandClock())
    project(tx, notice(NoticeKind.ACKNOWLEDGED))
    assert tx.alert_log[-1].actor_id == OFFICER.id


def test_an_end_that_the_records_know_nothing_of_changes_nothing() -> None:
    tx = MemoryRecords()
    assert project(tx, notice(NoticeKind.CLEARED)) is None
    assert tx.alert_rows == {}


def test_what_was_grouped_goes_out_in_one_message() -> None:
    together = [replace(notice(), number=number, joined="water|a") for number in (1, 2)]
    box = Box([*together, replace(notice(), number=3)])
    paced = Together([])
    assert len(dispatch(box, paced, clock=HandClock())) == 3
    assert paced.sizes == [2, 1]


@dataclass(frozen=True, slots=True)
class Together:
    """A channel that can tell several at once, without a limit."""

    sizes: list[int]
    name: str = "together"

    def has_room(self, now: datetime) -> bool:
        return now.tzinfo is not None

    def batches(self, notices: Sequence[Notice], now: datetime) -> Sequence[Sequence[Notice]]:
        assert now.tzinfo is not None
        return [[each] for each in notices]

    def send(self, notice: Notice) -> Answer:
        return self.send_together([notice])

    def send_together(self, notices: Sequence[Notice]) -> Answer:
        self.sizes.append(len(notices))
        return DONE
