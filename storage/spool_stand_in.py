"""What is told in place of an urgent notice that cannot be read: a fire alarm, with its doubt said beside it."""

from datetime import UTC, datetime

from alerts.alarms import ALARMS
from sensors.alarms import Alarm
from sensors.readings import from_epoch_ms
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject, SubjectKind
from sensors.topology import DeviceId, SiteId
from sensors.verdicts import Severity

UNREADABLE = "unreadable"
"""The doubt of what stands in: a newer version wrote it, or it is damaged. What it was about is not known."""

UNKNOWN = "unknown"
SITE, SUBJECT, ZONE = 0, 2, 3
"""Where a fingerprint (`alerts.model.fingerprint`) names them."""


def stand_in(mark: str, at: datetime) -> Signal:
    """Return a fire alarm about what the fingerprint names; of the site where it names nothing that is known."""
    site = _part(mark, SITE) or UNKNOWN
    subject = _subject(_part(mark, SUBJECT), site)
    return Signal(
        kind=SignalKind.ACTIVE,
        mark=mark or f"{UNKNOWN}|{UNREADABLE}|{subject}|{at.isoformat()}",
        site=SiteId(site),
        rule=ALARMS[Alarm.FIRE].rule,
        event=Alarm.FIRE,
        subject=subject,
        device=DeviceId(subject.id if subject.kind is SubjectKind.DEVICE else ""),
        severity=Severity.RED,
        time=at,
        received=at,
        zone=_part(mark, ZONE),
        doubts=(UNREADABLE,),
        parameters={"event": Alarm.FIRE.value},
    )


def instant(at_ms: object) -> datetime:
    """Return the instant of a column; the earliest that is written where it holds none."""
    try:
        return from_epoch_ms(int(str(at_ms)))
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _part(mark: str, position: int) -> str:
    parts = mark.split("|", ZONE)
    return parts[position] if position < len(parts) else ""


def _subject(text: str, site: str) -> Subject:
    try:
        return Subject.parse(text)
    except ValueError:
        return Subject(SubjectKind.SITE, site)
