"""What people can say of alerts beforehand: each with an author, a reason and an end, in one transaction.

Nothing of it keeps a real fire from people; what ends early ends at once, and by whoever may acknowledge.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeGuard, TypeVar

from alerts.commands import UnknownAlertError, step
from alerts.matching import Matcher
from alerts.model import Alert, AlertAction, AlertState, is_legal
from alerts.ports import StandingTransaction
from alerts.standing import Drill, OutOfService, Shelf, Silence, Standing, things_of
from sensors.actors import Actor, Permission, system_actor
from sensors.clock import Clock
from sensors.hours import Hours
from sensors.ids import new_id
from sensors.readings import epoch_ms

KEEPER = system_actor("standing")
"""Who puts alerts back when what held them is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLimits:
    """How long each may be asked for at most. All figures are the project's own choice [P]."""

    silence: timedelta = timedelta(days=30)
    recurring: timedelta = timedelta(days=366)
    drill: timedelta = timedelta(hours=8)
    shelf: timedelta = timedelta(hours=24)
    out_of_service: timedelta = timedelta(days=30)


LIMITS = StandingLimits()


class StandingRefusal(StrEnum):
    """Why something cannot stand; the words are in the catalogues."""

    COMMENT_MISSING = "comment_missing"
    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    TOO_LONG = "too_long"
    ASKS_NOTHING = "asks_nothing"
    NO_PLACE = "no_place"
    STANDS_ALREADY = "stands_already"
    OVER_ALREADY = "over_already"


HINTS = {
    StandingRefusal.COMMENT_MISSING: "say why in the comment",
    StandingRefusal.ENDS_BEFORE_IT_STARTS: "give an end that is after the start and after now",
    StandingRefusal.TOO_LONG: "give an earlier end",
    StandingRefusal.ASKS_NOTHING: "name what is meant: kinds, rules, severities, buildings, gateways, subjects, zones",
    StandingRefusal.NO_PLACE: "name where the drill is: zones, buildings, gateways or subjects",
    StandingRefusal.STANDS_ALREADY: "it is out of service already; end that first",
    StandingRefusal.OVER_ALREADY: "it is over already",
}


class StandingRefusedError(Exception):
    """What was asked for cannot stand."""

    def __init__(self, refusal: StandingRefusal) -> None:
        """Say what to do."""
        super().__init__(HINTS[refusal])
        self.refusal = refusal


