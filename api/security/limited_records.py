"""The records as somebody with limits sees them: rows about places out of their reach are not there.

Every method of a transaction stands in `RULES` or `PLAIN`; one that stands in neither cannot be called, so that a new
one is closed until somebody says what it is about. A test holds the tables against the port.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

from alerts.standing import Standing
from api.ports import Records, RecordsTransaction
from api.security.held import HeldActor
from api.security.limited_rows import Limited
from rectification.reports import ReportState
from sensors.actors import NotPermittedError, Permission
from sensors.reach import Reach

MOST = 20_000
"""Rows that are looked through for those within reach, the newest first."""

Method = Callable[..., Any]


Sees = Callable[[Limited, Any], bool]
Rule = Callable[[Limited, Method], Method]


def one(sees: Sees) -> Rule:
    """Return the rule: what is out of reach is not there."""

    def rule(limited: Limited, method: Method) -> Method:
        def call(*given: object, **named: object) -> object:
            found = method(*given, **named)
            return found if found is not None and sees(limited, found) else None

        return call

    return rule


def many(sees: Sees) -> Rule:
    """Return the rule: a list without what is out of reach."""

    def rule(limited: Limited, method: Method) -> Method:
        return lambda *given, **named: [each for each in method(*given, **named) if sees(limited, each)]

    return rule


def first(sees: Sees, *, usual: int) -> Rule:
    """Return the rule: the first of a list that are within reach, as many as are asked for."""

    def rule(limited: Limited, method: Method) -> Method:
        def call(*given: object, limit: int = usual, **named: object) -> object:
            return [each for each in method(*given, limit=MOST, **named) if sees(limited, each)][:limit]

        return call

    return rule


def of(sees: Sees, nothing: object = ()) -> Rule:
    """Return the rule: nothing of what the first argument names, where that is out of reach."""

    def rule(limited: Limited, method: Method) -> Method:
        return lambda key, *more, **named: method(key, *more, **named) if sees(limited, key) else nothing

    return rule


def writing(sees: Sees) -> Rule:
    """Return the rule: what the first argument is about must be within reach. It raises NotPermittedError."""

    def rule(limited: Limited, method: Method) -> Method:
        def call(thing: object, *more: object, **named: object) -> object:
            if not sees(limited, thing):
                raise out_of_reach(limited.actor)
            return method(thing, *more, **named)

        return call

    return rule


def always(nothing: object) -> Rule:
    """Return the rule: that of the whole site is not for somebody with limits."""
    return lambda _limited, _method: lambda *_given, **_named: nothing


def never(limited: Limited, _method: Method) -> Method:
    """Refuse what is of the whole site. It raises NotPermittedError."""

    def call(*_given: object, **_named: object) -> object:
        raise out_of_reach(limited.actor)

    return call


def out_of_reach(actor: HeldActor) -> NotPermittedError:
    """Return that the actor may not do this there."""
    return NotPermittedError(actor, next(iter(sorted(actor.asked)), Permission.READ))


def _standing(limited: Limited, method: Method) -> Method:
    def call(*given: object) -> Standing:
        whole: Standing = method(*given)
        return replace(
            whole,
            silences=tuple(filter(limited.sees_standing, whole.silences)),
            drills=tuple(filter(limited.sees_standing, whole.drills)),
            shelves=tuple(filter(limited.sees_standing, whole.shelves)),
            out_of_service=tuple(filter(limited.sees_standing, whole.out_of_service)),
        )

    return call


def _audit_entries(limited: Limited, method: Method) -> Method:
    return method if limited.actor.where(Permission.READ_AUDIT) is None else (lambda **_asked: ())


def _particulars_of(limited: Limited, method: Method) -> Method:
    return lambda items: method([item for item in items if limited.sees_item(item)])


def _waiting_reports(limited: Limited, _method: Method) -> Method:
    waiting = (ReportState.NEW,)
    return lambda: sum(map(limited.sees_room, limited.tx.reports(states=waiting, limit=MOST)))


_place, _room, _plan = Limited.sees_place, Limited.sees_room, Limited.sees_plan
_item, _alert, _report = Limited.sees_item, Limited.sees_alert, Limited.sees_report


def _of_item(limited: Limited, thing: Any) -> bool:  # noqa: ANN401 - whatever names an item
    return limited.sees_item(thing.item_id)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "alert": one(_place),
        "open_alert": one(_place),
        "alerts": first(_place, usual=200),
        "alerts_begun": many(_place),
        "alerts_in": many(_place),
        "alert_steps": of(_alert),
        "steps_of_alerts_begun": many(lambda limited, step: limited.sees_alert(step.alert_id)),
        "save_alert": writing(_place),
        "alarm_check": one(_place),
        "alarm_checks": many(_place),
        "alarm_checks_of": many(_place),
        "add_alarm_check": writing(_place),
        "standing": _standing,
        "silence": one(Limited.sees_standing),
        "drill": one(Limited.sees_standing),
        "out_of_service": one(Limited.sees_standing),
        "save_standing": writing(Limited.sees_standing),
        "duty_entry": always(None),
        "duty_entries": always(()),
        "first_duty_entry": always(None),
        "add_duty_entry": never,
        "fire_test": one(_place),
        "fire_tests": first(_place, usual=500),
        "add_fire_test": writing(_place),
        "isolation": one(lambda limited, kept: limited.sees_place(kept.isolation)),
        "isolations": first(lambda limited, kept: limited.sees_place(kept.isolation), usual=500),
        "add_isolation": writing(_place),
        "add_isolation_step": writing(lambda limited, step: limited.sees_isolation(step.isolation_id)),
        "finding": one(_place),
        "findings": first(_place, usual=500),
        "findings_about": many(_place),
        "open_findings": many(_place),
        "save_finding": writing(_place),
        "item": one(_place),
        "items": first(_place, usual=500),
        "items_about": many(_place),
        "items_of_plan": many(_place),
        "items_to_look_back_at": many(_place),
        "item_steps": of(_item),
        "save_item": writing(_place),
        "particulars": of(_item, None),
        "particulars_of": _particulars_of,
        "save_particulars": writing(_item),
        "item_notices": first(_of_item, usual=100),
        "add_item_notice": writing(_of_item),
        "evidence_file": one(_of_item),
        "evidence_files": of(_item),
        "save_evidence_file": writing(_of_item),
        "plan": one(_plan),
        "plans": first(_plan, usual=200),
        "plan_steps": of(Limited.sees_plan_of),
        "save_plan": writing(lambda limited, plan: limited.sees_plan_of(plan.id)),
        "repair": one(_place),
        "repairs": first(_place, usual=200),
        "repairs_about": many(_place),
        "repairs_of_item": many(_place),
        "repair_steps": of(Limited.sees_repair),
        "save_repair": writing(_place),
        "inspection": one(_place),
        "inspections": first(_place, usual=500),
        "inspections_due": many(_place),
        "last_submitted": one(_place),
        "versions_of": many(_place),
        "save_inspection": writing(_place),
        "schedule": one(_place),
        "schedules": many(_place),
        "save_schedule": writing(_place),
        "report": one(_room),
        "report_numbered": one(_room),
        "report_that_came_by": one(_room),
        "reports": first(_room, usual=200),
        "reports_with_contact": many(_room),
        "waiting_reports": _waiting_reports,
        "save_report": writing(_room),
        "contact": of(_report, None),
        "save_contact": writing(lambda limited, contact: limited.sees_report(contact.report_id)),
        "erase_contact": writing(_report),
        "room_code": one(_room),
        "room_codes": many(_room),
        "save_room_code": writing(_room),
        "bills": many(lambda limited, kept: limited.sees_place(kept.bill)),
        "save_bill": writing(_place),
        "energy_report": always(None),
        "energy_reports": always(()),
        "energy_reports_of": always(()),
        "energy_report_steps": always(()),
        "save_energy_report": never,
        "reallocation": always(None),
        "save_reallocation": never,
        "changes": many(Limited.sees_change),
        "audit_entries": _audit_entries,
    }
)
"""What becomes of a method's answer, or of what it is given, by whom it is called."""

