"""The machines over what is stored: verdicts of each subject, and quick over a month of many devices."""

from dataclasses import replace
from datetime import timedelta

import polars as pl

from alerts.watch.facts import Facts
from alerts.watch.past import Window, findings_of
from sensors.events import Event, EventState, EventType
from sensors.readings import epoch_ms
from sensors.topology import Circuit, CircuitId, CircuitItem, Device, DeviceId, Placement, Registry
from sensors.verdicts import Finding, Verdict
from tests.alerts.factories import event
from tests.memory_records import NOON
from tests.watch.machines import NOON_MS, site_of

DAY_MS = 86_400_000
NOBODY_WROTE = Facts(known=True)
EVENTS = {
    "time_ms": pl.Int64,
    "received_ms": pl.Int64,
    "gateway": pl.String,
    "device": pl.String,
    "type": pl.String,
    "state": pl.String,
    "zone": pl.String,
    "test": pl.Boolean,
    "id": pl.String,
    "flags": pl.UInt8,
    "credential": pl.String,
}


def events_of(*events: Event) -> pl.DataFrame:
    rows = [
        {
            "time_ms": epoch_ms(each.time),
            "received_ms": epoch_ms(each.received),
            "gateway": each.gateway,
            "device": each.device,
            "type": each.type.value,
            "state": each.state.value,
            "zone": each.zone,
            "test": each.test,
            "id": None,
            "flags": int(each.flags),
            "credential": each.credential,
        }
        for each in events
    ]
    return pl.DataFrame(rows, schema=EVENTS)


def readings_of(*rows: tuple[int, str, str, float]) -> pl.DataFrame:
    frame = pl.DataFrame(
        rows, schema={"time_ms": pl.Int64, "device": pl.String, "metric": pl.String, "value": pl.Float64}, orient="row"
    )
    return frame.with_columns(
        phase=pl.lit(""), quality=pl.lit(0, dtype=pl.UInt8), flags=pl.lit(0, dtype=pl.UInt8)
    ).select("time_ms", "device", "metric", "phase", "value", "quality", "flags")


def judged(
    rule: str, subject: str, events: pl.DataFrame, readings: pl.DataFrame, facts: Facts = NOBODY_WROTE
) -> list[Finding]:
    window = Window(start_ms=NOON_MS, end_ms=NOON_MS + DAY_MS)
    found = findings_of(events, readings, site_of(), window=window, facts=facts, rules=(rule,))
    return [each for each in found if str(each.subject) == subject]


def verdicts(found: list[Finding]) -> list[tuple[Verdict, tuple[str, ...]]]:
    return [(each.verdict, each.missing) for each in found]


def at(minute: float, kind: EventType, *, over: bool = False, zone: str = "2F") -> Event:
    state = EventState.CLEARED if over else EventState.ACTIVE
    return event(kind, device="panel1", zone=zone, state=state, at=NOON + timedelta(minutes=minute))


def hourly(device: str, metric: str) -> list[tuple[int, str, str, float]]:
    return [(NOON_MS + hour * 3_600_000, device, metric, 0.0) for hour in range(24)]


def test_fault_and_what_comes_after_it_are_told_apart() -> None:
    opened = NOON_MS + 6 * 3_600_000 + 1000
    rows = [*hourly("fire1", "open"), (opened, "fire1", "open", 1.0), (opened + 400_000, "fire1", "open", 0.0)]
    found = judged("F09", "opening:f-2", events_of(), readings_of(*rows))
    assert [each.verdict for each in found] == [Verdict.FAULT, Verdict.PASS]
    assert (found[0].value, found[0].severity) == (400, "orange")


def test_unapproved_isolation_is_a_fault_where_the_log_is_known_and_undecided_where_not() -> None:
    events = events_of(at(10, EventType.ISOLATION), at(30, EventType.ISOLATION, over=True))
    assert judged("F05", "device:panel1", events, readings_of())[0].verdict is Verdict.FAULT
    unknown = judged("F05", "device:panel1", events, readings_of(), Facts())
    assert verdicts(unknown) == [(Verdict.INSUFFICIENT_DATA, ("isolation_approvals",))]


def test_fire_is_a_fault_only_where_nobody_silenced_it_in_time() -> None:
    fire = at(10, EventType.FIRE)
    seen = replace(at(10.9, EventType.SILENCED, zone=""), state=EventState.MOMENTARY)
    late = replace(at(11.1, EventType.SILENCED, zone=""), state=EventState.MOMENTARY)
    assert judged("F01", "device:panel1", events_of(fire, seen), readings_of())[0].verdict is not Verdict.FAULT
    fault = judged("F01", "device:panel1", events_of(fire, late), readings_of())[0]
    assert (fault.verdict, round(fault.value or 0)) == (Verdict.FAULT, 66)


def test_what_keeps_a_rule_from_judging_is_named() -> None:
    nothing = (events_of(), readings_of())
    assert verdicts(judged("D02", "opening:d-unwired", *nothing)) == [(Verdict.NOT_APPLICABLE, ("opening.rex_wired",))]
    assert verdicts(judged("F10", "opening:d-exit", *nothing)) == [(Verdict.INSUFFICIENT_DATA, ("a confirmed fire",))]
    assert verdicts(judged("F02", "device:panel1", *nothing)) == [(Verdict.INSUFFICIENT_DATA, ("clock_offset_s",))]
    assert verdicts(judged("F08", "device:panel1", *nothing)) == [(Verdict.INSUFFICIENT_DATA, ("device.heartbeat_s",))]


def test_test_of_a_detector_is_no_fault() -> None:
    tested = replace(at(10, EventType.MANUAL_MODE), test=True)
    told = judged("F06", "device:panel1", events_of(tested), readings_of())
    assert [each.verdict for each in told] == [Verdict.INSUFFICIENT_DATA]


def test_month_of_many_meters_gives_the_few_periods_there_are() -> None:
    many, days = 20, 30
    times = pl.Series("time_ms", range(NOON_MS, NOON_MS + days * DAY_MS, 300_000))
    meters = pl.Series("device", [f"meter{number}" for number in range(many)])
    frame = pl.DataFrame(times).join(pl.DataFrame(meters), how="cross")
    is_high = (pl.col("time_ms") - NOON_MS) % DAY_MS < 3_600_000
    readings = frame.with_columns(
        metric=pl.lit("residual_current_ma"),
        phase=pl.lit(""),
        value=pl.when(is_high & (pl.col("device") == "meter7")).then(400.0).otherwise(120.0),
        quality=pl.lit(0, dtype=pl.UInt8),
        flags=pl.lit(0, dtype=pl.UInt8),
    )
    window = Window(start_ms=NOON_MS, end_ms=NOON_MS + days * DAY_MS)
    found = findings_of(events_of(), readings, measured_site(many), window=window, rules=("L01",))
    faults = [each for each in found if each.verdict is Verdict.FAULT]
    assert {str(each.subject) for each in faults} == {"circuit:c7"}
    assert len(faults) == days
    assert len(found) == many + days


def measured_site(meters: int) -> Registry:
    circuits = [Circuit(id=CircuitId(f"c{number}"), item=CircuitItem.PLUGS) for number in range(meters)]
    devices = [
        Device(
            id=DeviceId(f"meter{number}"),
            placements=(Placement(circuit=circuit.id),),
            metrics=("residual_current_ma",),
            interval_s=300,
        )
        for number, circuit in enumerate(circuits)
    ]
    return replace(
        site_of(),
        circuits={each.id: each for each in circuits},
        devices={each.id: each for each in devices},
    )
