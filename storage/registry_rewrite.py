"""A registry file that says something new and keeps what people wrote around it.

Entries that stay as they are keep their text, with the comments in and before them; changed ones are written anew, one
a line; new ones go to the end of their list. The result is read back and must say what it should, else the whole file
is written anew. Which comments that costs is told beforehand.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from sensors.documents import DocumentSyntaxError
from sensors.registry_faults import SECTIONS
from sensors.registry_text import document_text, flow, registry_document
from sensors.topology import Registry
from storage.registry_file import decoded, parse_registry

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """The new text, and the comments of the old one that are not in it."""

    text: str
    lost: tuple[str, ...]


def rewritten(content: bytes | None, after: Registry) -> Rewritten:
    """Return the text of a registry in the place of what a file holds; None where there is no file."""
    document = registry_document(after)
    anew = document_text(document)
    try:
        text = "" if content is None else decoded(content)
    except DocumentSyntaxError:
        text = ""
    before = None if content is None else parse_registry(content)[0]
    if before is None:
        return Rewritten(text=anew, lost=tuple(comments(text)))
    edited = _edited(text, registry_document(before), document)
    chosen = edited if parse_registry(edited.encode())[0] == after else anew
    kept = list(comments(chosen))
    lost = []
    for comment in comments(text):
        if comment in kept:
            kept.remove(comment)
        else:
            lost.append(comment)
    return Rewritten(text=chosen, lost=tuple(lost))


def comments(text: str) -> Iterator[str]:
    """Yield the comments of a YAML text in its order; none of one that is not YAML."""
    try:
        spans = [
            (token.start_mark.index, token.end_mark.index)
            for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            if isinstance(token, yaml.ScalarToken)
        ]
    except yaml.YAMLError:
        return
    bare, at = [], 0
    for start, end in spans:  # what looks like a comment within a text is none
        bare += [text[at:start], "x" * (end - start)]
        at = end
    for found in _COMMENT.finditer("".join([*bare, text[at:]])):
        yield found.group().strip()


def _edited(text: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return the text with the sections that differ edited; sections that are new at the end."""
    chunks = _sections(text)
    done = []
    for name, chunk in chunks:
        if name is None or before.get(name) == after.get(name):
            done.append(chunk)
        elif name == "site" or name not in after:
            done.append(document_text({name: after[name]}) if name in after else "")
        else:
            done.append(_edited_section(name, chunk, _by_id(before.get(name)), _by_id(after[name])))
    there = {name for name, _ in chunks}
    new = {name: after[name] for name in SECTIONS if name in after and name not in there}
    joined = "".join(done)
    return joined + ("" if joined.endswith("\n") or not joined else "\n") + (document_text(new) if new else "")


def _sections(text: str) -> list[tuple[str | None, str]]:
    """Return the file in pieces: what stands before the first key, then each key with what follows it.

    Comments right above a key belong to it.
    """
    lines = text.splitlines(keepends=True)
    heads = [number for number, line in enumerate(lines) if re.match(r"[A-Za-z_]+\s*:", line)]
    starts = [_above(lines, head, "") for head in heads]
    pieces: list[tuple[str | None, str]] = [(None, "".join(lines[: starts[0]]))] if starts else [(None, text)]
    for head, start, end in zip(heads, starts, [*starts[1:], len(lines)], strict=True):
        pieces.append((lines[head].split(":")[0].strip(), "".join(lines[start:end])))
    return pieces


def _above(lines: list[str], line: int, indent: str) -> int:
    """Return where the comments begin that stand right above a line, as far in as it."""
    while line > 0 and lines[line - 1].startswith(f"{indent}#"):
        line -= 1
    return line


def _edited_section(name: str, chunk: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return a block list with its unchanged entries as they were written; one in brackets is written anew."""
    lines = chunk.splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if re.match(r"\s*- ", line)), None)
    if first is None or len(before) != _items(lines, lines[first]):
        return "".join(line for line in lines if line.startswith("#")) + document_text({name: list(after.values())})
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    heads = [number for number, line in enumerate(lines) if line.startswith(f"{indent}- ")]
    starts = [_above(lines, head, indent) for head in heads]
    done = ["".join(lines[: starts[0]])]
    for identifier, start, end in zip(before, starts, [*starts[1:], len(lines)], strict=True):
        if before[identifier] == after.get(identifier):
            done.append("".join(lines[start:end]))
        elif identifier in after:
            done.append(f"{indent}- {flow(after[identifier])}\n")
    ended = "".join(done)
    ended += "" if ended.endswith("\n") else "\n"
    return ended + "".join(f"{indent}- {flow(entry)}\n" for name, entry in after.items() if name not in before)


def _items(lines: list[str], first: str) -> int:
    indent = first[: len(first) - len(first.lstrip())]
    return sum(line.startswith(f"{indent}- ") for line in lines)


def _by_id(entries: object) -> dict[str, object]:
    return {str(entry["id"]): entry for entry in entries} if isinstance(entries, list) else {}