PLAIN = frozenset(
    {
        *("account", "account_named", "account_of_sign_on", "accounts", "save_account"),
        *("session", "save_session", "end_session", "end_sessions_of", "end_sessions_older_than"),
        *("set_up_token", "save_set_up_token", "forget_set_up_tokens"),
        *("api_token", "api_token_of_hash", "api_tokens", "save_api_token"),
        *("add_sign_in_failure", "sign_in_failures", "forget_sign_in_failures", "forget_sign_in_failures_before"),
        *("next_inspection_number", "next_item_number", "next_plan_number", "next_repair_number"),
        *("add_alert_reply", "alert_replies", "add_sending", "sendings", "forget_sendings_before"),
        *("audit", "verify_audit", "last_change", "enqueue", "is_corrected", "is_evidence", "see_item_notices"),
    }
)
"""Methods that are about no place."""


class LimitedTransaction:
    """Keeps `RecordsTransaction` by its rules."""

    __slots__ = ("_limited",)

    def __init__(self, limited: Limited) -> None:
        """Wrap a transaction."""
        self._limited = limited

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of the port
        """Return a method of the transaction, held to its rule. Raises AttributeError where it has none."""
        if name in PLAIN:
            return getattr(self._limited.tx, name)
        rule = RULES.get(name)
        if rule is None:
            raise AttributeError(name)
        return rule(self._limited, getattr(self._limited.tx, name))


class LimitedRecords:
    """The records within reach."""

    def __init__(self, records: Records, actor: HeldActor, reach: Callable[[], Reach]) -> None:
        """Wrap the records; `reach` is asked anew each time, for it grows narrower with what is done."""
        self._records = records
        self._actor = actor
        self._reach = reach

    @contextmanager
    def transaction(self) -> Iterator[RecordsTransaction]:
        """Yield a transaction that may write within reach."""
        with self._records.transaction() as tx:
            yield self._limited(tx)

    @contextmanager
    def reading(self) -> Iterator[RecordsTransaction]:
        """Yield a transaction that reads what is within reach."""
        with self._records.reading() as tx:
            yield self._limited(tx)

    def _limited(self, tx: RecordsTransaction) -> RecordsTransaction:
        return cast("RecordsTransaction", LimitedTransaction(Limited(tx, self._actor, self._reach)))
