"""What `premises doctor` found: a code with its parameters, worded in the reader's language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from premises.home import Home
from premises.texts import Language, Texts

ANYWHERE = frozenset({"fault", "too_new"})
"""Codes that any check may come to; their texts are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `code` says what is, its text also what to do where it is not well."""

    name: str
    well: bool
    code: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the parameters against change."""
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    def words(self, language: Language = "en") -> str:
        """Return what is, and what to do."""
        where = "any" if self.code in ANYWHERE else self.name
        return Texts(language).text(f"doctor.{where}.{self.code}", **self.parameters)

    def title(self, language: Language = "en") -> str:
        """Return what was looked at."""
        return Texts(language).text(f"doctor.{self.name}")


Check = Callable[[Home], Finding]


def well(name: str, code: str = "well", /, **parameters: object) -> Finding:
    """Return that something is as it should be."""
    return Finding(name=name, well=True, code=code, parameters=_worded(parameters))


def ill(name: str, code: str, /, **parameters: object) -> Finding:
    """Return that something is not as it should be."""
    return Finding(name=name, well=False, code=code, parameters=_worded(parameters))


def age(seconds: float) -> str:
    """Return a span of time as a person says it, in units that both languages read."""
    if seconds < 2 * 60:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def gibibytes(count: int) -> str:
    """Return bytes as a person says them."""
    return f"{count / 2**30:.1f} GiB"


def _worded(parameters: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items()}
