"""The hourly look at deadlines: told in the console once, carried by the channels named for it, tried again in vain."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alerts.dispatch import Answer, Delivery
from alerts.messages import Language, Message
from analytics.calendar import WeekdaysOnly, WorkCalendar
from premises.jobs.daily import Building
from premises.jobs.reminders import Reminders, is_workday
from premises.notices.item_notices import Due, Teller, tellers_of
from premises.settings import SettingsError
from rectification.commands import assign
from rectification.model import Item
from rectification.notices import NoticeKind
from rectification.particulars import Particulars
from rectification.sheets import Found, open_item
from sensors.accounts import Account
from sensors.actors import Role
from sensors.subjects import Subject
from sensors.topology import Name
from sensors.verdicts import Severity
from storage.records import SqlRecords
from tests.api.bench import HQ, registry
from tests.memory_records import HandClock

MORNING = datetime(2026, 11, 23, 1, tzinfo=UTC)
"""Nine in Shanghai, a Monday."""


@dataclass
class Box:
    """A carrier that keeps what it was given, and answers as it was told to."""

    answers: list[Answer] = field(default_factory=list)
    came: list[Message] = field(default_factory=list)
    name: str = "mail:office:1"

    def carry(self, message: Message) -> Answer:
        self.came.append(message)
        return self.answers.pop(0) if self.answers else Answer(delivery=Delivery.DONE)


@dataclass
class Place:
    """Records with one item that is due today, and the job over them."""

    records: SqlRecords
    clock: HandClock = field(default_factory=lambda: HandClock(instant=MORNING))
    box: Box = field(default_factory=Box)

    def job(self, *, language: Language = "zh") -> Reminders:
        site = registry()
        building = Building(registry=site, calendar=WorkCalendar(site.site, WeekdaysOnly()))
        teller = Teller(carrier=self.box, language=language, origin="https://premises.example")
        return Reminders(records=self.records, building=lambda: building, clock=self.clock, tellers=(teller,))

    def due(self, deadline: date = date(2026, 11, 23)) -> Item:
        account = Account(
            id="li",
            user_name="li",
            name="李敏",
            password_hash="",
            roles=frozenset({Role.FACILITY_MANAGER}),
            created=MORNING,
            password_changed=MORNING,
        )
        found = Found(
            site=HQ,
            subject=Subject.parse("room:a-201"),
            severity=Severity.YELLOW,
            given=Particulars(title="插座发黑"),
            deadline=deadline,
        )
        with self.records.transaction() as tx:
            tx.save_account(account)
            item = open_item(tx, found, deadline=lambda *_: deadline, actor=account.actor(), clock=self.clock)
            return assign(tx, item.id, responsible="li", actor=account.actor(), clock=self.clock)

    def noticed(self) -> Sequence[NoticeKind]:
        with self.records.reading() as tx:
            return [notice.kind for notice in tx.item_notices("li")]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with closing(SqlRecords(f"sqlite:///{tmp_path / 'records.db'}")) as records:
        yield Place(records)


def test_what_is_due_is_told_in_the_console_and_carried_once(place: Place) -> None:
    place.due()
    assert place.job().hourly() == {"told": 1, "sent": 1}
    assert place.job().hourly() == {"told": 0, "sent": 0}
    assert place.noticed() == [NoticeKind.DUE_TODAY]
    [message] = place.box.came
    assert "插座发黑" in message.text
    assert "今日到期" in message.text
    assert "https://premises.example/plan" in message.text


def test_nobody_is_told_before_the_morning(place: Place) -> None:
    place.due()
    place.clock.instant = MORNING - timedelta(hours=2)
    assert place.job().hourly() == {}


def test_a_channel_that_is_away_is_tried_again_and_told_once(place: Place) -> None:
    place.due()
    place.box.answers = [Answer(delivery=Delivery.RETRY, detail="no line")]
    assert place.job().hourly() == {"told": 1, "sent": 0}
    assert place.job().hourly() == {"told": 0, "sent": 0}, "not before its time"
    place.clock.move(hours=1)
    assert place.job().hourly() == {"told": 0, "sent": 1}
    assert len(place.box.came) == 2
    assert len({message.key for message in place.box.came}) == 1


def test_a_channel_that_refuses_for_good_is_let_be(place: Place) -> None:
    place.due()
    place.box.answers = [Answer(delivery=Delivery.DEAD, detail="no such address")]
    place.job().hourly()
    place.clock.move(hours=5)
    assert place.job().hourly() == {"told": 0, "sent": 0}


def test_a_channel_that_is_named_no_more_keeps_nothing_waiting(place: Place) -> None:
    place.due()
    place.box.answers = [Answer(delivery=Delivery.RETRY)]
    place.job().hourly()
    place.clock.move(hours=1)
    assert replace(place.job(), tellers=()).hourly() == {"told": 0, "sent": 0}
    place.clock.move(hours=9)
    assert place.job().hourly() == {"told": 0, "sent": 0}


def test_a_message_names_the_gravest_first_and_counts_the_rest() -> None:
    due = [
        Due(number=number, title=Name(zh="灯", en="Lamp"), kind=NoticeKind.DUE_IN_3, day=date(2026, 12, 1))
        for number in range(1, 15)
    ]
    late = Due(number=99, title=Name(zh="门", en="Door"), kind=NoticeKind.OVERDUE_LONG, day=date(2026, 11, 1))
    message = Teller(carrier=Box(), language="en").message("k", [*due, late])
    assert message.text.splitlines()[1].startswith("#99 Door: overdue")
    assert message.text.splitlines()[-1] == "3 more in the console"
    assert message.severity is Severity.ORANGE


def test_a_channel_that_carries_no_words_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="office is no robot"):
        tellers_of((), ("office",))


def test_days_beyond_the_calendar_are_worked_from_monday_to_friday() -> None:
    calendar = WorkCalendar(replace(registry().site, calendar="cn"), WeekdaysOnly())
    assert [is_workday(calendar, date(2026, 11, 23) + timedelta(days=day)) for day in range(7)] == [True] * 5 + [
        False
    ] * 2
