"""What messages alert: signals go into the spool with their events."""

from contextlib import closing
from pathlib import Path

import pytest

from sensors.intake import SpoolEntry
from sensors.signals import Signal, SignalKind
from tests.ingest.intake import NOW_MS, events_message, pipeline_of, spool_in

FIRE = {"id": "f1", "dev": "panel1", "type": "fire", "state": "active", "zone": "2F", "ts": NOW_MS}


def entry_of(folder: Path, *records: dict[str, object], topic: str = "hq/gw1/events", hist: bool = False) -> SpoolEntry:
    with closing(spool_in(folder)) as spool:
        (entry,) = pipeline_of(spool).process([events_message(*records, topic=topic, hist=hist)])
        return entry


def only(entry: SpoolEntry) -> Signal:
    (signal,) = entry.signals
    return signal


def test_a_fire_from_the_wire_becomes_a_signal(tmp_path: Path) -> None:
    signal = only(entry_of(tmp_path, FIRE))
    assert (signal.kind, signal.rule, str(signal.subject), signal.zone) == (
        SignalKind.ACTIVE,
        "F01",
        "device:panel1",
        "2F",
    )


def test_backfill_and_duplicates_alert_nobody(tmp_path: Path) -> None:
    assert entry_of(tmp_path, FIRE, hist=True).signals == ()
    assert len(entry_of(tmp_path, FIRE, FIRE).signals) == 1


def test_a_fire_from_nowhere_known_alerts_with_its_doubts(tmp_path: Path) -> None:
    signal = only(entry_of(tmp_path, {**FIRE, "dev": "nobody", "test": "perhaps", "ts": "long ago"}))
    assert "unknown_device" in signal.doubts
    assert not signal.test
    assert len(signal.doubts) == 3
    assert only(entry_of(tmp_path, FIRE, topic="annex/gw1/events")).doubts == ("unknown_site",)


def test_a_poison_event_does_not_stop_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("alerts.event_rules.signal", fail)
    entry = entry_of(tmp_path, FIRE)
    assert (len(entry.events), entry.signals) == (1, ())
