"""The part of the settings that energy reports read."""

from typing import Annotated

from pydantic import Field

from premises.section import Section


class EnergyReportSettings(Section):
    """Which energy reports are drafted by the clock, and how many days after their period's end."""

    monthly: bool = True
    quarterly: bool = True
    yearly: bool = True
    after_days: Annotated[int, Field(ge=0, le=60)] = 3
    """Bills and late readings have come in by then."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of periods that are drafted."""
        asked = (("month", self.monthly), ("quarter", self.quarterly), ("year", self.yearly))
        return tuple(kind for kind, is_wanted in asked if is_wanted)
