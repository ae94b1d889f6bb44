"""What one edited cell of a ledger means: a value of the item, or why it is refused."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any

from premises.plan_papers.gathering import namer, workers
from premises.plan_papers.ledger import levels
from rectification.particulars import DeadlineKind, place_of
from reports.ledger import Wording
from reports.ledger_columns import LedgerColumn
from sensors.accounts import Account
from sensors.subjects import Subject, SubjectKind
from sensors.topology import DepartmentId, Registry
from sensors.verdicts import Severity

_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_BETWEEN = re.compile(r"[;；,，、\n]")
MOST_NAMED = 12
"""So many are named where a word is none of them."""

TEXTS: Mapping[LedgerColumn, str] = MappingProxyType(
    {
        LedgerColumn.LOCATION: "location",
        LedgerColumn.CATEGORY: "category",
        LedgerColumn.PROBLEM: "problem",
        LedgerColumn.CLAUSE: "clause",
        LedgerColumn.GOAL: "goal",
        LedgerColumn.MEASURE: "measure",
        LedgerColumn.RESULT: "result",
        LedgerColumn.REMARK: "remark",
    }
)
"""The columns of free text, with the field that each writes."""

Fields = Mapping[str, Any]


class CellRefusedError(Exception):
    """A cell that is not taken; `why` says what to write, in the ledger's language."""

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class CellReader:
    """Reads cells in the ledger's language, by the registry and the people as they are today."""

    wording: Wording
    accounts: Sequence[Account]
    today: date

    def fields(self, column: LedgerColumn, text: str) -> Fields:
        """Return the fields of an item that a cell writes. Raises CellRefusedError."""
        if column in TEXTS:
            return {TEXTS[column]: text}
        return self._readers[column](text)

    def level(self, text: str) -> Severity:
        """Return how grave. Raises CellRefusedError."""
        known = levels(self.wording)
        if text not in known:
            raise self.refusal(key="refused.level_word", text=text, known=_named(list(known)))
        return known[text]

    def subject(self, text: str) -> Subject:
        """Return the room or building that a place names; the site where it names none."""
        return self._places.get(text, Subject(SubjectKind.SITE, self._registry.site.id))

    def day(self, text: str) -> date:
        """Return a date. Raises CellRefusedError."""
        found = _DATE.fullmatch(text.strip())
        try:
            return date(*map(int, found.groups())) if found else date.fromisoformat(text)
        except ValueError as exc:
            raise self.refusal(key="refused.date", text=text) from exc

    def refusal(self, *, key: str, **parameters: object) -> CellRefusedError:
        """Return a refusal in words."""
        return CellRefusedError(self.wording.text(key, **parameters))

    @property
    def _registry(self) -> Registry:
        return self.wording.registry

    @cached_property
    def _readers(self) -> Mapping[LedgerColumn, Callable[[str], Fields]]:
        return {
            LedgerColumn.UNIT: lambda text: {"unit": self._unit(text) if text else None},
            LedgerColumn.HELPERS: lambda text: {"helpers": tuple(self._unit(part) for part in _parts(text))},
            LedgerColumn.RESPONSIBLE: lambda text: {"responsible": self._person(text)},
            LedgerColumn.LEADER: lambda text: {"leader": self._leader(text)},
            LedgerColumn.FUNDS: lambda text: {"funds_yuan": self._funds(text)},
            LedgerColumn.PROGRESS: lambda text: {"progress_pct": self._percent(text)},
            LedgerColumn.DEADLINE: self._deadline,
        }

    @cached_property
    def _places(self) -> Mapping[str, Subject]:
        registry = self._registry
        subjects = [Subject(SubjectKind.BUILDING, each) for each in registry.buildings]
        subjects += [Subject(SubjectKind.ROOM, each.id) for each in registry.rooms.values() if not each.restricted]
        language = self.wording.messages.language
        return {place_of(subject, registry).in_language(language): subject for subject in subjects}

    def _unit(self, text: str) -> DepartmentId:
        for department in self._registry.departments.values():
            if text in {department.id, department.name.zh, department.name.en}:
                return department.id
        known = _named([self.wording.unit(each) for each in self._registry.departments])
        raise self.refusal(key="refused.unit", text=text, known=known)

    def _person(self, text: str) -> str:
        """Return the account that a name means."""
        if not text:
            raise self.refusal(key="refused.needed")
        shown = namer(self.accounts)
        found = [each for each in self.accounts if text in {shown(each.id), each.name, each.user_name}]
        standing = [each for each in found if each in workers(self.accounts)]
        if len(standing) > 1:
            raise self.refusal(key="refused.several", text=text)
        self._must_be_here(text, found)
        if not standing:
            known = _named([shown(each.id) for each in workers(self.accounts)])
            raise self.refusal(key="refused.closed" if found else "refused.nobody", text=text, name=text, known=known)
        return standing[0].id

    def _must_be_here(self, text: str, found: Sequence[Account]) -> None:
        """Refuse who retired or was moved, whether the account was closed or not."""
        linked = {account.person for account in found}
        for person in self._registry.people.values():
            is_meant = person.id in linked or (not found and person.name == text)
            if is_meant and person.left is not None and person.left <= self.today:
                raise self.refusal(key="refused.left", name=text, day=person.left.isoformat())

    def _leader(self, text: str) -> str:
        """Return the account where the name is one's, else the name: a leader need not have an account."""
        shown = namer(self.accounts)
        found = [each for each in self.accounts if text in {shown(each.id), each.name} and each.disabled is None]
        self._must_be_here(text, found)
        return found[0].id if len(found) == 1 else text

    def _funds(self, text: str) -> float | None:
        bare = text.replace(",", "").replace("，", "").removesuffix("元").strip()
        if not bare:
            return None
        try:
            amount = float(bare)
        except ValueError as exc:
            raise self.refusal(key="refused.funds", text=text) from exc
        if not 0 <= amount < float("inf"):
            raise self.refusal(key="refused.funds", text=text)
        return amount

    def _percent(self, text: str) -> int | None:
        bare = text.removesuffix("%").removesuffix("％").strip()
        if not bare:
            return None
        if not (bare.isascii() and bare.isdigit() and int(bare) <= 100):  # noqa: PLR2004 - a percentage
            raise self.refusal(key="refused.percent", text=text)
        return int(bare)

    def _deadline(self, text: str) -> Fields:
        """Return kind and date; of something long-term there need be no date, at once keeps the date there is."""
        words = {self.wording.text(f"deadline.{kind}"): kind for kind in DeadlineKind}
        word = next((each for each in words if text.startswith(each)), "")
        kind, rest = words.get(word, DeadlineKind.BY_DATE), text.removeprefix(word).strip(" :：")
        if rest:
            return {"deadline_kind": kind, "deadline": self.day(rest)}
        if kind is DeadlineKind.BY_DATE:
            raise self.refusal(key="refused.date_missing")
        return {"deadline_kind": kind} | ({"deadline": None} if kind is DeadlineKind.LONG_TERM else {})


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def _named(words: Sequence[str]) -> str:
    more = ", …" if len(words) > MOST_NAMED else ""
    return ", ".join(words[:MOST_NAMED]) + more
