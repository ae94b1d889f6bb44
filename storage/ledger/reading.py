"""A ledger becomes a registry: its sheets over what the registry holds, checked whole, every fault with its cell.

A sheet is the whole list of its section, a section without a sheet stays as it is, and so does a field without a
column. Official ledgers have names where the registry has ids; a name that only one entry has means it, and people,
units and buildings that a ledger of rooms names for the first time are made.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sensors.documents import DocumentFault, ListNode, MapNode, Node, Place, ScalarNode, locate
from sensors.registry_faults import SECTIONS
from sensors.registry_text import registry_document
from sensors.topology import Registry
from storage.ledger.cells import CellError, at_key, node_of, placed, split
from storage.ledger.columns import HOLDERS_RANK, SHEETS, USE, USES, Column, Kind
from storage.ledger.headings import Row, Section, section_of
from storage.ledger.names import PREFIXES, Known, Made, is_a_name
from storage.ledger.raw import CellFault, RawBook, read_book
from storage.registry_file import registry_of

NOWHERE = Place(1, 1)
"""Of what the registry held before; its faults name no cell."""
_ENTRY_STEPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLedger:
    """The registry that a ledger makes, None where there are faults; and what a reader should know besides."""

    registry: Registry | None
    faults: tuple[CellFault, ...]
    notes: tuple[str, ...]


def read_ledger(path: Path, base: Registry | None, *, keep_unlisted: bool = False) -> ReadLedger:
    """Return what a workbook makes of a registry. Raises WorkbookFault where it cannot be read at all."""
    raw = read_book(path)
    sections = [(sheet, section_of(sheet)) for sheet in raw.sheets]
    reading = _Reading(base, [each for _, each in sections if each is not None], keep_unlisted=keep_unlisted)
    registry, faults = reading.registry()
    all_faults = (*raw.faults, *faults)
    order = {sheet.title: number for number, sheet in enumerate(raw.sheets)}
    unread = [sheet.title for sheet, each in sections if each is None and sheet.rows]
    if len(unread) == len(sections):
        no_ledger = "no sheet is a part of a registry; `premises registry export --format xlsx` shows how they look"
        all_faults = (*raw.faults, CellFault(sheet="", place=NOWHERE, reason=no_ledger))
    return ReadLedger(
        registry=None if all_faults else registry,
        faults=tuple(sorted(all_faults, key=lambda fault: (order.get(fault.sheet, len(order)), fault.place))),
        notes=(*_notes(raw, unread), *reading.notes),
    )


def _notes(raw: RawBook, unread: list[str]) -> Iterator[str]:
    for title in unread:
        yield f"the sheet {title!r} is not read"
    if raw.formulas:
        yield f"{raw.formulas} cells hold formulas; the values stored beside them were taken, none was worked out"


@dataclass(slots=True)
class _Listed:
    """An entry of the document and the sheet that it stands in, none where the registry held it before."""

    node: MapNode
    sheet: str = ""
    columns: Mapping[str, int] = field(default_factory=dict)


class _Reading:
    """One pass over a workbook."""

    def __init__(self, base: Registry | None, sections: list[Section], *, keep_unlisted: bool) -> None:
        self.faults = [fault for section in sections for fault in section.faults]
        self.notes = [note for section in sections for note in section.notes]
        self._base: Mapping[str, object] = {} if base is None else registry_document(base)
        self._keep_unlisted = keep_unlisted
        self._rows: dict[str, list[Row]] = {}
        for section in sections:
            self._rows.setdefault(section.plan.section, []).extend(section.rows)
        self._known = {section: Known(section) for section in SECTIONS}
        self._made: list[Made] = []
        self._ranks: dict[str, tuple[ScalarNode, str]] = {}
        self._identifiers: dict[tuple[str, str, int], str] = {}

    def registry(self) -> tuple[Registry | None, list[CellFault]]:
        """Return the registry, or None with every fault."""
        for section in SECTIONS:
            self._note_entries(section)
        listed = {section: self._entries(section) for section in reversed(SECTIONS)}
        for made in self._made:
            node = placed(made.entry(), made.place)
            if isinstance(node, MapNode):
                listed[made.section].append(_Listed(node, made.sheet))
        self._rank(listed["people"])
        site = self._site()
        root = _root(site, listed)
        registry, faults = registry_of(root)
        told = [_told(root, site, listed, fault) for fault in faults]
        return registry, [*self.faults, *told]

    def _note_entries(self, section: str) -> None:
        """Take note of the ids and names of a section, and give an id to what a ledger names without one."""
        known = self._known[section]
        rows = self._rows.get(section)
        if rows is None or self._keep_unlisted:
            for entry in self._held(section).values():
                known.add(str(entry["id"]), _names(entry), _unit(entry))
        before = self._held(section)
        earlier = Known(section)
        for identifier, entry in before.items():
            earlier.add(identifier, _names(entry), _unit(entry))
        written = {row.cells["id"].text for row in rows or () if "id" in row.cells}
        known.ids |= written
        for row in rows or ():
            identifier = self._identifier(section, row, earlier)
            self._identifiers[section, row.sheet, row.number] = identifier
            names = [row.cells[key].text for key in ("name.zh", "name.en", "name") if key in row.cells]
            known.add(identifier, names, self._first("departments", row, "department"))

    def _identifier(self, section: str, row: Row, earlier: Known) -> str:
        if "id" in row.cells:
            return row.cells["id"].text
        if section not in PREFIXES:
            return ""
        name = next((row.cells[key].text for key in ("name.zh", "name", "name.en") if key in row.cells), "")
        if section == "rooms":
            building = self._first("buildings", row, "building") or ""
            return self._held_room(building, row, name) or self._known[section].new_id(f"{building}-{name}")
        meant = earlier.meant(name, self._first("departments", row, "department"))
        taken = self._known[section].ids
        return next((each for each in meant if each not in taken), "") or self._known[section].new_id()

    def _held_room(self, building: str, row: Row, name: str) -> str | None:
        floor = row.cells["floor"].text if "floor" in row.cells else ""
        for identifier, room in self._held("rooms").items():
            if (room.get("building"), room.get("floor")) == (building, floor) and name in _names(room):
                return identifier
        return None

    def _held(self, section: str) -> dict[str, Mapping[str, object]]:
        entries = self._base.get(section, [])
        return {str(each["id"]): each for each in entries} if isinstance(entries, list) else {}

    def _entries(self, section: str) -> list[_Listed]:
        rows = self._rows.get(section)
        held = self._held(section)
        listed = [self._entry(section, row, held) for row in rows or ()]
        written = {self._identifiers[section, row.sheet, row.number] for row in rows or ()}
        kept = [each for name, each in held.items() if rows is None or (self._keep_unlisted and name not in written)]
        nodes = [placed(each, NOWHERE) for each in kept]
        return [*(_Listed(node) for node in nodes if isinstance(node, MapNode)), *listed]

    def _site(self) -> _Listed | None:
        rows = self._rows.get("site")
        if rows:
            return self._entry(
                "site", rows[0], {str(_mapping(self._base, "site").get("id")): _mapping(self._base, "site")}
            )
        node = placed(self._base["site"], NOWHERE) if "site" in self._base else None
        return _Listed(node) if isinstance(node, MapNode) else None

    def _entry(self, section: str, row: Row, held: Mapping[str, Mapping[str, object]]) -> _Listed:
        identifier = self._identifiers.get((section, row.sheet, row.number)) or (
            row.cells["id"].text if "id" in row.cells else ""
        )
        before = held.get(identifier, {})
        fields: dict[str, Node] = {}
        for column in SHEETS[section].columns:
            node = self._field(section, row, column, before)
            if node is not None:
                _put(fields, column.key, node, row.place)
        if identifier and "id" not in row.cells:
            fields["id"] = ScalarNode(row.place, identifier, quoted=True)
        return _Listed(MapNode(row.place, fields, _places(fields)), row.sheet, row.columns)

    def _field(self, section: str, row: Row, column: Column, before: Mapping[str, object]) -> Node | None:
        if column.key in {HOLDERS_RANK, USE}:
            return None
        cell = row.cells.get(column.key)
        if column.key in {"category", "subtype"} and cell is None and USE in row.cells:
            return self._of_use(row, column.key)
        if cell is None:
            value = None if column.key in row.columns else at_key(before, column.key)
            return None if value is None else placed(value, row.place)
        try:
            node = node_of(column, cell.text, cell.place)
        except CellError as exc:
            self._fail(row, cell.place, str(exc))
            return None
        if column.section is not None:
            node = self._meant(column, node, row)
        if section == "rooms" and column.key == "holders":
            self._note_ranks(row, node)
        return node

    def _of_use(self, row: Row, key: str) -> Node | None:
        cell = row.cells[USE]
        if cell.text not in USES:
            if key == "category":
                self._fail(row, cell.place, f"use {cell.text!r} is not known; write one of {', '.join(USES)}")
            return None
        category, subtype = USES[cell.text]
        word = category if key == "category" else subtype
        return None if word is None else ScalarNode(cell.place, word, quoted=True)

    def _meant(self, column: Column, node: Node, row: Row) -> Node:
        """Return a node with ids where a person wrote names."""
        if column.kind is Kind.SHARES and isinstance(node, ListNode):
            return ListNode(node.place, tuple(self._share(each, row) for each in node.items))
        if isinstance(node, ListNode):
            return ListNode(node.place, tuple(self._meant(column, each, row) for each in node.items))
        if not isinstance(node, ScalarNode) or column.section is None:
            return node
        return ScalarNode(node.place, self._id_of(column.section, node.text, row, node.place), quoted=True)

    def _share(self, node: Node, row: Row) -> Node:
        unit = node.entries.get("department") if isinstance(node, MapNode) else None
        if not isinstance(node, MapNode) or not isinstance(unit, ScalarNode):
            return node
        meant = ScalarNode(unit.place, self._id_of("departments", unit.text, row, unit.place), quoted=True)
        return MapNode(node.place, {**node.entries, "department": meant}, node.keys)

    def _first(self, section: str, row: Row, key: str) -> str | None:
        cell = row.cells.get(key)
        return None if cell is None else self._id_of(section, cell.text, row, cell.place, complain=False)

    def _id_of(self, section: str, text: str, row: Row, place: Place, *, complain: bool = True) -> str:
        """Return the id that a text means; itself where it means none, so that the registry's checks tell."""
        known = self._known[section]
        unit = self._first("departments", row, "department") if section == "people" else None
        meant = known.meant(text, unit)
        if len(meant) == 1:
            return meant[0]
        if meant:
            if complain:
                self._fail(row, place, f"{text} can be {' or '.join(meant)}; write the id")
            return meant[0]
        if section in self._rows or section not in PREFIXES or section == "rooms" or not is_a_name(text):
            return text
        made = Made(section=section, identifier=known.new_id(), name=text, sheet=row.sheet, place=place, unit=unit)
        known.add(made.identifier, [text], unit)
        self._made.append(made)
        return made.identifier

    def _note_ranks(self, row: Row, holders: Node) -> None:
        cell = row.cells.get(HOLDERS_RANK)
        if cell is None or not isinstance(holders, ListNode) or "people" in self._rows:
            return
        ranks = split(cell.text)
        if len(ranks) not in {1, len(holders.items)}:
            self._fail(row, cell.place, f"{len(ranks)} ranks for {len(holders.items)} people; write one for each")
            return
        people = [each.text for each in holders.items if isinstance(each, ScalarNode)]
        for person, rank in zip(people, ranks * len(people) if len(ranks) == 1 else ranks, strict=True):
            self._ranks[person] = (ScalarNode(cell.place, rank, quoted=True), row.sheet)

    def _rank(self, people: list[_Listed]) -> None:
        """Put the ranks that a ledger of rooms tells beside those who hold them."""
        for number, person in enumerate(people):
            identifier = person.node.entries["id"]
            found = self._ranks.get(identifier.text) if isinstance(identifier, ScalarNode) else None
            if found is not None:
                rank, sheet = found
                entries = {**person.node.entries, "rank": rank}
                people[number] = _Listed(MapNode(person.node.place, entries, _places(entries)), person.sheet or sheet)

    def _fail(self, row: Row, place: Place, reason: str) -> None:
        fault = CellFault(sheet=row.sheet, place=place, reason=reason)
        if fault not in self.faults:
            self.faults.append(fault)


