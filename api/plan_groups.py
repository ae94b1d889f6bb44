"""The groups of items that are proposed for plans, as API and console show them."""

from collections.abc import Sequence

from api.ports import RecordsTransaction, Services
from rectification.grouping import Group, groups

LOOKED_AT = 2_000
"""Open items that are grouped; more than that is a ledger that nobody made plans of for years."""


def proposed_groups(services: Services, tx: RecordsTransaction) -> Sequence[Group]:
    """Return the groups, the largest first."""
    items = tx.items(open_only=True, limit=LOOKED_AT)
    return groups(items, tx.particulars_of([item.id for item in items]), services.registry())
