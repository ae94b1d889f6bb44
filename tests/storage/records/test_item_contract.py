"""What the records keep of items, over every database."""

from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest

from rectification.model import ENDED_STATES, Item, ItemAction, ItemState
from rectification.ports import ItemTransaction
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from storage.records import RecordsRefusedError, SqlRecords
from tests.storage.records.stores import MINUTE, NOON, item, item_step


def saved(tx: ItemTransaction, *items: Item) -> None:
    for each in items:
        tx.save_item(each, item_step(each))


def test_an_item_comes_back_as_it_was(records: SqlRecords) -> None:
    before = item(1, state=ItemState.SIGNED_OFF)
    kept = item(
        2,
        state=ItemState.SIGNED_OFF,
        responsible="li",
        deadline=date(2026, 12, 31),
        measure="更换定时器 / replace the timer",
        reported_by="li",
        reported_done=NOON,
        verified=NOON + MINUTE,
        signed_off_by="wang",
        recurrence_of=before.id,
    )
    with records.transaction() as tx:
        saved(tx, kept, before)
    with records.reading() as tx:
        assert tx.item(kept.id) == kept
        assert tx.item(before.id) == before
        assert tx.item("another") is None


def test_saving_again_updates_and_keeps_every_step(records: SqlRecords) -> None:
    draft = item()
    assigned = replace(draft, state=ItemState.ASSIGNED, responsible="li")
    steps = [item_step(draft), item_step(assigned, ItemAction.ASSIGN, at=NOON + MINUTE, note="请", evidence='{"a":1}')]
    with records.transaction() as tx:
        tx.save_item(draft, steps[0])
        tx.save_item(assigned, steps[1])
        assert tx.item(draft.id) == assigned
        assert list(tx.item_steps(draft.id)) == steps


def test_items_come_newest_first_and_no_more_than_asked(records: SqlRecords) -> None:
    made = [item(number) for number in range(1, 5)]
    with records.transaction() as tx:
        saved(tx, made[2], made[0], made[3], made[1])
        assert [each.number for each in tx.items()] == [4, 3, 2, 1]
        assert [each.number for each in tx.items(limit=2)] == [4, 3]


def test_open_only_leaves_out_what_has_ended(records: SqlRecords) -> None:
    with records.transaction() as tx:
        saved(tx, *(item(number, state=state) for number, state in enumerate(ItemState)))
        assert {each.state for each in tx.items(open_only=True)} == set(ItemState) - ENDED_STATES


def test_items_about_the_same_fault_come_newest_first(records: SqlRecords) -> None:
    other_room = item(3, subject=Subject.parse("room:a-202"))
    with records.transaction() as tx:
        saved(tx, item(1), item(2), other_room, item(4, rule="S01"))
        assert [each.number for each in tx.items_about("E04", item().subject)] == [2, 1]
        assert list(tx.items_about("E04", other_room.subject)) == [other_room]


def test_numbers_are_counted_up_and_only_for_what_is_kept(records: SqlRecords) -> None:
    with records.transaction() as tx:
        assert [tx.next_item_number(), tx.next_item_number()] == [1, 2]
    with suppress(KeyError), records.transaction() as tx:
        assert tx.next_item_number() == 3
        raise KeyError
    with records.transaction() as tx:
        assert tx.next_item_number() == 3


def test_no_number_serves_two_items(records: SqlRecords) -> None:
    with pytest.raises(RecordsRefusedError), records.transaction() as tx:
        saved(tx, item(7), item(7))
    with records.reading() as tx:
        assert list(tx.items()) == []


def test_every_step_is_told_to_pages_and_to_the_audit(records: SqlRecords) -> None:
    kept = item(12, responsible="li", deadline=date(2026, 12, 31), measure="timer")
    with records.transaction() as tx:
        tx.save_item(kept, item_step(kept, note="why", evidence="{}"))
        [change] = tx.changes(after=0)
        [entry] = tx.audit_entries()
    assert (change.kind, change.subject) == (ChangeKind.ITEM, kept.id)
    assert (entry.actor_id, entry.action, entry.subject, entry.at) == ("anna", "item.propose", f"item:{kept.id}", NOON)
    assert entry.detail.items() >= {"number": "12", "responsible": "li", "deadline": "2026-12-31"}.items()
    assert entry.detail.items() >= {"measure": "timer", "note": "why", "evidence": "{}", "state": "draft"}.items()
