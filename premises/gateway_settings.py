"""Settings of gateways that speak a format of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from premises.section import Section
from sensors.local_time import find_timezone

if TYPE_CHECKING:
    from ingest.dialects.desk import Dialects, GatewayOptions


def _format(value: str) -> str:
    """Refuse what no decoder is for."""
    from ingest.dialects.formats import FORMATS  # noqa: PLC0415 - most sites have no such gateway

    if value not in FORMATS:
        msg = f"{value!r} is no format; one of {', '.join(sorted(FORMATS))}"
        raise ValueError(msg)
    return value


def _zone(value: str) -> str:
    """Refuse what is no time zone."""
    find_timezone(value)
    return value


def _filter(value: str) -> str:
    """Refuse a topic filter that the broker would refuse, or that takes the contract's own topics."""
    levels = value.split("/")
    if not value or "#" in levels[:-1] or any(len(each) > 1 and set(each) & {"#", "+"} for each in levels):
        msg = f"{value!r} is no topic filter"
        raise ValueError(msg)
    if levels[0] in {"#", "premises"}:
        msg = f"{value!r} takes the topics of premises/v1 as well; name the gateway's own"
        raise ValueError(msg)
    return value


class GatewaySettings(Section):
    """A gateway, its topics and its format."""

    name: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/+#\s]+$")]
    format: Annotated[str, AfterValidator(_format)]
    topics: Annotated[tuple[Annotated[str, AfterValidator(_filter)], ...], Field(min_length=1)]
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    z_is_local: bool = False
    mapping_file: Path | None = None
    devices: Mapping[str, str] = {}

    def options(self) -> "GatewayOptions":
        """Return the same as ingest takes it."""
        from ingest.dialects.desk import GatewayOptions  # noqa: PLC0415 - as above

        return GatewayOptions(
            name=self.name,
            format=self.format,
            topics=self.topics,
            zone=None if self.timezone is None else find_timezone(self.timezone),
            z_is_local=self.z_is_local,
            names=dict(self.devices),
            mapping=self.mapping_file,
        )


class DialectSettings(Section):
    """The gateways that do not speak the native contract."""

    gateways: tuple[GatewaySettings, ...] = ()

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        names = [each.name for each in self.gateways]
        twice = sorted({each for each in names if names.count(each) > 1})
        if twice:
            msg = f"name {', '.join(twice)} stands at two gateways; each has its own"
            raise ValueError(msg)
        return self

    @property
    def topics(self) -> tuple[str, ...]:
        """Return what to subscribe to for them."""
        return tuple(topic for each in self.gateways for topic in each.topics)

    def dialects(self) -> "Dialects | None":
        """Return the decoders of these gateways, None where there are none. Raises InputFault."""
        if not self.gateways:
            return None
        from ingest.dialects.desk import Dialects  # noqa: PLC0415 - as above

        return Dialects(each.options() for each in self.gateways)
