"""What people write down about fire safety: read by everyone, added to by those who keep the logs, edited by nobody."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from alerts.logs import commands
from alerts.logs.commands import Desk
from alerts.logs.ports import LogTransaction
from api.dependencies import Reader, ServicesOf, permit
from api.people import names
from api.ports import Services
from api.problems import not_found
from api.routes.bodies import NoteBody, Time
from api.routes.log_bodies import (
    CheckBody,
    CheckView,
    DutyBody,
    DutyView,
    ExtendBody,
    FireTestBody,
    FireTestView,
    IsolationBody,
    IsolationView,
)
from sensors.actors import Actor, Permission
from sensors.logs import KeptIsolation, valid

router = APIRouter(tags=["logs"])

Keeper = Annotated[Actor, Depends(permit(Permission.KEEP_LOG))]
Approver = Annotated[Actor, Depends(permit(Permission.APPROVE_ISOLATION))]
Limit = Annotated[int, Query(ge=1, le=2000)]

SHOWN = timedelta(days=7)


def _desk(services: Services, actor: Actor) -> Desk:
    return Desk(actor=actor, site=services.registry().site.id, clock=services.clock)


@router.get("/duty")
def get_duty(
    services: ServicesOf, _: Reader, *, since: Time | None = None, until: Time | None = None, limit: Limit = 500
) -> Sequence[DutyView]:
    """Return the newest entries of the duty log about a period, by default the last week, in order of time."""
    end = until or services.clock.now() + timedelta(minutes=1)
    with services.records.reading() as tx:
        site = services.registry().site.id
        entries = tx.duty_entries(site, since=since or end - SHOWN, until=end, limit=limit)
    holding = {each.id for each in valid(entries)}
    return [DutyView.of(each, holds=each.id in holding) for each in entries]


@router.post("/duty")
def post_duty(services: ServicesOf, actor: Keeper, given: DutyBody) -> DutyView:
    """Write into the duty log: a round, or a hand-over."""
    with services.records.transaction() as tx:
        return DutyView.of(commands.write_duty(tx, given.given(), desk=_desk(services, actor)), holds=True)


@router.post("/duty/{entry_id}/correct")
def post_duty_correction(services: ServicesOf, actor: Keeper, entry_id: str, given: DutyBody) -> DutyView:
    """Write an entry in the place of another, which stays to be seen."""
    with services.records.transaction() as tx:
        desk = _desk(services, actor)
        return DutyView.of(commands.write_duty(tx, given.given(), desk=desk, corrects=entry_id), holds=True)


@router.post("/duty/{entry_id}/strike")
def post_duty_strike(services: ServicesOf, actor: Keeper, entry_id: str, given: NoteBody) -> DutyView:
    """Strike an entry out, with the reason."""
    with services.records.transaction() as tx:
        struck = commands.strike_duty(tx, entry_id, desk=_desk(services, actor), note=given.note)
        return DutyView.of(struck, holds=False)


@router.get("/fire-tests")
def get_fire_tests(services: ServicesOf, _: Reader, *, limit: Limit = 500) -> Sequence[FireTestView]:
    """Return tests and checks, the newest first."""
    with services.records.reading() as tx:
        tests = tx.fire_tests(services.registry().site.id, limit=limit)
    holding = {each.id for each in valid(tests)}
    return [FireTestView.of(each, holds=each.id in holding) for each in tests]


@router.post("/fire-tests")
def post_fire_test(services: ServicesOf, actor: Keeper, given: FireTestBody) -> FireTestView:
    """Write a test or check down."""
    with services.records.transaction() as tx:
        return FireTestView.of(commands.write_test(tx, given.given(), desk=_desk(services, actor)), holds=True)


@router.post("/fire-tests/{test_id}/correct")
def post_fire_test_correction(services: ServicesOf, actor: Keeper, test_id: str, given: FireTestBody) -> FireTestView:
    """Write a test in the place of another, which stays to be seen."""
    with services.records.transaction() as tx:
        desk = _desk(services, actor)
        return FireTestView.of(commands.write_test(tx, given.given(), desk=desk, corrects=test_id), holds=True)


@router.post("/fire-tests/{test_id}/strike")
def post_fire_test_strike(services: ServicesOf, actor: Keeper, test_id: str, given: NoteBody) -> FireTestView:
    """Strike a test out, with the reason."""
    with services.records.transaction() as tx:
        struck = commands.strike_test(tx, test_id, desk=_desk(services, actor), note=given.note)
        return FireTestView.of(struck, holds=False)


@router.get("/alerts/{alert_id}/checks")
def get_checks(services: ServicesOf, _: Reader, alert_id: str) -> Sequence[CheckView]:
    """Return what was found on site at an alert, in the order of writing."""
    with services.records.reading() as tx:
        if tx.alert(alert_id) is None:
            raise not_found(kind="alert")
        checks = tx.alarm_checks_of(alert_id)
    holding = {each.id for each in valid(checks)}
    return [CheckView.of(each, holds=each.id in holding) for each in checks]


@router.post("/alerts/{alert_id}/verify")
def post_check(services: ServicesOf, actor: Keeper, alert_id: str, given: CheckBody) -> CheckView:
    """Say what was found on site: real, false, a test; a second word corrects the first."""
    with services.records.transaction() as tx:
        check = commands.verify_alarm(tx, alert_id, given.given(), desk=_desk(services, actor))
        return CheckView.of(check, holds=True)


@router.get("/isolations")
def get_isolations(services: ServicesOf, _: Reader, *, limit: Limit = 500) -> Sequence[IsolationView]:
    """Return isolations, the newest first."""
    with services.records.reading() as tx:
        known = names(tx)
        return [IsolationView.of(each, known) for each in tx.isolations(services.registry().site.id, limit=limit)]


@router.post("/isolations")
def post_isolation(services: ServicesOf, actor: Keeper, given: IsolationBody) -> IsolationView:
    """Ask for an isolation, which somebody else must approve."""
    return _stepped(services, actor, lambda tx, desk: commands.request_isolation(tx, given.given(), desk=desk))


@router.post("/isolations/{isolation_id}/approve")
def post_approval(services: ServicesOf, actor: Approver, isolation_id: str, given: NoteBody) -> IsolationView:
    """Approve an isolation that another one asked for."""
    return _stepped(
        services, actor, lambda tx, desk: commands.approve_isolation(tx, isolation_id, desk=desk, note=given.note)
    )


@router.post("/isolations/{isolation_id}/refuse")
def post_refusal(services: ServicesOf, actor: Approver, isolation_id: str, given: NoteBody) -> IsolationView:
    """Refuse an isolation, with the reason."""
    return _stepped(
        services, actor, lambda tx, desk: commands.refuse_isolation(tx, isolation_id, desk=desk, note=given.note)
    )


@router.post("/isolations/{isolation_id}/extend")
def post_extension(services: ServicesOf, actor: Approver, isolation_id: str, given: ExtendBody) -> IsolationView:
    """Give an isolation a later end, with the reason."""
    until = given.planned_end

    def work(tx: LogTransaction, desk: Desk) -> KeptIsolation:
        return commands.extend_isolation(tx, isolation_id, planned_end=until, desk=desk, note=given.note)

    return _stepped(services, actor, work)


@router.post("/isolations/{isolation_id}/file")
def post_filing(services: ServicesOf, actor: Keeper, isolation_id: str, given: NoteBody) -> IsolationView:
    """Note that the fire authority was told."""
    return _stepped(
        services, actor, lambda tx, desk: commands.file_isolation(tx, isolation_id, desk=desk, note=given.note)
    )


@router.post("/isolations/{isolation_id}/end")
def post_end(services: ServicesOf, actor: Keeper, isolation_id: str, given: NoteBody) -> IsolationView:
    """Note that the device works again."""
    return _stepped(
        services, actor, lambda tx, desk: commands.end_isolation(tx, isolation_id, desk=desk, note=given.note)
    )


@router.post("/isolations/{isolation_id}/withdraw")
def post_withdrawal(services: ServicesOf, actor: Keeper, isolation_id: str, given: NoteBody) -> IsolationView:
    """Take a mistaken isolation back, with the reason."""
    return _stepped(
        services, actor, lambda tx, desk: commands.withdraw_isolation(tx, isolation_id, desk=desk, note=given.note)
    )


def _stepped(services: Services, actor: Actor, work: Callable[[LogTransaction, Desk], KeptIsolation]) -> IsolationView:
    with services.records.transaction() as tx:
        return IsolationView.of(work(tx, _desk(services, actor)), names(tx))
