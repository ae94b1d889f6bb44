"""Who was told of how much, from what the outbox remembers."""

from contextlib import closing
from pathlib import Path

from alerts.routing import Planned
from storage.spool_deliveries import Told
from storage.spool_told import SpoolTold
from tests.alerts.factories import raised
from tests.memory_records import NOON
from tests.storage.test_spool_deliveries import MINUTE, deliveries_in, new


def planned(channel: str, reason: str) -> Planned:
    return Planned(channel=channel, level=0, due=NOON, reason=reason)


def test_an_alert_counts_once_for_a_contact_and_only_what_arrived_counts(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised(), raised(zone="2F")) as deliveries:
        first, second = new(deliveries)
        deliveries.settle([Told(notice=first, at=NOON, planned=[planned("a", "guard"), planned("b", "guard")])])
        deliveries.settle([Told(notice=second, at=NOON, planned=[planned("a", "everybody"), planned("b", "chief")])])
        deliveries.sent_elsewhere([(first.key, "a"), (first.key, "b"), (second.key, "a")])
        with closing(SpoolTold(tmp_path / "spool.db")) as spool:
            assert spool.told(since=NOON, until=NOON + MINUTE, shared=("everybody",)) == {"guard": [NOON], "a": [NOON]}
            assert spool.told(since=NOON + MINUTE, until=NOON + 2 * MINUTE) == {}
