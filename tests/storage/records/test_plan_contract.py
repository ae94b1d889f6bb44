"""What the records keep of sheets, evidence, plans, repairs and reminders, over every database."""

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from rectification.evidence import EvidenceFile, MediaType, Shows
from rectification.model import ItemState
from rectification.notices import ItemNotice, NoticeKind
from rectification.particulars import DeadlineKind, Particulars, Source
from rectification.plans import Phase, Plan, PlanAction, PlanPhase, PlanState, PlanStep
from rectification.repairs import Repair, RepairAction, RepairState, RepairStep
from sensors.journal import ChangeKind
from sensors.readings import epoch_ms
from sensors.topology import DepartmentId
from storage.records import RecordsRefusedError, SqlRecords
from storage.records.engine import open_engine, parse_url
from tests.servers import postgres
from tests.storage.records.stores import HQ, MINUTE, NOON, ROOM, item, item_step

WRITTEN = Particulars(
    source=Source.PEOPLE,
    source_ref="report-1",
    title="灯不亮",
    problem="三楼\n走廊",
    category="电气安全",
    clause="第5条",
    location="三楼",
    goal="亮",
    unit=DepartmentId("admin"),
    leader="王局长",
    helpers=(DepartmentId("it"), DepartmentId("finance")),
    funds_yuan=1200.5,
    deadline_kind=DeadlineKind.AT_ONCE,
    progress_pct=0,
    result="已换",
    remark="无",
    contingency="临时照明",
)
PLAN = Plan(
    id="plan1",
    number=1,
    site=HQ,
    title="节能整改",
    state=PlanState.DRAFT,
    created=NOON,
    created_by="anna",
    first=date(2026, 11, 23),
    last=date(2027, 1, 31),
    leader="wang",
    funds_yuan=30000.0,
    phases=(PlanPhase(phase=Phase.SURVEY, first=date(2026, 11, 23), text="清查"), PlanPhase(phase=Phase.ACCEPT)),
)


def step_of(plan: Plan, action: PlanAction = PlanAction.CREATE) -> PlanStep:
    return PlanStep(
        plan_id=plan.id, action=action, state=plan.state, actor_id="anna", at=NOON, note="为何", detail="{}"
    )


def evidence_file(item_id: str, identifier: str, sha256: str) -> EvidenceFile:
    return EvidenceFile(
        id=identifier,
        item_id=item_id,
        sha256=sha256,
        name="配电箱.jpg",
        media_type=MediaType.JPEG,
        size_bytes=2**21,
        shows=Shows.BEFORE,
        added=NOON,
        added_by="li",
    )


def notice(item_id: str, key: str = "k1", recipient: str = "li") -> ItemNotice:
    return ItemNotice(
        id=f"n-{key}",
        key=key,
        item_id=item_id,
        kind=NoticeKind.OVERDUE,
        recipient=recipient,
        deadline=date(2026, 11, 20),
        at=NOON,
    )


def test_what_people_wrote_comes_back_and_is_written_over(records: SqlRecords) -> None:
    kept = item(1)
    with records.transaction() as tx:
        tx.save_item(kept, item_step(kept))
        assert tx.particulars(kept.id) is None
        tx.save_particulars(kept.id, Particulars())
        tx.save_particulars(kept.id, WRITTEN)
    with records.reading() as tx:
        assert tx.particulars(kept.id) == WRITTEN
        assert tx.particulars_of([kept.id, "none"]) == {kept.id: WRITTEN}
        assert tx.particulars_of([]) == {}


def test_many_sheets_are_read_at_once(records: SqlRecords) -> None:
    items = [item(number) for number in range(1, 1203)]
    with records.transaction() as tx:
        for each in items:
            tx.save_item(each, item_step(each))
            tx.save_particulars(each.id, Particulars(title=str(each.number)))
        found = tx.particulars_of([each.id for each in items])
    assert found[items[-1].id].title == "1202"
    assert len(found) == len(items)


def test_new_fields_of_an_item_come_back(records: SqlRecords) -> None:
    kept = item(
        1,
        state=ItemState.SIGNED_OFF,
        revision=7,
        plan_id="plan1",
        is_apart=True,
        judged_from=NOON,
        signed_off=NOON + MINUTE,
        look_back=date(2027, 5, 23),
        looked_back=NOON + 2 * MINUTE,
        looked_back_by="wang",
    )
    with records.transaction() as tx:
        tx.save_item(kept, item_step(kept))
        assert tx.item(kept.id) == kept
        assert list(tx.items_of_plan("plan1")) == [kept]


def test_evidence_keeps_its_line_when_it_is_taken_away(records: SqlRecords) -> None:
    kept = item(1)
    first, second = (evidence_file(kept.id, name, mark * 32) for name, mark in (("f1", "ab"), ("f2", "cd")))
    with records.transaction() as tx:
        tx.save_item(kept, item_step(kept))
        tx.save_evidence_file(first)
        tx.save_evidence_file(second)
        gone = replace(first, removed=NOON, removed_by="li", removed_why="wrong")
        tx.save_evidence_file(gone)
        assert list(tx.evidence_files(kept.id)) == [gone, second]
        assert tx.evidence_file("f1") == gone
        assert not tx.is_evidence(first.sha256)
        assert tx.is_evidence(second.sha256)


