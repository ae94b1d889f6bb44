"""What every table of settings is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen table of settings that takes no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