class UnknownStandingError(LookupError):
    """Nothing that stands has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"nothing stands under {identifier!r}; look at the list of what stands")


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceGiven:
    """A silence as a person gives it; `starts` None is now. With weekdays or hours it recurs until its end."""

    matcher: Matcher
    comment: str
    ends: datetime
    starts: datetime | None = None
    weekdays: frozenset[int] = frozenset()
    hours: Hours = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillGiven:
    """A drill as a person gives it; `starts` None is now."""

    matcher: Matcher
    comment: str
    ends: datetime
    starts: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfServiceGiven:
    """What is being worked on, as a person gives it; `until` is the planned end."""

    subject: str
    comment: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingDesk:
    """Who says it, by which clock, within which limits."""

    actor: Actor
    clock: Clock
    limits: StandingLimits = LIMITS

    def new_id(self) -> str:
        """Return a new id."""
        return new_id(epoch_ms(self.clock.now()))


def standing_of(tx: StandingTransaction, now: datetime) -> Standing:
    """Return all that stands, for the mirror beside the spool."""
    return tx.standing(now)


def create_silence(tx: StandingTransaction, given: SilenceGiven, *, desk: StandingDesk) -> Silence:
    """Return the silence as it stands. Raises NotPermittedError, StandingRefusedError."""
    desk.actor.must(Permission.ACKNOWLEDGE_ALERT)
    if given.matcher.asks_nothing:
        raise StandingRefusedError(StandingRefusal.ASKS_NOTHING)
    is_recurring = bool(given.weekdays or given.hours)
    longest = desk.limits.recurring if is_recurring else desk.limits.silence
    starts = _starts(given.starts, given.ends, longest, desk)
    made = Silence(
        id=desk.new_id(),
        matcher=given.matcher,
        author=desk.actor.id,
        comment=_why(given.comment),
        starts=starts,
        ends=given.ends,
        weekdays=given.weekdays,
        hours=given.hours,
    )
    _save(tx, made, "create", desk)
    return made


def end_silence(tx: StandingTransaction, silence_id: str, *, desk: StandingDesk) -> Silence:
    """Return the silence as it ended now. Raises NotPermittedError, UnknownStandingError, StandingRefusedError."""
    found = _standing(tx.silence(silence_id), silence_id, lambda each: each.ends, desk)
    ended = replace(found, ends=desk.clock.now(), ended_by=desk.actor.id)
    _save(tx, ended, "end", desk)
    return ended


def start_drill(tx: StandingTransaction, given: DrillGiven, *, desk: StandingDesk) -> Drill:
    """Return the drill as it stands; it needs a place, for what is told as a drill elsewhere may be a fire.

    Raises NotPermittedError, StandingRefusedError.
    """
    desk.actor.must(Permission.HOLD_DRILL)
    asked = given.matcher
    if not (asked.zones or asked.buildings or asked.gateways or asked.subjects):
        raise StandingRefusedError(StandingRefusal.NO_PLACE)
    made = Drill(
        id=desk.new_id(),
        matcher=asked,
        author=desk.actor.id,
        comment=_why(given.comment),
        starts=_starts(given.starts, given.ends, desk.limits.drill, desk),
        ends=given.ends,
    )
    _save(tx, made, "start", desk)
    return made


def end_drill(tx: StandingTransaction, drill_id: str, *, desk: StandingDesk) -> Drill:
    """Return the drill as it ended now; whoever may acknowledge may end it.

    Raises NotPermittedError, UnknownStandingError, StandingRefusedError.
    """
    found = _standing(tx.drill(drill_id), drill_id, lambda each: each.ends, desk)
    ended = replace(found, ends=desk.clock.now(), ended_by=desk.actor.id)
    _save(tx, ended, "end", desk)
    return ended


def shelve(tx: StandingTransaction, alert_id: str, *, until: datetime, comment: str, desk: StandingDesk) -> Alert:
    """Return the alert as put aside; a real fire only after somebody acknowledged it.

    Raises NotPermittedError, UnknownAlertError, IllegalAlertStepError, StandingRefusedError.
    """
    desk.actor.must(Permission.ACKNOWLEDGE_ALERT)
    why = _why(comment)
    since = _starts(None, until, desk.limits.shelf, desk)
    alert = step(tx, alert_id, AlertAction.SHELVE, actor=desk.actor, clock=desk.clock, note=why)
    made = Shelf(
        id=desk.new_id(),
        fingerprint=alert.fingerprint,
        alert_id=alert.id,
        since=since,
        until=until,
        author=desk.actor.id,
        comment=why,
    )
    _save(tx, made, "create", desk)
    return alert


def unshelve(tx: StandingTransaction, alert_id: str, *, desk: StandingDesk, note: str = "") -> Alert:
    """Return the alert as raised anew. Raises NotPermittedError, UnknownAlertError, IllegalAlertStepError."""
    alert = step(tx, alert_id, AlertAction.UNSHELVE, actor=desk.actor, clock=desk.clock, note=note)
    now = desk.clock.now()
    for shelf in tx.standing(now).shelves:
        if shelf.fingerprint == alert.fingerprint and shelf.until > now:
            _save(tx, replace(shelf, until=now, ended_by=desk.actor.id), "end", desk)
    return alert


def take_out_of_service(tx: StandingTransaction, given: OutOfServiceGiven, *, desk: StandingDesk) -> OutOfService:
    """Return the subject as out of service; its open alerts that may follow do so.

    Raises NotPermittedError, StandingRefusedError.
    """
    desk.actor.must(Permission.ACKNOWLEDGE_ALERT)
    now = desk.clock.now()
    if any(each.subject == given.subject and each.until > now for each in tx.standing(now).out_of_service):
        raise StandingRefusedError(StandingRefusal.STANDS_ALREADY)
    made = OutOfService(
        id=desk.new_id(),
        subject=given.subject,
        since=_starts(None, given.until, desk.limits.out_of_service, desk),
        until=given.until,
        author=desk.actor.id,
        comment=_why(given.comment),
    )
    _save(tx, made, "take_out", desk)
    bring_in_line(tx, clock=desk.clock)
    return made


def take_alert_out_of_service(
    tx: StandingTransaction, alert_id: str, *, until: datetime, comment: str, desk: StandingDesk
) -> OutOfService:
    """Return what an alert is about as out of service.

    Raises NotPermittedError, UnknownAlertError, StandingRefusedError.
    """
    alert = tx.alert(alert_id)
    if alert is None:
        raise UnknownAlertError(alert_id)
    return take_out_of_service(
        tx, OutOfServiceGiven(subject=str(alert.subject), comment=comment, until=until), desk=desk
    )


def put_back(tx: StandingTransaction, out_id: str, *, desk: StandingDesk) -> OutOfService:
    """Return the subject as back in service; what still lasts of it asks for a person anew.

    Raises NotPermittedError, UnknownStandingError, StandingRefusedError.
    """
    found = _standing(tx.out_of_service(out_id), out_id, lambda each: each.until, desk)
    ended = replace(found, until=desk.clock.now(), ended_by=desk.actor.id)
    _save(tx, ended, "put_back", desk)
    bring_in_line(tx, clock=desk.clock)
    return ended


def suppress(tx: StandingTransaction, alert_id: str, *, by: str, clock: Clock) -> Alert | None:
    """Return the alert as suppressed by the one that explains it; None where it is not known or may not be."""
    return _by_design(tx, alert_id, AlertAction.SUPPRESS, clock, note=by)


def release(tx: StandingTransaction, alert_id: str, *, clock: Clock) -> Alert | None:
    """Return the alert as raised anew, for nothing explains it any more; None where it was not suppressed."""
    return _by_design(tx, alert_id, AlertAction.RELEASE, clock)


def keeps_standing(tx: object) -> TypeGuard[StandingTransaction]:
    """Say whether these records hold what people say beforehand; those that only take alerts do not."""
    return hasattr(tx, "alerts_in")


def out_of_line(tx: StandingTransaction, now: datetime) -> list[tuple[Alert, AlertAction]]:
    """Return the alerts whose state does not fit what stands, each with the step that mends it."""
    stands = tx.standing(now)
    shelved = {each.fingerprint for each in stands.shelves if now < each.until}
    out = {each.subject for each in stands.out_of_service if each.since <= now < each.until}
    found = [
        (each, AlertAction.UNSHELVE) for each in tx.alerts_in(AlertState.SHELVED) if each.fingerprint not in shelved
    ]
    found += [
        (each, AlertAction.PUT_BACK) for each in tx.alerts_in(AlertState.OUT_OF_SERVICE) if not _is_among(each, out)
    ]
    if out:
        waiting = [*tx.alerts_in(AlertState.RAISED), *tx.alerts_in(AlertState.ACKNOWLEDGED)]
        found += [(each, AlertAction.TAKE_OUT) for each in waiting if _is_among(each, out)]
    return [(alert, action) for alert, action in found if is_legal(alert, action)]


def _is_among(alert: Alert, out: set[str]) -> bool:
    return not out.isdisjoint(things_of(alert.subject, alert.parameters))


def bring_in_line(tx: StandingTransaction, *, clock: Clock) -> int:
    """Return how many alerts were moved: off shelves that are over, in and out of service. Twice is as good as once."""
    moves = out_of_line(tx, clock.now())
    for alert, action in moves:
        step(tx, alert.id, action, actor=KEEPER, clock=clock)
    return len(moves)


def _by_design(
    tx: StandingTransaction, alert_id: str, action: AlertAction, clock: Clock, *, note: str = ""
) -> Alert | None:
    alert = tx.alert(alert_id)
    if alert is None or not is_legal(alert, action):
        return None
    return step(tx, alert_id, action, actor=KEEPER, clock=clock, note=note)


Kept = TypeVar("Kept")


def _standing(found: Kept | None, identifier: str, end: Callable[[Kept], datetime], desk: StandingDesk) -> Kept:
    """Return what stands and may be ended by this actor."""
    desk.actor.must(Permission.ACKNOWLEDGE_ALERT)
    if found is None:
        raise UnknownStandingError(identifier)
    if end(found) <= desk.clock.now():
        raise StandingRefusedError(StandingRefusal.OVER_ALREADY)
    return found


def _starts(starts: datetime | None, ends: datetime, longest: timedelta, desk: StandingDesk) -> datetime:
    """Return when it starts: never in the past, so that nobody changes what was."""
    now = desk.clock.now()
    begins = now if starts is None else max(starts, now)
    if ends <= begins:
        raise StandingRefusedError(StandingRefusal.ENDS_BEFORE_IT_STARTS)
    if ends - begins > longest:
        raise StandingRefusedError(StandingRefusal.TOO_LONG)
    return begins


def _why(comment: str) -> str:
    why = comment.strip()
    if not why:
        raise StandingRefusedError(StandingRefusal.COMMENT_MISSING)
    return why


def _save(
    tx: StandingTransaction, thing: Silence | Drill | Shelf | OutOfService, action: str, desk: StandingDesk
) -> None:
    tx.save_standing(thing, actor_id=desk.actor.id, action=action, at=desk.clock.now())
