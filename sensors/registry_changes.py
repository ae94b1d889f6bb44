"""What becomes different when one registry takes another's place."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from sensors.registry_faults import SECTIONS
from sensors.topology import Registry

SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of the entries of one section: ids, and for the changed ones the fields that differ."""

    section: str
    added: tuple[str, ...] = ()
    changed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    removed: tuple[str, ...] = ()


def changes(before: Registry | None, after: Registry) -> tuple[Change, ...]:
    """Return what differs, section by section; sections in which nothing does are left out."""
    found = [_site(before, after), *(_section(name, before, after) for name in SECTIONS)]
    return tuple(each for each in found if each.added or each.changed or each.removed)


def lines(found: tuple[Change, ...]) -> Iterator[str]:
    """Yield one line per entry: `+ rooms a-201`, `~ rooms a-202: usable_area_m2`, `- rooms a-203`."""
    for each in found:
        yield from (f"+ {each.section} {entry}" for entry in each.added)
        yield from (f"~ {each.section} {entry}: {', '.join(names)}" for entry, names in each.changed)
        yield from (f"- {each.section} {entry}" for entry in each.removed)


def _site(before: Registry | None, after: Registry) -> Change:
    if before is None:
        return Change(section=SITE, added=(after.site.id,))
    names = _differing(before.site, after.site)
    return Change(section=SITE, changed=((after.site.id, names),) if names else ())


def _section(section: str, before: Registry | None, after: Registry) -> Change:
    old = {} if before is None else getattr(before, section)
    new = getattr(after, section)
    both = {entry: _differing(old[entry], new[entry]) for entry in new if entry in old}
    return Change(
        section=section,
        added=tuple(entry for entry in new if entry not in old),
        changed=tuple((entry, names) for entry, names in both.items() if names),
        removed=tuple(entry for entry in old if entry not in new),
    )


def _differing(one: object, two: object) -> tuple[str, ...]:
    names = (each.name for each in fields(one))  # type: ignore[arg-type] # every entry is a dataclass
    return tuple(name for name in names if getattr(one, name) != getattr(two, name))
