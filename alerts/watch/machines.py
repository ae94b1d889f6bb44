"""The machines by name. A rule is one file in `rules`, one line here, and one in sensors.catalogue.

Names stay: what a machine remembers lies under its name in the spool.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from alerts.watch.fires import Fires
from alerts.watch.machine import Machine
from alerts.watch.rules.cable_hot import CableHot
from alerts.watch.rules.clock_drift import ClockDrift
from alerts.watch.rules.denials import Denials
from alerts.watch.rules.door_offline import DoorLate, DoorSilent
from alerts.watch.rules.duty_gap import DutyGap
from alerts.watch.rules.exit_locked import ExitLocked
from alerts.watch.rules.fault_open import FaultOpen
from alerts.watch.rules.fire import FireUnanswered
from alerts.watch.rules.fire_door import FireDoorOpen
from alerts.watch.rules.forced_door import DoorForced
from alerts.watch.rules.gateway_lost import GatewayLost
from alerts.watch.rules.heat import HeatDetected
from alerts.watch.rules.held_door import DoorHeld
from alerts.watch.rules.isolated import Isolated
from alerts.watch.rules.leak import Leak
from alerts.watch.rules.link_lost import LinkLost
from alerts.watch.rules.manual_mode import ManualMode
from alerts.watch.rules.passed_back import PassedBack
from alerts.watch.rules.residual_current import ResidualCurrent
from alerts.watch.rules.slow_relay import SlowRelay
from alerts.watch.rules.tampered import Tampered

FIRES = "fires"
"""Comes first: other machines ask where a fire is confirmed."""

LIVE: Mapping[str, Callable[[], Machine]] = MappingProxyType(
    {
        FIRES: Fires,
        "F02": SlowRelay,
        "F03": FaultOpen,
        "F05": Isolated,
        "F06": ManualMode,
        "F07": DutyGap,
        "F08": LinkLost,
        "F09": FireDoorOpen,
        "F10": ExitLocked,
        "D01": DoorHeld,
        "D02": DoorForced,
        "D03": Denials,
        "D04": DoorSilent,
        "D04.latency": DoorLate,
        "D05": PassedBack,
        "D06": Tampered,
        "D06.clock": ClockDrift,
        "L01": ResidualCurrent,
        "L03": CableHot,
        "G04": GatewayLost,
        "heat": HeatDetected,
    }
)
"""What runs as things come in. Fire, smoke and leak alert by their events."""

PAST: Mapping[str, Callable[[], Machine]] = MappingProxyType(
    {name: machine for name, machine in LIVE.items() if name not in {"G04", "heat"}}
    | {"F01": FireUnanswered, "F12": Leak}
)
"""What runs over what is stored. No last will is stored; silent gateways are found by the analysis. Heat alerts as it
comes and is no rule of its own over the past."""

WATCHED_RULES = tuple(sorted({name.partition(".")[0] for name in PAST if name != FIRES}))
"""The rules that the watch answers for over the past."""
