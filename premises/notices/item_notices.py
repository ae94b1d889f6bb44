"""Deadlines of items in words, one message for all that is new, and the channels that carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from alerts.channels.pace import Paced
from alerts.channels.text import Carrier, TextChannel
from alerts.dispatch import Channel
from alerts.messages import Language, Message
from premises.settings import SettingsError
from rectification.notices import NoticeKind
from sensors.topology import Name
from sensors.verdicts import Severity
from storage.policy_file import labels_of

TOLD = 12
"""Items that one message names; the console has the rest."""

TITLE = Name(zh="【整改提醒】{count}项", en="[Rectification] {count} items")
LINE = Name(zh="#{number} {title}:{what}(期限{day})", en="#{number} {title}: {what} (deadline {day})")
MORE = Name(zh="另有{count}项,见控制台", en="{count} more in the console")
LINK = Name(zh="详情 {link}", en="More: {link}")

WHAT: Mapping[NoticeKind, Name] = MappingProxyType(
    {
        NoticeKind.DUE_IN_3: Name(zh="三个工作日内到期", en="due within three workdays"),
        NoticeKind.DUE_IN_1: Name(zh="下一个工作日到期", en="due on the next workday"),
        NoticeKind.DUE_TODAY: Name(zh="今日到期", en="due today"),
        NoticeKind.OVERDUE: Name(zh="已逾期", en="overdue"),
        NoticeKind.OVERDUE_LONG: Name(zh="逾期三个工作日以上", en="overdue for three workdays or more"),
        NoticeKind.LOOK_BACK_DUE: Name(zh="应回头看", en="to be looked at again"),
        NoticeKind.INSPECTION_DUE: Name(zh="今日应检查", en="inspection due today"),
        NoticeKind.INSPECTION_OVERDUE: Name(zh="检查逾期", en="inspection overdue"),
    }
)
GRAVE = frozenset({NoticeKind.OVERDUE, NoticeKind.OVERDUE_LONG, NoticeKind.INSPECTION_OVERDUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One item of a message."""

    number: int
    title: Name
    kind: NoticeKind
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """A carrier and the language that its receiver reads."""

    carrier: Carrier
    language: Language
    origin: str = ""

    def message(self, key: str, due: Sequence[Due]) -> Message:
        """Return all that is due in one message, the gravest first."""
        order = list(WHAT)
        told = sorted(due, key=lambda each: (-order.index(each.kind), each.number))
        title = self._say(TITLE, count=len(told))
        lines = [self._line(each) for each in told[:TOLD]]
        more = [self._say(MORE, count=len(told) - TOLD)] if len(told) > TOLD else []
        link = [self._say(LINK, link=f"{self.origin}/plan")] if self.origin else []
        is_grave = any(each.kind in GRAVE for each in told)
        return Message(
            key=key,
            title=title,
            text="\n".join([title, *lines, *more, *link]),
            short=" ".join([title, *lines[:1]]),
            severity=Severity.ORANGE if is_grave else Severity.BLUE,
        )

    def _line(self, due: Due) -> str:
        what = WHAT[due.kind].in_language(self.language)
        title = due.title.in_language(self.language)
        return self._say(LINE, number=due.number, title=title, what=what, day=due.day.isoformat())

    def _say(self, text: Name, **parameters: object) -> str:
        return text.in_language(self.language).format(**parameters)


def tellers_of(channels: Sequence[Channel], names: Sequence[str], *, origin: str = "") -> tuple[Teller, ...]:
    """Return what carries to the channels of these names. Raises SettingsError for one that carries no words."""
    able: dict[str, TextChannel] = {}
    for channel in channels:
        inner = channel.channel if isinstance(channel, Paced) else channel
        if isinstance(inner, TextChannel):
            able |= dict.fromkeys(labels_of(channel.name), inner)
    unknown = [name for name in names if name not in able]
    if unknown:
        known = ", ".join(sorted(name for name in able if ":" not in name)) or "none"
        msg = (
            f"[rectification] reminder_channels: {', '.join(unknown)} is no robot, phone, mail or WeCom channel "
            f"of [alerts]; there is: {known}"
        )
        raise SettingsError(msg)
    found = dict.fromkeys(able[name] for name in names)
    return tuple(Teller(carrier=each.carrier, language=each.wording.language, origin=origin) for each in found)