def test_a_plan_comes_back_with_its_phases_and_steps(records: SqlRecords) -> None:
    issued = replace(PLAN, state=PlanState.ISSUED, issued=NOON, issued_by="wang", revision=3)
    with records.transaction() as tx:
        tx.save_plan(PLAN, step_of(PLAN))
        tx.save_plan(issued, step_of(issued, PlanAction.ISSUE))
        other = replace(PLAN, id="plan2", number=2)
        tx.save_plan(other, step_of(other))
        [change, *_] = tx.changes(after=0)
        actions = [entry.action for entry in tx.audit_entries()]
    with records.reading() as tx:
        assert tx.plan("plan1") == issued
        assert [plan.number for plan in tx.plans()] == [2, 1]
        assert [step.action for step in tx.plan_steps("plan1")] == [PlanAction.CREATE, PlanAction.ISSUE]
    assert (change.kind, change.subject) == (ChangeKind.PLAN, "plan1")
    assert actions == ["plan.create", "plan.issue", "plan.create"]


def test_a_repair_comes_back_with_its_steps(records: SqlRecords) -> None:
    kept = item(1)
    repair = Repair(
        id="r1",
        number=1,
        site=HQ,
        subject=ROOM,
        what="灯",
        state=RepairState.DONE,
        reported=NOON,
        reported_by="li",
        item_id=kept.id,
        contractor="某公司",
        ordered=NOON + MINUTE,
        done=NOON + 2 * MINUTE,
        cost_yuan=99.5,
        result="换",
    )
    step = RepairStep(repair_id="r1", action=RepairAction.FINISH, state=repair.state, actor_id="li", at=NOON)
    with records.transaction() as tx:
        tx.save_item(kept, item_step(kept))
        tx.save_repair(repair, step)
        assert tx.repair("r1") == repair
        assert list(tx.repairs()) == list(tx.repairs_of_item(kept.id)) == list(tx.repairs_about(ROOM)) == [repair]
        assert list(tx.repair_steps("r1")) == [step]
        assert tx.audit_entries(limit=1)[0].detail["cost_yuan"] == "99.50"


def test_plans_and_repairs_have_numbers_of_their_own(records: SqlRecords) -> None:
    with records.transaction() as tx:
        numbers = [tx.next_plan_number(), tx.next_plan_number(), tx.next_repair_number(), tx.next_item_number()]
    assert numbers == [1, 2, 1, 1]
    with records.transaction() as tx:
        tx.save_plan(PLAN, step_of(PLAN))
    with pytest.raises(RecordsRefusedError), records.transaction() as tx:
        tx.save_plan(replace(PLAN, id="other"), step_of(PLAN))


def test_a_notice_is_kept_once_and_put_aside_by_its_reader(records: SqlRecords) -> None:
    kept = item(1)
    with records.transaction() as tx:
        tx.save_item(kept, item_step(kept))
        assert tx.add_item_notice(notice(kept.id))
        assert not tx.add_item_notice(replace(notice(kept.id), id="another"))
        assert tx.add_item_notice(notice(kept.id, "k2", "wang"))
        assert list(tx.item_notices("li")) == [notice(kept.id)]
        assert tx.see_item_notices("li", item_id=kept.id, at=NOON) == 1
        assert (tx.item_notices("li"), len(tx.item_notices("wang"))) == ([], 1)


def test_what_is_to_be_looked_at_again_is_found(records: SqlRecords) -> None:
    day = date(2027, 5, 23)
    due = item(1, state=ItemState.SIGNED_OFF, look_back=day)
    later = item(2, state=ItemState.SIGNED_OFF, look_back=day + timedelta(days=1))
    done = item(3, state=ItemState.SIGNED_OFF, look_back=day, looked_back=NOON)
    with records.transaction() as tx:
        for each in (due, later, done, item(4)):
            tx.save_item(each, item_step(each))
        assert list(tx.items_to_look_back_at(day)) == [due]


OLD_ITEM = text(
    "INSERT INTO items (id, number, site, rule, subject, severity, state, opened, fault_from, measure)"
    " VALUES ('i1', 1, 'hq', 'E05', 'room:a-201', 'blue', 'signed_off', 0, 0, '')"
)
OLD_STEP = text(
    "INSERT INTO item_steps (item_id, action, state, actor_id, at, note, evidence)"
    " VALUES ('i1', 'sign_off', 'signed_off', 'li', :at, '', '')"
)


def brought_along(url: str) -> None:
    """Make the records of the release before this one, and open them with this one."""
    engine = open_engine(parse_url(url))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "storage.records:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        connection.execute(OLD_ITEM)
        connection.execute(OLD_STEP, {"at": epoch_ms(NOON)})
    engine.dispose()
    with closing(SqlRecords(url)) as records, records.transaction() as tx:
        kept = tx.item("i1")
        assert kept is not None
        assert (kept.signed_off, kept.look_back, kept.revision, kept.is_apart) == (NOON, None, 0, False)
        assert tx.particulars("i1") is None
        assert tx.next_plan_number() == 1


def test_items_of_the_release_before_are_brought_along(tmp_path: Path) -> None:
    brought_along(f"sqlite:///{tmp_path / 'records.db'}")


def test_items_of_the_release_before_are_brought_along_in_postgresql() -> None:
    server = postgres()
    database = server.new_database()
    try:
        brought_along(server.address(database))
    finally:
        server.drop(database)