def _root(site: _Listed | None, listed: Mapping[str, list[_Listed]]) -> MapNode:
    entries: dict[str, Node] = {} if site is None else {"site": site.node}
    for section in SECTIONS:
        entries[section] = ListNode(NOWHERE, tuple(each.node for each in listed[section]))
    return MapNode(NOWHERE, entries, dict.fromkeys(entries, NOWHERE))


def _told(root: MapNode, site: _Listed | None, listed: Mapping[str, list[_Listed]], fault: DocumentFault) -> CellFault:
    """Return a fault of the registry as one of the cell that it came from."""
    entry = site if fault.path[:1] == ("site",) else _of_path(listed, fault)
    if entry is None or not entry.sheet:
        kept = " (in the registry as it is; the ledger has no sheet for it)" if entry is not None else ""
        return CellFault(sheet="", place=NOWHERE, reason=fault.reason + kept)
    place = locate(root, fault.path)
    steps = [step for step in fault.path if isinstance(step, str)]
    column = entry.columns.get(".".join(steps[1:])) or entry.columns.get(steps[-1])
    if place == entry.node.place and column is not None:
        place = Place(place.line, column)
    first = f" (the first is in row {locate(root, fault.other).line})" if fault.other is not None else ""
    return CellFault(sheet=entry.sheet, place=place, reason=fault.reason + first)


def _of_path(listed: Mapping[str, list[_Listed]], fault: DocumentFault) -> _Listed | None:
    if len(fault.path) < _ENTRY_STEPS or not isinstance(fault.path[1], int):
        return None
    return listed[str(fault.path[0])][fault.path[1]]


def _put(fields: dict[str, Node], key: str, node: Node, place: Place) -> None:
    outer, _, inner = key.partition(".")
    if not inner:
        fields[outer] = node
        return
    held = fields.get(outer)
    entries = {**(held.entries if isinstance(held, MapNode) else {}), inner: node}
    fields[outer] = MapNode(place, entries, _places(entries))


def _places(entries: Mapping[str, Node]) -> dict[str, Place]:
    return {name: node.place for name, node in entries.items()}


def _mapping(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = document.get(name, {})
    return found if isinstance(found, Mapping) else {}


def _names(entry: Mapping[str, object]) -> list[object]:
    name = entry.get("name")
    return list(name.values()) if isinstance(name, Mapping) else [name]


def _unit(entry: Mapping[str, object]) -> str | None:
    unit = entry.get("department")
    return unit if isinstance(unit, str) else None
