"""What the records keep of people who sign in, over every database."""

from dataclasses import replace

import pytest

from sensors.accounts import Session, SetUpToken
from sensors.actors import Role
from sensors.journal import ChangeKind
from storage.records import RecordsRefusedError, SqlRecords
from tests.storage.records.stores import MINUTE, NOON, account


def session(account_id: str, token_hash: str = "a" * 64, created: int = 0, seen: int = 0) -> Session:
    return Session(
        token_hash=token_hash, account_id=account_id, created=NOON + created * MINUTE, seen=NOON + seen * MINUTE
    )


def test_an_account_comes_back_as_it_was(records: SqlRecords) -> None:
    kept = account("李雷", disabled=NOON + MINUTE, person="p01", roles=frozenset(Role), sign_on="https://id.example 7")
    bare = account("bare", roles=frozenset(), password_hash="")
    with records.transaction() as tx:
        tx.save_account(kept)
        tx.save_account(bare)
    with records.reading() as tx:
        assert tx.account(kept.id) == kept
        assert tx.account_named("李雷") == kept
        assert tx.account_named("李") is None
        assert tx.account_of_sign_on("https://id.example 7") == kept
        assert tx.account_of_sign_on("https://id.example") is None
        assert tx.account(bare.id) == bare


def test_saving_again_updates(records: SqlRecords) -> None:
    kept = account()
    with records.transaction() as tx:
        tx.save_account(kept)
        tx.save_account(replace(kept, name="B", roles=frozenset({Role.AUDITOR})))
        [only] = tx.accounts()
    assert (only.name, only.roles) == ("B", frozenset({Role.AUDITOR}))


def test_accounts_come_by_user_name(records: SqlRecords) -> None:
    with records.transaction() as tx:
        for name in ("b", "A", "a", "_", "é"):
            tx.save_account(account(name))
        assert [each.user_name for each in tx.accounts()] == ["A", "_", "a", "b", "é"]


def test_a_user_name_belongs_to_one_account(records: SqlRecords) -> None:
    with records.transaction() as tx:
        tx.save_account(account("anna"))
    with pytest.raises(RecordsRefusedError), records.transaction() as tx:
        tx.save_account(account("anna"))


def test_a_user_name_is_compared_exactly(records: SqlRecords) -> None:
    with records.transaction() as tx:
        tx.save_account(account("anna"))
        assert tx.account_named("Anna") is None


def test_a_saved_account_is_told_to_pages(records: SqlRecords) -> None:
    kept = account()
    with records.transaction() as tx:
        tx.save_account(kept)
        [change] = tx.changes(after=0)
    assert (change.kind, change.subject, change.at) == (ChangeKind.ACCOUNT, kept.id, NOON)


def test_a_session_is_kept_moved_on_and_ended(records: SqlRecords) -> None:
    who = account()
    with records.transaction() as tx:
        tx.save_account(who)
        tx.save_session(session(who.id))
        tx.save_session(session(who.id, seen=5))
        assert tx.session("a" * 64) == session(who.id, seen=5)
        tx.end_session("a" * 64)
        tx.end_session("never there")
        assert tx.session("a" * 64) is None


def test_all_sessions_of_one_account_end_together(records: SqlRecords) -> None:
    anna, bert = account("anna"), account("bert")
    with records.transaction() as tx:
        for who in (anna, bert):
            tx.save_account(who)
            for browser in "12":
                tx.save_session(session(who.id, who.user_name + browser))
        tx.end_sessions_of(anna.id)
        kept = [name for name in ("anna1", "anna2", "bert1", "bert2") if tx.session(name)]
    assert kept == ["bert1", "bert2"]


def test_sessions_end_by_age_or_by_idleness(records: SqlRecords) -> None:
    who = account()
    with records.transaction() as tx:
        tx.save_account(who)
        for name, created, seen in (("old", 0, 9), ("idle", 5, 6), ("fresh", 5, 9), ("at the edge", 3, 7)):
            tx.save_session(session(who.id, name, created, seen))
        tx.end_sessions_older_than(created=NOON + 3 * MINUTE, seen=NOON + 7 * MINUTE)
        kept = [name for name in ("old", "idle", "fresh", "at the edge") if tx.session(name)]
    assert kept == ["fresh", "at the edge"]


def test_a_session_needs_its_account(records: SqlRecords) -> None:
    with pytest.raises(RecordsRefusedError), records.transaction() as tx:
        tx.save_session(session("nobody"))


def test_links_are_kept_used_and_forgotten_by_account(records: SqlRecords) -> None:
    who = account()
    first = SetUpToken(token_hash="1", created=NOON, expires=NOON + MINUTE)  # noqa: S106 - no secret
    second = SetUpToken(token_hash="2", created=NOON, expires=NOON + MINUTE, account_id=who.id)  # noqa: S106 - no secret
    with records.transaction() as tx:
        tx.save_account(who)
        tx.save_set_up_token(first)
        tx.save_set_up_token(second)
        used = replace(first, used=NOON)
        tx.save_set_up_token(used)
        assert [tx.set_up_token("1"), tx.set_up_token("2"), tx.set_up_token("3")] == [used, second, None]
        tx.forget_set_up_tokens(None)
        assert [tx.set_up_token("1"), tx.set_up_token("2")] == [None, second]
        tx.forget_set_up_tokens(who.id)
        assert tx.set_up_token("2") is None


def test_failures_to_sign_in_are_counted_by_key_and_time(records: SqlRecords) -> None:
    with records.transaction() as tx:
        for minute in (2, 0, 1):
            tx.add_sign_in_failure("account:anna", at=NOON + minute * MINUTE)
        tx.add_sign_in_failure("address:192.0.2.7", at=NOON)
        since = NOON + MINUTE
        assert list(tx.sign_in_failures("account:anna", since=since)) == [NOON + MINUTE, NOON + 2 * MINUTE]
        assert list(tx.sign_in_failures("account:bert", since=NOON)) == []


def test_one_failure_can_be_taken_back(records: SqlRecords) -> None:
    with records.transaction() as tx:
        for minute in (0, 0, 1):
            tx.add_sign_in_failure("account:anna", at=NOON + minute * MINUTE)
        tx.forget_sign_in_failures("account:anna", at=NOON)
        assert list(tx.sign_in_failures("account:anna", since=NOON)) == [NOON, NOON + MINUTE]


def test_failures_are_forgotten_by_key_or_by_age(records: SqlRecords) -> None:
    with records.transaction() as tx:
        for key in ("a", "b"):
            for minute in (0, 1):
                tx.add_sign_in_failure(key, at=NOON + minute * MINUTE)
        tx.forget_sign_in_failures("a")
        tx.forget_sign_in_failures_before(NOON + MINUTE)
        assert list(tx.sign_in_failures("a", since=NOON)) == []
        assert list(tx.sign_in_failures("b", since=NOON)) == [NOON + MINUTE]
