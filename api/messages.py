"""The console's texts in one language: messages by id from its catalogue, numbers and times in its manner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal, cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

Language = Literal["zh", "en"]

LANGUAGES: Mapping[Language, str] = {"zh": "zh_CN", "en": "en"}
"""The locale whose numbers and dates go with each catalogue."""

LANGUAGE_TAGS: Mapping[Language, str] = {"zh": "zh-CN", "en": "en"}
"""What HTML says of a page's language."""

NOW = timedelta(seconds=5)
"""What happened less long ago than this happened just now."""


class UnknownMessageError(KeyError):
    """A message id that the catalogue does not hold."""

    def __init__(self, language: str, key: str) -> None:
        """Say which catalogue lacks what."""
        super().__init__(f"api/locale/{language}.po has no message {key!r}")


@cache
def catalogue(language: Language) -> Catalog:
    """Return the catalogue of a language."""
    with (files("api") / "locale" / f"{language}.po").open("rb") as stream:
        return read_po(stream, locale=LANGUAGES[language])


def preferred_language(wanted: str | None, accepted: str = "") -> Language:
    """Return the language chosen before, else the first of an Accept-Language header that we have, else Chinese."""
    if wanted in LANGUAGES:
        return cast("Language", wanted)
    tags = (part.split(";")[0].strip().lower()[:2] for part in accepted.split(","))
    return next((cast("Language", tag) for tag in tags if tag in LANGUAGES), "zh")


@dataclass(frozen=True, slots=True)
class Messages:
    """Says things in one language, at one site's clock."""

    language: Language
    zone: ZoneInfo
    locale: Locale = field(init=False)

    def __post_init__(self) -> None:
        """Open the locale once."""
        object.__setattr__(self, "locale", Locale.parse(LANGUAGES[self.language]))

    @property
    def tag(self) -> str:
        """The language as HTML names it."""
        return LANGUAGE_TAGS[self.language]

    def text(self, key: str, /, **parameters: object) -> str:
        """Return a message with its placeholders filled. Raises UnknownMessageError."""
        return self._forms(key)[0].format(**parameters)

    def count(self, key: str, number: int, /, **parameters: object) -> str:
        """Return a message in the form that goes with a number, which fills `{number}`."""
        forms = self._forms(key)
        singular = len(forms) == 1 or self.locale.plural_form(number) == "one"
        return forms[0 if singular else 1].format(number=self.number(number), **parameters)

    def has(self, key: str) -> bool:
        """Say whether there is a message of this id."""
        return catalogue(self.language).get(key) is not None

    def _forms(self, key: str) -> tuple[str, ...]:
        message = catalogue(self.language).get(key)
        if message is None or not message.string:
            raise UnknownMessageError(self.language, key)
        return (message.string,) if isinstance(message.string, str) else tuple(message.string)

    def number(self, value: float | None, digits: int = 1) -> str:
        """Return a number as one reads it: no decimals it does not need, and none from a thousand on."""
        if value is None:
            return self.text("unknown")
        decimals = "" if abs(value) >= 1000 else "." + "#" * digits  # noqa: PLR2004 - four digits say enough
        return str(format_decimal(value, format=f"#,##0{decimals}", locale=self.locale))

    def joined(self, parts: list[str]) -> str:
        """Return parts as an enumeration."""
        return self.text("list.separator").join(parts)

    def day(self, day: date) -> str:
        """Return a local date with its day of the week."""
        return format_date(day, self.text("format.day"), locale=self.locale)

    def moment(self, time: datetime) -> str:
        """Return a time on the site's clock, to the minute."""
        return format_datetime(time, self.text("format.moment"), tzinfo=self.zone, locale=self.locale)

    def second(self, time: datetime) -> str:
        """Return a time on the site's clock, to the second."""
        return format_datetime(time, self.text("format.second"), tzinfo=self.zone, locale=self.locale)

    def ago(self, time: datetime, now: datetime) -> str:
        """Return how long ago a time is, in words."""
        passed = now - time
        if passed < NOW:
            return self.text("just_now")
        return format_timedelta(-passed, add_direction=True, threshold=1.5, locale=self.locale)
