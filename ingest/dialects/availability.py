"""What wills, births and deaths say of devices becomes events: `offline` is active, or cleared."""

from ingest.dialects.decoded import Context, Decoded
from ingest.dialects.targets import Meant, add_event
from sensors.events import EventState, EventType

_MEANT = {
    "offline": Meant(EventType.OFFLINE, EventState.ACTIVE),
    "online": Meant(EventType.OFFLINE, EventState.CLEARED),
}


def add_availability(decoded: Decoded, context: Context) -> None:
    """Add an event for each device of the registry that came or went; what was said before is left out as repeated.

    Of a device that nobody registered it would only fill the quarantine, and a replay is no news.
    """
    if context.retained:
        return
    for device, state in decoded.statuses:
        if device is not None and device in context.models:
            add_event(decoded, _MEANT[state], "availability", context.device(device), context.receipt, context)
