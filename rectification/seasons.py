"""Items whose rule says nothing at this time of the year: they wait for their season, and are then watched anew."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, tzinfo
from types import MappingProxyType

from rectification.commands import VERIFICATION, moved
from rectification.model import Item, ItemAction, ItemState, judged_since
from rectification.ports import ItemTransaction
from rectification.verification import Checked, NotYet, Reason, evidence
from sensors.clock import Clock
from sensors.seasons import Season, conditioned_season
from sensors.topology import Site

SEASONS: Mapping[str, Season] = MappingProxyType({"E06": Season.SUMMER, "E07": Season.WINTER})
"""The rules that judge the days of one season."""

EITHER_SEASON = frozenset({"A05", "A06"})
"""The rules that judge both, by other limits: cold in winter is proven mended in a winter."""

MOST_ITEMS = 100_000


def season_of(item: Item, site: Site, zone: tzinfo) -> Season | None:
    """Return the season in which an item can be proven; None where its rule knows none."""
    if item.rule in EITHER_SEASON:
        return conditioned_season(site, item.fault_from.astimezone(zone).date())
    return SEASONS.get(item.rule)


def await_seasons(tx: ItemTransaction, *, site: Site, zone: tzinfo, clock: Clock) -> tuple[Item, ...]:
    """Return the items left to wait at once: it is not their season, and was not when they were reported done."""
    today = clock.now().astimezone(zone).date()
    waiting = [item for item in tx.items(open_only=True, limit=MOST_ITEMS) if item.state is ItemState.REPORTED_DONE]
    return tuple(
        moved(tx, item, ItemAction.AWAIT_SEASON, actor=VERIFICATION, clock=clock)
        for item in waiting
        if _is_out(item, today, site, zone) and _is_out(item, _judged_from(item, zone), site, zone)
    )


def await_unjudged(
    tx: ItemTransaction, checked: Iterable[Checked], *, site: Site, zone: tzinfo, clock: Clock
) -> tuple[Item, ...]:
    """Return the items left to wait because their season ended before their window did: the rule applied no more."""
    today = clock.now().astimezone(zone).date()
    return tuple(
        moved(tx, each.item, ItemAction.AWAIT_SEASON, actor=VERIFICATION, clock=clock, evidence=evidence(each.outcome))
        for each in checked
        if isinstance(each.outcome, NotYet)
        and each.outcome.reason is Reason.NOT_APPLICABLE
        and _is_out(each.item, today, site, zone)
        and tx.item(each.item.id) == each.item
    )


def resume_seasons(tx: ItemTransaction, *, site: Site, zone: tzinfo, clock: Clock) -> tuple[Item, ...]:
    """Return the items whose season has begun; their window counts from now."""
    now = clock.now()
    today = now.astimezone(zone).date()
    waiting = [item for item in tx.items(open_only=True, limit=MOST_ITEMS) if item.state is ItemState.AWAITING_SEASON]
    return tuple(
        moved(tx, replace(item, judged_from=now), ItemAction.RESUME, actor=VERIFICATION, clock=clock)
        for item in waiting
        if not _is_out(item, today, site, zone)
    )


def _is_out(item: Item, day: date, site: Site, zone: tzinfo) -> bool:
    season = season_of(item, site, zone)
    return season is not None and conditioned_season(site, day) is not season


def _judged_from(item: Item, zone: tzinfo) -> date:
    return (judged_since(item) or item.opened).astimezone(zone).date()
