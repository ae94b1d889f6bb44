"""What people wrote down as an analysis asks for it: from the records, opened only when a rule wants to know."""

from contextlib import closing
from dataclasses import dataclass

import structlog

from alerts.watch.facts import NO_FACTS, Facts, read_facts
from premises.home import Home
from premises.settings import load_settings
from premises.stores.records import open_records
from sensors.readings import from_epoch_ms
from sensors.topology import SiteId
from storage.records import SqlRecords
from storage.records.errors import RecordsError


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """The logs of records that are open."""

    records: SqlRecords

    def facts(self, site: SiteId, *, start_ms: int, end_ms: int) -> Facts:
        """Return what matters to [start_ms, end_ms); not `known` while the records are away."""
        try:
            with self.records.reading() as tx:
                return read_facts(tx, site, since=from_epoch_ms(start_ms), until=from_epoch_ms(end_ms))
        except RecordsError as exc:
            structlog.get_logger(__name__).warning("facts_unknown", reason=str(exc))
            return NO_FACTS


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """The logs of a home whose records nobody has opened yet; nothing is known where it has no records."""

    home: Home

    def facts(self, site: SiteId, *, start_ms: int, end_ms: int) -> Facts:
        """Return what matters to [start_ms, end_ms). Raises InputFault."""
        if load_settings(self.home).records.url is None and not self.home.records.exists():
            return NO_FACTS
        with closing(open_records(self.home)) as records:
            return KeptFacts(records).facts(site, start_ms=start_ms, end_ms=end_ms)
