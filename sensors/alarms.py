"""What people can be alerted to: events on arrival, rules over events and readings, and the program's own state."""

from enum import StrEnum


class Alarm(StrEnum):
    """The closed list of what an alert is about. What a sensor says itself is called as its event is.

    SMOKE is a standalone detector (烟感报警), not a panel's fire (火警).
    """

    FIRE = "fire"
    SMOKE = "smoke"
    HEAT = "heat"
    """A temperature sensor declared as a heat detector (温感报警), judged by the watch; neither is that a 火警."""
    LEAK = "leak"
    FORCED = "forced"

    # Rules over events and readings, judged as time goes on.
    RELAY_SLOW = "relay_slow"
    FAULT_OPEN = "fault_open"
    ISOLATED = "isolated"
    """Isolated without an approval, or past its planned end, or too long without filing."""
    MANUAL_MODE = "manual_mode"
    DUTY_GAP = "duty_gap"
    LINK_LOST = "link_lost"
    FIRE_DOOR_OPEN = "fire_door_open"
    EXIT_LOCKED = "exit_locked"
    RESIDUAL_CURRENT = "residual_current"
    CABLE_HOT = "cable_hot"
    DOOR_HELD = "door_held"
    DENIALS = "denials"
    PASSED_BACK = "passed_back"
    """One card came in twice and did not leave in between."""
    DOOR_OFFLINE = "door_offline"
    TAMPERED = "tampered"
    CLOCK_DRIFT = "clock_drift"
    """A device's clock; CLOCK_OFF is that of this machine."""
    GATEWAY_DOWN = "gateway_down"

    # What an analysis found, where the site wants to be told at once.
    FINDING = "finding"

    # The program about itself.
    TEST = "test"
    """A test alert sent by plan, which a person confirms."""
    UNCONFIRMED_TEST = "unconfirmed_test"
    CHANNEL_FAILS = "channel_fails"
    INGEST_SILENT = "ingest_silent"
    CLOCK_OFF = "clock_off"
    RECORDS_AWAY = "records_away"
    POLICY_REFUSED = "policy_refused"
    THRESHOLDS_REFUSED = "thresholds_refused"
    RULE_FAILED = "rule_failed"
    ALERT_FLOOD = "alert_flood"


class AlarmKind(StrEnum):
    """What routes tell alarms apart by."""

    FIRE = "fire"
    DOOR = "door"
    ELECTRICAL = "electrical"
    WATER = "water"
    DATA = "data"
    FINDING = "finding"
    OPERATION = "operation"
