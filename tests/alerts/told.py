"""Notices, messages and a wording for the tests of channels."""

from alerts.dispatch import Notice, NoticeKind
from alerts.messages import Language, Message, Wording
from alerts.model import alert_id
from sensors.events import EventType
from sensors.signals import Signal
from sensors.verdicts import Severity
from tests.alerts.factories import raised, registry
from tests.memory_records import NOON

CODE = "493021"


def notice(
    signal: Signal | None = None, *, kind: NoticeKind = NoticeKind.RAISED, number: int = 1, minutes: int = 0
) -> Notice:
    told = signal or raised(EventType.SMOKE, device="smoke1")
    at = NOON.replace(minute=minutes)
    return Notice(number=number, kind=kind, alert_id=alert_id(told.mark, told.time), signal=told, at=at)


def wording(language: Language = "zh", *, origin: str = "https://p.cn", code: str = CODE) -> Wording:
    return Wording(language=language, registry=registry, origin=origin, code=lambda _: code)


def message(text: str = "火警", *, severity: Severity = Severity.RED) -> Message:
    return Message(key="raised:x", title="火警", text=text, short=text, severity=severity, code=CODE)
