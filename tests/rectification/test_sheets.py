"""What people write of items: derived where they wrote nothing, kept with what was before, refused where it cannot."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest

from rectification import commands, recurring
from rectification.commands import (
    NoteMissingError,
    NotResponsibleError,
    ProofByInspectionError,
    ProofByReadingsError,
    SameHandsError,
)
from rectification.evidence import MAX_BYTES, MAX_FILES, EvidenceRefusedError, MediaType, Shows
from rectification.look_back import LookBack, look_back_of, months_later
from rectification.model import IllegalItemStepError, Item, ItemAction, ItemState, measure_of, verified_by
from rectification.particulars import (
    NOTHING_WRITTEN,
    DeadlineKind,
    Particulars,
    Source,
    category_of,
    clause_of,
    family_of,
    goal_of,
    location_of,
    problem_of,
    title_of,
    unit_of,
)
from rectification.particulars_checks import ParticularsRefusedError, Sheet, checked
from rectification.sheets import (
    Found,
    NewFile,
    StaleEditError,
    UnknownEvidenceError,
    attach,
    detach,
    edit,
    note_progress,
    open_item,
    sheet_of,
)
from sensors.actors import NotPermittedError
from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import Family, Verification
from sensors.subjects import Subject
from sensors.topology import DepartmentId
from sensors.verdicts import Severity
from tests.api.bench import registry as building
from tests.memory_records import HandClock, MemoryRecords
from tests.people import MANAGER, OFFICER, OTHER_MANAGER, VIEWER
from tests.rectification.factories import HQ, FaultSaid, brought_to, drafted, in_days

ROOM = Subject.parse("room:a-201")


def found(**given: object) -> Found:
    written = Particulars(source=Source.INSPECTION, title="线路老化", **given)  # type: ignore[arg-type] # from the tests
    return Found(site=HQ, subject=ROOM, severity=Severity.YELLOW, given=written, measure="更换线路")


def opened(tx: MemoryRecords, clock: HandClock) -> Item:
    return open_item(tx, found(), deadline=in_days, actor=OFFICER, clock=clock)


def paper(sha256: str = "a" * 64, size_bytes: int = 10) -> NewFile:
    return NewFile(sha256=sha256, name="发票.pdf", media_type=MediaType.PDF, size_bytes=size_bytes, shows=Shows.PAPER)


def test_what_nobody_wrote_follows_from_the_rule_and_the_place() -> None:
    tx, clock, place = MemoryRecords(), HandClock(), building()
    item, spec = drafted(tx, clock, FaultSaid(rule="A06", subject=ROOM)), CATALOGUE["A06"]
    assert title_of(item, NOTHING_WRITTEN) == spec.name
    assert category_of(item, NOTHING_WRITTEN).zh == "室内环境"
    assert "GB/T 18883-2022" in clause_of(item, NOTHING_WRITTEN).zh
    assert clause_of(item, NOTHING_WRITTEN).zh.count("18883") == 1
    assert location_of(item, NOTHING_WRITTEN, place).zh == "主楼2层a-201 室"
    assert spec.name.en in problem_of(item, NOTHING_WRITTEN, place).en
    assert str(spec.verification_window_days) in goal_of(item, NOTHING_WRITTEN).zh
    assert unit_of(item, NOTHING_WRITTEN, place) is None


def test_what_somebody_wrote_stands() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item, given = drafted(tx, clock), Particulars(title="夜间空调未关", location="东侧楼道", goal="下班即关")
    assert title_of(item, given).en == "夜间空调未关"
    assert location_of(item, given, building()).zh == "东侧楼道"
    assert goal_of(item, given).zh == "下班即关"


def test_a_known_category_and_place_are_told_in_both_languages() -> None:
    tx, clock, place = MemoryRecords(), HandClock(), building()
    item = opened(tx, clock)
    given = Particulars(category="Electrical safety", location=location_of(item, NOTHING_WRITTEN, place).zh)
    assert category_of(item, given).zh == "电气安全"
    assert family_of(item, given) is Family.ELECTRICAL
    assert location_of(item, given, place).en == location_of(item, NOTHING_WRITTEN, place).en
    assert category_of(item, Particulars(category="锅炉房")).en == "锅炉房"


def test_our_own_choice_is_no_clause() -> None:
    tx, clock = MemoryRecords(), HandClock()
    assert clause_of(drafted(tx, clock, FaultSaid(rule="E05")), NOTHING_WRITTEN).zh == ""


def test_a_restricted_room_is_not_named() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock, FaultSaid(subject=Subject.parse("room:a-203")))
    assert "a-203" not in location_of(item, NOTHING_WRITTEN, building()).zh


def test_people_open_an_item_that_no_rule_judges() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = opened(tx, clock)
    assert (item.rule, item.state, verified_by(item)) == ("", ItemState.DRAFT, Verification.INSPECTION)
    assert item.deadline == (clock.now() + timedelta(days=7)).date()
    assert measure_of(item).zh == "更换线路"
    assert title_of(item, sheet_of(tx, item).given).zh == "线路老化"


def test_the_deadline_goes_by_its_kind() -> None:
    tx, clock = MemoryRecords(), HandClock()

    def day(kind: DeadlineKind) -> date | None:
        return open_item(tx, found(deadline_kind=kind), deadline=in_days, actor=MANAGER, clock=clock).deadline

    assert day(DeadlineKind.AT_ONCE) == clock.now().date()
    assert day(DeadlineKind.LONG_TERM) is None


def test_an_item_that_people_opened_is_proven_by_somebody_who_looks() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = opened(tx, clock)
    commands.assign(tx, item.id, responsible=OFFICER.id, actor=MANAGER, clock=clock)
    commands.start(tx, item.id, actor=OFFICER, clock=clock)
    commands.report_done(tx, item.id, actor=OFFICER, clock=clock)
    line = '{"inspection": 1, "line": "exits-clear"}'
    with pytest.raises(SameHandsError):
        commands.verify_by_hand(tx, item.id, actor=OFFICER, clock=clock, note="seen", evidence=line)
    with pytest.raises(ProofByInspectionError, match="plan one for its place"):
        commands.verify_by_hand(tx, item.id, actor=MANAGER, clock=clock, note="seen")
    proven = commands.verify_by_hand(tx, item.id, actor=MANAGER, clock=clock, note="seen", evidence=line)
    assert proven.state is ItemState.VERIFIED


def test_an_item_of_a_rule_that_reads_is_still_proven_by_readings() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.REPORTED_DONE, tx, clock)
    with pytest.raises(ProofByReadingsError):
        commands.verify_by_hand(tx, item.id, actor=MANAGER, clock=clock, note="seen")


def test_an_edit_keeps_what_was_before() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    sheet = sheet_of(tx, item)
    after = replace(sheet, given=replace(sheet.given, goal="晚7时前关闭", funds_yuan=1200.0), measure="加装定时器")
    written = edit(tx, item.id, after, revision=item.revision, actor=MANAGER, clock=clock)
    assert (written.revision, written.measure, written.state) == (item.revision + 1, "加装定时器", item.state)
    step = tx.item_log[-1]
    assert (step.action, step.actor_id) == (ItemAction.EDIT, MANAGER.id)
    assert json.loads(step.evidence)["changed"] == {
        "goal": ["", "晚7时前关闭"],
        "funds_yuan": [None, 1200.0],
        "measure": ["", "加装定时器"],
    }


def test_an_edit_of_nothing_leaves_no_trace() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    steps = len(tx.item_log)
    assert edit(tx, item.id, sheet_of(tx, item), revision=item.revision, actor=MANAGER, clock=clock) == item
    assert len(tx.item_log) == steps


def test_the_second_of_two_who_read_the_same_is_refused() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    read = sheet_of(tx, item)
    edit(tx, item.id, replace(read, measure="first"), revision=item.revision, actor=MANAGER, clock=clock)
    with pytest.raises(StaleEditError, match="changed meanwhile"):
        edit(tx, item.id, replace(read, measure="second"), revision=item.revision, actor=OTHER_MANAGER, clock=clock)
    assert measure_of(tx.item_rows[item.id]).zh == "first"


def test_a_note_or_a_file_spoils_nobodys_edit() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.IN_PROGRESS, tx, clock)
    note_progress(tx, item.id, actor=OFFICER, clock=clock, note="parts ordered")
    attach(tx, item.id, paper(), actor=OFFICER, clock=clock)
    assert tx.item_rows[item.id].revision == item.revision


def test_a_deadline_moved_back_needs_a_reason_and_one_moved_forward_does_not() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    assert item.deadline is not None
    later = replace(sheet_of(tx, item), deadline=item.deadline + timedelta(days=9))
    with pytest.raises(NoteMissingError):
        edit(tx, item.id, later, revision=item.revision, actor=MANAGER, clock=clock)
    moved = edit(tx, item.id, later, revision=item.revision, actor=MANAGER, clock=clock, note="parts are late")
    sooner = replace(later, deadline=item.deadline)
    assert edit(tx, item.id, sooner, revision=moved.revision, actor=MANAGER, clock=clock).deadline == item.deadline


def test_who_answers_writes_how_far_it_is_and_nothing_else() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.IN_PROGRESS, tx, clock)
    sheet = sheet_of(tx, item)
    own = replace(sheet, given=replace(sheet.given, progress_pct=60, remark="waiting for parts"))
    written = edit(tx, item.id, own, revision=item.revision, actor=OFFICER, clock=clock)
    with pytest.raises(NotPermittedError):
        edit(tx, item.id, replace(own, measure="less"), revision=written.revision, actor=OFFICER, clock=clock)
    with pytest.raises(NotPermittedError):
        edit(tx, item.id, own, revision=written.revision, actor=VIEWER, clock=clock)


def test_somebody_elses_progress_is_not_ones_own_to_write() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    with pytest.raises(NotResponsibleError):
        note_progress(tx, item.id, actor=OFFICER, clock=clock, note="done soon")


def test_progress_is_kept_with_its_percentage() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.IN_PROGRESS, tx, clock)
    after = note_progress(tx, item.id, actor=OFFICER, clock=clock, note="half", progress_pct=50)
    assert sheet_of(tx, after).given.progress_pct == 50
    assert after.revision == item.revision + 1
    with pytest.raises(NoteMissingError):
        note_progress(tx, item.id, actor=OFFICER, clock=clock, note=" ")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (Particulars(progress_pct=101), "progress_pct"),
        (Particulars(funds_yuan=-1), "funds_yuan"),
        (Particulars(unit=DepartmentId("nobody")), "unit"),
        (Particulars(helpers=(DepartmentId("nobody"),)), "helpers"),
        (Particulars(title="x" * 121), "title"),
        (Particulars(remark="a\x00b"), "remark"),
        (Particulars(problem="x" * 2001), "problem"),
    ],
)
def test_what_cannot_be_so_is_refused_by_its_field(given: Particulars, field: str) -> None:
    with pytest.raises(ParticularsRefusedError) as refused:
        checked(given, building())
    assert refused.value.field == field


def test_texts_lose_the_space_round_them() -> None:
    assert checked(Particulars(title=" 灯 ", remark="a\nb "), building()) == Particulars(title="灯", remark="a\nb")


def test_a_file_is_attached_once_and_its_record_stays_when_it_is_taken_away() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.IN_PROGRESS, tx, clock)
    file = attach(tx, item.id, paper(), actor=OFFICER, clock=clock)
    with pytest.raises(EvidenceRefusedError, match="already"):
        attach(tx, item.id, paper(), actor=OFFICER, clock=clock)
    with pytest.raises(NoteMissingError):
        detach(tx, item.id, file.id, actor=OFFICER, clock=clock, note="")
    gone = detach(tx, item.id, file.id, actor=OFFICER, clock=clock, note="wrong room")
    assert (gone.removed_by, gone.removed_why) == (OFFICER.id, "wrong room")
    assert list(tx.evidence_files(item.id)) == [gone]
    with pytest.raises(UnknownEvidenceError):
        detach(tx, item.id, file.id, actor=MANAGER, clock=clock, note="again")


def test_evidence_that_somebody_verified_by_stays() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.IN_PROGRESS, tx, clock)
    file = attach(tx, item.id, paper(), actor=OFFICER, clock=clock)
    commands.report_done(tx, item.id, actor=OFFICER, clock=clock)
    commands.verify(tx, item.id, evidence="{}", clock=clock)
    with pytest.raises(IllegalItemStepError):
        detach(tx, item.id, file.id, actor=MANAGER, clock=clock, note="tidy")


def test_others_files_are_for_those_who_manage_the_plan() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.IN_PROGRESS, tx, clock)
    file = attach(tx, item.id, paper(), actor=MANAGER, clock=clock)
    with pytest.raises(NotPermittedError):
        detach(tx, item.id, file.id, actor=OFFICER, clock=clock, note="mine now")


def test_an_item_has_only_so_many_files_of_such_a_size() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    with pytest.raises(EvidenceRefusedError, match="20 MB"):
        attach(tx, item.id, paper(size_bytes=MAX_BYTES + 1), actor=OFFICER, clock=clock)
    for number in range(MAX_FILES):
        attach(tx, item.id, paper(f"{number:064x}"), actor=OFFICER, clock=clock)
    with pytest.raises(EvidenceRefusedError, match="as many"):
        attach(tx, item.id, paper("b" * 64), actor=OFFICER, clock=clock)


@pytest.mark.parametrize("state", [ItemState.SIGNED_OFF, ItemState.CANCELLED])
def test_an_ended_sheet_takes_nothing_more(state: ItemState) -> None:
    tx, clock = MemoryRecords(), HandClock()
    if state is ItemState.CANCELLED:
        item = commands.cancel(tx, drafted(tx, clock).id, actor=MANAGER, clock=clock, note="sold")
    else:
        item = brought_to(state, tx, clock)
    with pytest.raises(IllegalItemStepError):
        attach(tx, item.id, paper(), actor=MANAGER, clock=clock)
    changed = Sheet(given=Particulars(remark="later"))
    with pytest.raises(IllegalItemStepError):
        edit(tx, item.id, changed, revision=item.revision, actor=MANAGER, clock=clock, note="why")


def test_somebody_with_no_hand_in_it_looks_back() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.SIGNED_OFF, tx, clock)
    assert item.look_back == months_later(clock.now().date(), 6)
    assert look_back_of(item, today=clock.now().date(), has_recurred=False) is LookBack.RUNNING
    assert look_back_of(item, today=item.look_back, has_recurred=False) is LookBack.DUE
    with pytest.raises(SameHandsError):
        recurring.look_back(tx, item.id, actor=OFFICER, clock=clock, note="fine")
    seen = recurring.look_back(tx, item.id, actor=OTHER_MANAGER, clock=clock, note="timer still set")
    assert look_back_of(seen, today=date.max, has_recurred=False) is LookBack.HELD
    assert seen.state is ItemState.SIGNED_OFF


def test_what_came_back_is_an_item_of_its_own() -> None:
    tx, clock = MemoryRecords(), HandClock()
    signed = brought_to(ItemState.SIGNED_OFF, tx, clock)
    item = recurring.open_recurrence(
        tx, signed.id, actor=OTHER_MANAGER, clock=clock, deadline=in_days, note="on again at night"
    )
    assert (item.recurrence_of, item.state, item.rule) == (signed.id, ItemState.DRAFT, signed.rule)
    assert tx.item_rows[signed.id].state is ItemState.SIGNED_OFF


def test_what_came_back_is_opened_once_and_not_said_to_hold() -> None:
    tx, clock = MemoryRecords(), HandClock()
    signed = brought_to(ItemState.SIGNED_OFF, tx, clock)
    again = partial(recurring.open_recurrence, tx, signed.id, actor=OTHER_MANAGER, clock=clock, deadline=in_days)
    first = again(note="on again at night")
    with pytest.raises(recurring.CameBackError, match=f"as item {first.number}"):
        again(note="on again at night")
    with pytest.raises(recurring.CameBackError):
        recurring.look_back(tx, signed.id, actor=OTHER_MANAGER, clock=clock, note="fine")
    commands.cancel(tx, first.id, actor=MANAGER, clock=clock, note="mistaken")
    assert again(note="now it is").recurrence_of == signed.id


def test_what_came_back_keeps_what_people_wrote_of_it() -> None:
    tx, clock = MemoryRecords(), HandClock()
    signed = brought_to(ItemState.SIGNED_OFF, tx, clock)
    written = Particulars(source=Source.INSPECTION, title="outlet", problem="traces of heat", progress_pct=100)
    tx.save_particulars(signed.id, written)
    item = recurring.open_recurrence(tx, signed.id, actor=OTHER_MANAGER, clock=clock, deadline=in_days, note="hot")
    assert tx.particulars(item.id) == Particulars(source=Source.INSPECTION, title="outlet", problem="traces of heat")


def test_assigning_anew_moves_a_deadline_back_only_with_a_reason() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.ASSIGNED, tx, clock)
    assert item.deadline is not None
    anew = partial(commands.assign, tx, item.id, responsible=OFFICER.id, actor=MANAGER, clock=clock)
    later = item.deadline + timedelta(days=10)
    with pytest.raises(NoteMissingError):
        anew(deadline=later)
    assert anew(deadline=later, note="parts are late").deadline == later


def test_no_deadline_lies_before_what_was_found() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    early = item.fault_from.date() - timedelta(days=2)
    with pytest.raises(commands.DeadlineBeforeFoundError, match="before it was found"):
        commands.assign(tx, item.id, responsible=OFFICER.id, actor=MANAGER, clock=clock, deadline=early)
    sheet = replace(sheet_of(tx, item), deadline=early)
    with pytest.raises(commands.DeadlineBeforeFoundError):
        edit(tx, item.id, sheet, revision=item.revision, actor=MANAGER, clock=clock)


def test_a_fault_after_the_look_back_period_is_a_new_matter() -> None:
    tx, clock = MemoryRecords(), HandClock()
    signed = brought_to(ItemState.SIGNED_OFF, tx, clock)
    within = commands.propose(tx, FaultSaid(id="f2", started=clock.now()), clock=clock, deadline=in_days)
    assert within.recurrence_of == signed.id
    commands.cancel(tx, within.id, actor=MANAGER, clock=clock, note="twice")
    late = FaultSaid(id="f3", started=clock.now() + timedelta(days=200))
    assert commands.propose(tx, late, clock=clock, deadline=in_days).recurrence_of is None


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 11, 23), 1, date(2026, 12, 23)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
    ],
)
def test_months_end_on_the_last_day_where_they_are_shorter(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later
