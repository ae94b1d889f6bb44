"""The texts of one language: messages by id from its catalogue, numbers and dates in its manner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_interval
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

Language = Literal["zh", "en"]

LANGUAGES: Mapping[Language, str] = {"zh": "zh_CN", "en": "en"}
"""The locale whose numbers and dates go with each catalogue."""

ONE_DAY = timedelta(days=1)


class UnknownMessageError(KeyError):
    """A message id that the catalogue does not hold."""

    def __init__(self, language: str, key: str) -> None:
        """Say which catalogue lacks what."""
        super().__init__(f"reports/locale/{language}.po has no message {key!r}")


@cache
def catalogue(language: Language) -> Catalog:
    """Return the catalogue of a language."""
    with (files("reports") / "locale" / f"{language}.po").open("rb") as stream:
        return read_po(stream, locale=LANGUAGES[language])


@dataclass(frozen=True, slots=True)
class Messages:
    """Says things in one language, at one site's clock."""

    language: Language
    zone: ZoneInfo
    locale: Locale = field(init=False)

    def __post_init__(self) -> None:
        """Open the locale once."""
        object.__setattr__(self, "locale", Locale.parse(LANGUAGES[self.language]))

    def text(self, key: str, /, **parameters: object) -> str:
        """Return a message with its placeholders filled. Raises UnknownMessageError."""
        return str(self._forms(key)[0]).format(**parameters)

    def count(self, key: str, number: int, /, **parameters: object) -> str:
        """Return a message in the form that goes with a number, which fills `{number}`."""
        forms = self._forms(key)
        singular = len(forms) == 1 or self.locale.plural_form(number) == "one"
        return str(forms[0 if singular else 1]).format(number=self.number(number, 0), **parameters)

    def has(self, key: str) -> bool:
        """Say whether there is a message of this id."""
        return catalogue(self.language).get(key) is not None

    def _forms(self, key: str) -> tuple[str, ...]:
        message = catalogue(self.language).get(key)
        if message is None or not message.string:
            raise UnknownMessageError(self.language, key)
        return (message.string,) if isinstance(message.string, str) else tuple(message.string)

    def number(self, value: float | None, digits: int = 1) -> str:
        """Return a number with so many decimals; what is not known is said to be unknown."""
        if value is None:
            return self.text("unknown")
        decimals = f".{'0' * digits}" if digits else ""
        return str(format_decimal(value, format=f"#,##0{decimals}", locale=self.locale))

    def about(self, value: float | None) -> str:
        """Return a number as one reads it: one decimal below a thousand, none above, no decimals without need."""
        if value is None:
            return self.text("unknown")
        pattern = "#,##0" if abs(value) >= 1000 else "#,##0.##" if abs(value) < 1 else "#,##0.#"  # noqa: PLR2004
        return str(format_decimal(value, format=pattern, locale=self.locale))

    def percent(self, value: float | None, digits: int = 1) -> str:
        """Return a percentage given in percent."""
        return self.text("unknown") if value is None else f"{self.number(value, digits)}%"

    def joined(self, parts: list[str]) -> str:
        """Return parts as an enumeration."""
        return self.text("list.separator").join(parts)

    def day(self, day: date) -> str:
        """Return a local date."""
        return format_date(day, format="medium", locale=self.locale)

    def weekday(self, day: date) -> str:
        """Return the short name of a date's day of the week."""
        return format_date(day, format="ccc", locale=self.locale)

    def days(self, first: date, last: date) -> str:
        """Return local dates first to last, both inclusive."""
        if first == last:
            return self.day(first)
        return format_interval(first, last, "yMMMd", locale=self.locale)

    def moment(self, time: datetime) -> str:
        """Return a time on the site's clock, to the minute."""
        return format_datetime(time, self.text("format.moment"), tzinfo=self.zone, locale=self.locale)

    def period(self, start: datetime, end: datetime) -> str:
        """Return [start, end) on the site's clock: as dates where both are midnights, else to the minute."""
        begin, finish = start.astimezone(self.zone), end.astimezone(self.zone)
        if begin < finish and _is_midnight(begin) and _is_midnight(finish):
            return self.days(begin.date(), finish.date() - ONE_DAY)
        return f"{self.moment(start)} – {self.moment(end)}"


def _is_midnight(time: datetime) -> bool:
    return (time.hour, time.minute, time.second, time.microsecond) == (0, 0, 0, 0)
