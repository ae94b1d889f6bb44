"""Whether something comes and goes."""

from collections.abc import Sequence
from datetime import datetime

from alerts.dispatch import NoticeKind
from alerts.engine_rules import Flapping
from alerts.past import Edge


def flapping_since(edges: Sequence[Edge], rules: Flapping, now: datetime) -> datetime | None:
    """Return since when it comes and goes: the raise with which there were too many; None once it stayed quiet."""
    past = [edge for edge in edges if edge.at <= now]
    raises: list[datetime] = []
    since: datetime | None = None
    last: datetime | None = None
    for edge in past:
        if since is not None and last is not None and edge.at - last >= rules.quiet:
            since, raises = None, []
        last = edge.at
        if edge.kind is NoticeKind.RAISED:
            raises = [at for at in raises if edge.at - at < rules.within] + [edge.at]
            if since is None and len(raises) >= rules.raises:
                since = edge.at
    return None if last is None or now - last >= rules.quiet else since


def quiet_at(edges: Sequence[Edge], rules: Flapping, now: datetime) -> datetime:
    """Return when it will have stayed as it is for long enough."""
    last = max((edge.at for edge in edges if edge.at <= now), default=now)
    return last + rules.quiet
