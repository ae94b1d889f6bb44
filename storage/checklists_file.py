"""Checklists as a file: those that come with the program, and a site's own `checklists.yaml` beside its registry."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from rectification.checklists import NO_CLAUSE, Checklist, Checklists, Interval, Line
from sensors.catalogue.model import Confidence
from sensors.documents import MAX_BYTES, DocumentFault, DocumentSyntaxError, MapNode, Place, parse_document
from sensors.errors import InputFault
from sensors.fields import Fields, one_of, slug, words
from sensors.verdicts import Severity
from storage.registry_file import decoded, fault_lines, placed_faults

FILE = "checklists.yaml"
LONGEST_TEXT = 200


class ChecklistFaultsError(InputFault):
    """A file of checklists that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""

    def __init__(self, path: Path, faults: Iterable[DocumentFault]) -> None:
        """Keep the faults beside their text."""
        self.faults = tuple(faults)
        super().__init__("\n".join(fault_lines(path, self.faults)))


@cache
def built_in() -> Checklists:
    """Return the checklists that come with the program."""
    content = (files("storage.checklists") / "built_in.yaml").read_bytes()
    found, _, faults = parse_checklists(content)
    if faults:
        raise ChecklistFaultsError(Path("built_in.yaml"), faults)
    return found


def load_checklists(registry_path: Path) -> Checklists:
    """Return the checklists of a site: the program's, less and more as the file beside its registry says.

    Raises ChecklistFaultsError with every fault, InputFault where the file is not read.
    """
    path = registry_path.parent / FILE
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return built_in()
    except OSError as exc:
        msg = f"{path}: the checklists cannot be read: {exc.strerror}; mend who may read it, or take it away"
        raise InputFault(msg) from exc
    own, withdrawn, faults = parse_checklists(content)
    if faults:
        raise ChecklistFaultsError(path, faults)
    return {name: each for name, each in {**built_in(), **own}.items() if name not in withdrawn}


def parse_checklists(content: bytes) -> tuple[Checklists, frozenset[str], list[DocumentFault]]:
    """Return the checklists of a file, the ids that it withdraws, and every fault in the file's order."""
    try:
        document = parse_document(decoded(content))
    except DocumentSyntaxError as exc:
        return {}, frozenset(), [DocumentFault(path=(), reason=exc.reason, place=exc.place)]
    if not isinstance(document.root, MapNode):
        reason = "must be a mapping that begins with `checklists:`"
        return {}, frozenset(), [DocumentFault(path=(), reason=reason, place=Place(1, 1))]
    faults = list(document.faults)
    root = Fields(document.root, (), faults, "")
    found = [_checklist(fields) for _, fields in root.each("checklists", "checklist")]
    withdrawn = frozenset(root.many("withdrawn", slug))
    _refuse_repeats([each.id for each in found], root, ("checklists",))
    root.finish()
    return {each.id: each for each in found}, withdrawn, placed_faults(document.root, faults)


def _checklist(fields: Fields) -> Checklist:
    identifier = fields.required("id", slug, "")
    lines = tuple(_line(line) for _, line in fields.each("lines", "line"))
    if not lines:
        fields.fail(("lines",), "has no lines; add what is looked at")
    _refuse_repeats([line.id for line in lines], fields, ("lines",))
    return Checklist(
        id=identifier,
        name=fields.name("name", identifier),
        category=fields.name("category", ""),
        interval=fields.required("interval", one_of(Interval), Interval.MONTHLY),
        lines=lines,
    )


def _line(fields: Fields) -> Line:
    identifier = fields.required("id", slug, "")
    if identifier.startswith("item-"):
        fields.fail(("id",), "ids that begin with item- are kept for items that are looked at again; take another")
    line = Line(
        id=identifier,
        text=fields.name("text", identifier),
        severity=fields.optional("severity", one_of(Severity)) or Severity.YELLOW,
        clause=fields.name("clause", "") if fields.has("clause") else NO_CLAUSE,
        source=fields.optional("source", words) or "",
        confidence=fields.optional("confidence", one_of(Confidence)) or Confidence.PROJECT,
    )
    if max(len(line.text.zh), len(line.text.en)) > LONGEST_TEXT:
        fields.fail(("text",), f"has more than {LONGEST_TEXT} characters; say it shorter")
    if line.confidence is Confidence.PROJECT and (line.source or line.clause != NO_CLAUSE):
        fields.fail(("confidence",), "is P, our own choice, which rests on no text; give S, H or U, or no source")
    return line


def _refuse_repeats(ids: list[str], fields: Fields, at: tuple[str, ...]) -> None:
    for position, identifier in enumerate(ids):
        if identifier in ids[:position]:
            fields.fail((*at, position), f"{identifier!r} stands twice; leave one")
