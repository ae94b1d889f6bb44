"""Ticks as the text of a CSV file."""

from zoneinfo import ZoneInfo

from simulators.world import Tick

READINGS_HEADER = "timestamp,device,metric,value,phase\n"


def readings_rows(tick: Tick, zone: ZoneInfo) -> str:
    """Return the lines of a tick: its events as `event` with `type:state`, then its readings."""
    stamp = tick.time.astimezone(zone).isoformat()
    batch = tick.readings
    events = [f"{e.time.astimezone(zone).isoformat()},{e.device},event,{e.type}:{e.state},\n" for e in tick.events]
    columns = zip(batch.device, batch.metric, batch.value, batch.phase, strict=True)
    return "".join(
        [*events, *[f"{stamp},{device},{metric},{value:.10g},{phase}\n" for device, metric, value, phase in columns]]
    )
