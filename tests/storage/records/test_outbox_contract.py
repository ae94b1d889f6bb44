"""What the records keep of messages that must go out, over every database."""

from storage.records import RecordsTransaction, SqlRecords
from storage.records.tables import MessageState
from tests.storage.records.stores import MINUTE, NOON


def put(tx: RecordsTransaction, subject_id: str, *, kind: str = "raised", minute: int = 0, payload: str = "{}") -> None:
    tx.enqueue(kind=kind, subject_id=subject_id, payload=payload, at=NOON + minute * MINUTE)


def due(tx: RecordsTransaction, minute: int = 0, limit: int = 50) -> list[str]:
    return [each.subject_id for each in tx.due_messages(now=NOON + minute * MINUTE, limit=limit)]


def number(tx: RecordsTransaction, subject_id: str) -> int:
    message = tx.message("raised", subject_id)
    assert message is not None
    return message.id


def test_a_message_is_put_in_once(records: SqlRecords) -> None:
    with records.transaction() as tx:
        put(tx, "a", payload='{"火": 1}')
        put(tx, "a", payload="another")
        put(tx, "a", kind="cleared")
        first, second = tx.due_messages(now=NOON)
    assert (first.kind, first.subject_id, first.payload, first.at) == ("raised", "a", '{"火": 1}', NOON)
    assert (first.state, first.attempts, first.last_error) == (MessageState.WAITING, 0, "")
    assert second.kind == "cleared"


def test_messages_are_due_from_their_time_on_in_order(records: SqlRecords) -> None:
    with records.transaction() as tx:
        put(tx, "late", minute=1)
        put(tx, "b")
        put(tx, "a")
        assert due(tx) == ["b", "a"]
        assert due(tx, limit=1) == ["b"]
        assert due(tx, minute=1) == ["late", "b", "a"]


def test_what_was_delivered_is_neither_due_nor_put_in_again(records: SqlRecords) -> None:
    with records.transaction() as tx:
        put(tx, "a")
        tx.message_delivered(number(tx, "a"))
        put(tx, "a")
        assert due(tx, minute=99) == []
        delivered = tx.message("raised", "a")
    assert delivered is not None
    assert delivered.state is MessageState.DELIVERED


def test_what_failed_is_due_again_at_the_time_given(records: SqlRecords) -> None:
    with records.transaction() as tx:
        put(tx, "a")
        for again in (1, 5):
            tx.message_failed(number(tx, "a"), error=f"503, try {again}", again=NOON + again * MINUTE)
        assert (due(tx, minute=4), due(tx, minute=5)) == ([], ["a"])
        waiting = tx.message("raised", "a")
    assert waiting is not None
    assert (waiting.attempts, waiting.last_error) == (2, "503, try 5")


def test_what_is_given_up_stays_to_be_looked_at(records: SqlRecords) -> None:
    with records.transaction() as tx:
        put(tx, "a")
        tx.message_failed(number(tx, "a"), error="410 gone", again=None)
        assert due(tx, minute=99) == []
        dead = tx.message("raised", "a")
    assert dead is not None
    assert (dead.state, dead.attempts, dead.last_error) == (MessageState.DEAD, 1, "410 gone")
