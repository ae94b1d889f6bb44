"""What the records keep of findings, over every database."""

from dataclasses import replace

import pytest

from analytics.ledger import FindingAction, FindingRecord, FindingTransaction, Judgement
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from sensors.topology import SiteId
from storage.records import RecordsRefusedError, SqlRecords
from tests.storage.records.stores import MINUTE, NOON, finding, item, item_step


def saved(tx: FindingTransaction, *findings: FindingRecord, action: FindingAction = FindingAction.OPEN) -> None:
    for each in findings:
        tx.save_finding(each, action=action, actor_id="system:analysis")


def test_a_finding_comes_back_as_it_was(records: SqlRecords) -> None:
    about = item()
    kept = finding(
        ended=NOON,
        value=12.5,
        threshold=0.1,
        unit="kWh",
        energy_kwh=1e-9,
        evidence={"days": 5, "share": 0.25, "circuit": "c-1", "note": None},
        item_id=about.id,
        judged=Judgement.ACCEPTED,
        judged_by="anna",
        judged_at=NOON,
        judged_until=NOON + MINUTE,
    )
    with records.transaction() as tx:
        saved(tx, kept)
        tx.save_item(about, item_step(about))
    with records.reading() as tx:
        assert tx.finding(kept.id) == kept
        assert tx.finding("another") is None


def test_what_is_not_known_comes_back_as_not_known(records: SqlRecords) -> None:
    kept = finding()
    with records.transaction() as tx:
        saved(tx, kept)
        assert tx.finding(kept.id) == kept


def test_open_findings_are_those_that_have_not_ended(records: SqlRecords) -> None:
    ended = finding(ended=NOON)
    still = finding()
    with records.transaction() as tx:
        saved(tx, ended, still)
        assert list(tx.open_findings()) == [still]
        assert list(tx.findings(open_only=True)) == [still]
        assert {each.id for each in tx.findings()} == {ended.id, still.id}
        saved(tx, replace(still, ended=NOON), action=FindingAction.END)
        assert list(tx.open_findings()) == []


def test_one_rule_and_subject_have_one_open_finding_at_most(records: SqlRecords) -> None:
    with pytest.raises(RecordsRefusedError), records.transaction() as tx:
        saved(tx, finding(), finding())
    with records.transaction() as tx:
        saved(
            tx,
            finding(),
            finding(rule="S01"),
            finding(subject=Subject.parse("room:b")),
            finding(ended=NOON),
            finding(site=SiteId("annex")),
        )
        assert len(tx.open_findings()) == 4


def test_findings_come_by_their_beginning_and_no_more_than_asked(records: SqlRecords) -> None:
    made = [
        finding(started=NOON + number * MINUTE, last_seen=NOON + 9 * MINUTE, ended=NOON + 9 * MINUTE)
        for number in (1, 3, 2)
    ]
    with records.transaction() as tx:
        saved(tx, *made)
        assert list(tx.findings()) == [made[1], made[2], made[0]]
        assert list(tx.findings(limit=1)) == [made[1]]
        assert list(tx.findings_about("E04", made[0].subject)) == [made[1], made[2], made[0]]
        assert list(tx.findings_about("E04", Subject.parse("room:b"))) == []


def test_a_fault_that_still_stands_is_told_to_pages_only(records: SqlRecords) -> None:
    kept = finding()
    with records.transaction() as tx:
        saved(tx, kept)
        saved(tx, replace(kept, last_seen=NOON + MINUTE), action=FindingAction.SEEN)
        assert [(each.kind, each.subject) for each in tx.changes(after=0)] == [(ChangeKind.FINDING, kept.id)] * 2
        [entry] = tx.audit_entries()
    assert (entry.actor_id, entry.action, entry.subject) == ("system:analysis", "finding.open", f"finding:{kept.id}")
    assert entry.at == NOON


def test_what_a_person_says_of_a_finding_is_audited(records: SqlRecords) -> None:
    kept = finding(judged=Judgement.FALSE, judged_by="anna", judged_at=NOON)
    with records.transaction() as tx:
        tx.save_finding(kept, action=FindingAction.JUDGE, actor_id="anna")
        [entry] = tx.audit_entries()
    assert (entry.actor_id, entry.action, entry.detail["judged"]) == ("anna", "finding.judge", "false")


def test_a_finding_cannot_name_an_item_that_there_is_not(records: SqlRecords) -> None:
    with pytest.raises(RecordsRefusedError), records.transaction() as tx:
        saved(tx, finding(item_id="nowhere"))
    with records.reading() as tx:
        assert list(tx.findings()) == []
