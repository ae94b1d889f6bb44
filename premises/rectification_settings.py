"""The part of the settings that rectification reads."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from premises.section import Section


def listed(value: object) -> object:
    """Return what the environment writes between commas as a list."""
    if isinstance(value, str):
        return tuple(word for word in (part.strip() for part in value.split(",")) if word)
    return value


class RectificationSettings(Section):
    """How items are followed: when somebody looks again, and which channels hear of deadlines."""

    look_back_months: Annotated[int, Field(ge=1, le=36)] = 6
    reminder_channels: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    """Names of robots, phones, mail addresses or WeCom members of `alerts`; empty for the console alone."""
