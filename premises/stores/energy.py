"""What an analysis knows of a site's energy besides readings: the file beside the registry, and the bills."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from premises.home import Home
from premises.settings import load_settings
from premises.stores.records import open_records
from sensors.bills import Bill
from sensors.energy_terms import EnergyFacts
from sensors.topology import SiteId
from storage.energy_file import terms_beside
from storage.records import SqlRecords

BillSource = Callable[[SiteId], Sequence[Bill]]
"""Gives the bills of a site."""


def no_bills(_site: SiteId) -> Sequence[Bill]:
    """Return none."""
    return ()


def bills_of_records(records: SqlRecords) -> BillSource:
    """Return the source of the bills of records that are open."""

    def bills(site: SiteId) -> Sequence[Bill]:
        with records.reading() as tx:
            return [each.bill for each in tx.bills(site)]

    return bills


def bills_of_home(home: Home) -> BillSource:
    """Return the source of the bills of a home whose records nobody has opened yet; none where it has no records."""

    def bills(site: SiteId) -> Sequence[Bill]:
        if load_settings(home).records.url is None and not home.records.exists():
            return ()
        with closing(open_records(home)) as records:
            return bills_of_records(records)(site)

    return bills


def energy_facts(registry: Path, site: SiteId, bills: BillSource = no_bills) -> EnergyFacts:
    """Return the terms beside a registry and the bills, which are asked for at most once. Raises InputFault."""
    known: list[Sequence[Bill]] = []

    def once() -> Sequence[Bill]:
        if not known:
            known.append(bills(site))
        return known[0]

    return EnergyFacts(terms=terms_beside(registry), bills=once)
