"""An official document (公文) as values: headings in three levels, text, attachments; all formats are made from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from reports.messages import Language
from reports.paper import PaperTable


class Level(IntEnum):
    """What a paragraph is: text, or a heading of a level: 一、 then (一) then 1. (GB/T 9704-2012, 7.3.3)."""

    TEXT = 0
    FIRST = 1
    SECOND = 2
    THIRD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One paragraph."""

    text: str
    level: Level = Level.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialPaper:
    """A whole document. `attachments` follow on pages of their own, lying on their side."""

    language: Language
    title: str
    blocks: Sequence[Block]
    issuer: str
    dated: str
    attachment_note: str
    attachments: Sequence[PaperTable]


_DIGITS = "零一二三四五六七八九"
_TEN = 10


def numbered(language: Language, level: Level, number: int) -> str:
    """Return what stands before a heading of a level: 一、 (一) 1. in Chinese, 1. (1) a. in English."""
    if language == "en":
        forms = {Level.FIRST: f"{number}. ", Level.SECOND: f"({number}) ", Level.THIRD: f"{_letters(number)}. "}
    else:
        words = chinese_number(number)
        forms = {Level.FIRST: f"{words}、", Level.SECOND: f"（{words}）", Level.THIRD: f"{number}．"}
    return forms[level]


def chinese_number(number: int) -> str:
    """Return a number from 1 to 99 in Chinese words; others in digits."""
    tens, ones = divmod(number, _TEN)
    if not 0 < number < _TEN * _TEN:
        return str(number)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return f"{head}{_DIGITS[ones] if ones else ''}"


def _letters(number: int) -> str:
    """Return a, b … z, then aa, ab and so on."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


class Outline:
    """Puts a document together and counts its headings."""

    def __init__(self, language: Language) -> None:
        """Begin with nothing."""
        self._language: Language = language
        self._counts = dict.fromkeys((Level.FIRST, Level.SECOND, Level.THIRD), 0)
        self.blocks: list[Block] = []

    def head(self, level: Level, text: str) -> None:
        """Add a heading, numbered; those below it begin anew."""
        self._counts[level] += 1
        for below in self._counts:
            if below > level:
                self._counts[below] = 0
        before = numbered(self._language, level, self._counts[level])
        self.blocks.append(Block(text=f"{before}{text}", level=level))

    def text(self, text: str) -> None:
        """Add a paragraph for each line."""
        self.blocks.extend(Block(text=line.strip()) for line in text.splitlines() if line.strip())
