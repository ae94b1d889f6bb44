"""What commands say to people, in their language: messages by id from `premises/locale`."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class UnknownTextError(KeyError):
    """A message id that the catalogue does not hold."""

    def __init__(self, language: str, key: str) -> None:
        """Say which catalogue lacks what."""
        super().__init__(f"premises/locale/{language}.po has no message {key!r}")


@cache
def catalogue(language: Language) -> Catalog:
    """Return the catalogue of a language."""
    with (files("premises") / "locale" / f"{language}.po").open("rb") as stream:
        return read_po(stream, locale={"zh": "zh_CN", "en": "en"}[language])


@dataclass(frozen=True, slots=True)
class Texts:
    """Says things in one language."""

    language: Language

    def has(self, key: str) -> bool:
        """Say whether there is a message of this id."""
        return catalogue(self.language).get(key) is not None

    def text(self, key: str, /, **parameters: object) -> str:
        """Return a message with its placeholders filled. Raises UnknownTextError."""
        message = catalogue(self.language).get(key)
        if message is None or not isinstance(message.string, str) or not message.string:
            raise UnknownTextError(self.language, key)
        return message.string.format(**parameters)
