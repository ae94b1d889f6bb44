"""docs/settings.md tells every setting with its default, and no setting that is none."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from premises.settings import NOT_SETTINGS, Settings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"


def models_in(kind: object) -> list[type[BaseModel]]:
    """Return the tables that a setting is or is a list of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in get_args(kind) for model in models_in(part)]


def told(default: object) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, tuple):
        return f"`{', '.join(default)}`" if default else "empty"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each key with its default as the page writes it."""
    for name, field in model.model_fields.items():
        inner = models_in(field.annotation)
        if not isinstance(field.default, BaseModel):
            yield prefix + name, told(field.default)
        for each in inner:
            yield from settings_of(each, f"{prefix}{name}.")


def test_the_page_tells_every_setting_with_its_default_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.]+\.[a-z_]+)` \| (\S+) \| \S.* \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == dict(settings_of(Settings))
    assert len(rows) == len(dict(rows))


def test_the_page_tells_the_variables_that_are_no_settings() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in NOT_SETTINGS if f"| `{name}" not in page] == []
