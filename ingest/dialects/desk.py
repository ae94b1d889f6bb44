"""Gateways' dialects beside the native contract: whose a topic is, and what a message is in the contract's words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from paho.mqtt.client import topic_matches_sub

from ingest.dialects.availability import add_availability
from ingest.dialects.decoded import (
    Cleaner,
    Command,
    Context,
    Decoded,
    Decoder,
    DialectError,
    Heard,
    Outcome,
    Remembering,
    Row,
)
from ingest.dialects.formats import FORMATS
from ingest.dialects.mapped import mapped_by_file
from ingest.native import Decoded as Contract
from ingest.native import Problem
from sensors.credentials import CredentialKey
from sensors.intake import Birth
from sensors.local_time import find_timezone
from sensors.readings import Quality, ReadingBatch
from sensors.topology import Registry, SiteId

_MOST_TOPICS = 20_000
_MOST_COMMANDS = 1_000
_READY, _LOST = "ready", "lost"
_STATES: Mapping[str, str] = {"online": _READY, "offline": _LOST}
_SHARED = re.compile(r"\$share/[^/]+/")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """A gateway that speaks a dialect. `zone` None is the site's; `names` gives its names of devices their ids."""

    name: str
    format: str
    topics: tuple[str, ...]
    zone: ZoneInfo | None = None
    z_is_local: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None

    def made(self, registry: Registry) -> tuple[Decoder, Context]:
        """Return a decoder and its context, which knows the devices of a registry. Raises DeviceMapError."""
        made = _made(self)
        _know(made, registry)
        return made.decoder, made.context


@dataclass(frozen=True, slots=True)
class _Gateway:
    options: GatewayOptions
    decoder: Decoder
    context: Context


class Dialects:
    """The gateways of the settings, each with its decoder and what that remembers."""

    def __init__(self, gateways: Iterable[GatewayOptions]) -> None:
        """Make the decoders. Raises DeviceMapError where a mapping cannot be used."""
        self._gateways = [_made(options) for options in gateways]
        self._by_name = {each.options.name: each for each in self._gateways}
        self._owners: dict[str, str | None] = {}
        self._commands: list[Command] = []
        self._heard: dict[tuple[str, str], str] = {}

    def use(self, registry: Registry) -> None:
        """Know the devices of a registry, and take its zone for times without an offset."""
        for each in self._gateways:
            _know(each, registry)

    def gateway_of(self, topic: str) -> str | None:
        """Return the name of the gateway that a topic belongs to: the first of whose filters one matches."""
        try:
            return self._owners[topic]
        except KeyError:
            if len(self._owners) >= _MOST_TOPICS:
                self._owners.clear()
            owner = self._owners[topic] = self._owner(topic)
            return owner

    def _owner(self, topic: str) -> str | None:
        for each in self._gateways:
            if any(topic_matches_sub(_SHARED.sub("", sub, count=1), topic) for sub in each.options.topics):
                return each.options.name
        return None

    def recall(self, births: Mapping[str, Sequence[Birth]]) -> None:
        """Know again what gateways, by name, said before this process began.

        What cannot be read, or is of a gateway that is no longer here, is left: the node will be asked for it.
        """
        for name, said in births.items():
            gateway = self._by_name.get(name)
            if gateway is not None and isinstance(gateway.decoder, Remembering):
                _recall(gateway.decoder, said)

    def clean(self, gateway: str, payload: bytes, key: CredentialKey | None) -> bytes:
        """Return a payload as it may be kept: personal data in it as digests, or not at all where there is no key."""
        decoder = self._by_name[gateway].decoder
        return decoder.clean(payload, key) if isinstance(decoder, Cleaner) else payload

    def decode(self, gateway: str, topic: str, payload: bytes, *, received_ms: int, retained: bool) -> Contract:
        """Return what a message says, in the words of the native contract. Raises nothing that a decoder may raise."""
        found = self._by_name[gateway]
        context = found.context
        context.received_ms, context.retained = received_ms, retained
        states = context.states
        if retained:
            # A replay is no news, so nothing may be remembered of it.
            context.states = {}
        try:
            decoded = found.decoder.decode(topic, payload, context)
            self._commands += decoded.commands[: max(_MOST_COMMANDS - len(self._commands), 0)]
            self._hear(gateway, decoded.heard)
            add_availability(decoded, context)
            return in_contract(decoded, context.site)
        except DialectError as exc:
            return _undecodable(exc, context.site)
        finally:
            context.states = states

    def _hear(self, gateway: str, heard: Sequence[Heard]) -> None:
        for each in heard:
            if each.model and len(self._heard) < _MOST_TOPICS:
                self._heard[gateway, each.device] = each.model

    def model_of(self, gateway: str, device: str) -> str | None:
        """Return the model of a device that the registry does not know, as far as its gateway said it."""
        return self._heard.get((gateway, device))

    def commands(self) -> Sequence[Command]:
        """Return what is to be published in answer to what was decoded since the last call."""
        commands, self._commands = self._commands, []
        return commands

    def forget(self) -> None:
        """Forget what devices said last: what was decoded since may not have been kept, and comes again."""
        self._commands.clear()
        for each in self._gateways:
            each.decoder.forget()
            each.context.states.clear()


def _recall(decoder: Remembering, births: Iterable[Birth]) -> None:
    for birth in births:
        with suppress(DialectError):
            decoder.recall(birth)


def _made(options: GatewayOptions) -> _Gateway:
    decoder = FORMATS[options.format]() if options.mapping is None else mapped_by_file(options.mapping)
    context = Context(
        site=SiteId(""),
        gateway=options.name,
        zone=options.zone,
        z_is_local=options.z_is_local,
        names=dict(options.names),
    )
    return _Gateway(options, decoder, context)


def _know(gateway: _Gateway, registry: Registry) -> None:
    context = gateway.context
    context.site = registry.site.id
    context.models = {str(device.id): device.model or "" for device in registry.devices.values()}
    context.names = dict(gateway.options.names)
    context.zone = gateway.options.zone or find_timezone(registry.site.timezone)


def in_contract(decoded: Decoded, site: SiteId) -> Contract:
    """Return the same in the native contract's words; each record keeps its path."""
    faulty = [row for row, _ in decoded.faulty]
    readings = _batch(site, decoded.readings, faulty)
    first_event = len(readings)
    first_problem = first_event + len(decoded.events)
    paths = [
        *decoded.paths,
        *(outcome.path for _, outcome in decoded.faulty),
        *decoded.event_paths,
        *(outcome.path for outcome in decoded.problems),
    ]
    status = next((each for each in decoded.statuses if each.device is None), None)
    return Contract(
        records=decoded.records or int(status is not None),
        readings=readings,
        reading_records=list(range(first_event)),
        events=tuple(decoded.events),
        event_records=tuple(range(first_event, first_problem)),
        problems=tuple(_problem(each, first_problem + index) for index, each in enumerate(decoded.problems)),
        notes=tuple(_problem(each, None) for each in decoded.notes),
        status=None if status is None else _STATES[status.state],
        paths=paths,
        nothing=_nothing(decoded),
        message_id=decoded.message_id,
        births=tuple(decoded.births),
    )


def _batch(site: SiteId, readings: Sequence[Row], faulty: Sequence[Row]) -> ReadingBatch:
    batch = ReadingBatch(site=site)
    for rows, quality in ((readings, Quality.GOOD), (faulty, Quality.FAULT)):
        for time_ms, device, metric, phase, value, flags in rows:
            batch.add(time_ms, device, metric, value, phase=phase, quality=quality, flags=flags)
    return batch


def _problem(outcome: Outcome, record: int | None) -> Problem:
    return Problem(outcome.path, outcome.reason, outcome.detail, record)


def _nothing(decoded: Decoded) -> str:
    """Return why a message without a record brought none, as the books call it."""
    if decoded.statuses:
        return "status"
    reasons = {each.reason for each in decoded.ignored}
    return next((each for each in ("not_telemetry", "repeated") if each in reasons), "empty")


def _undecodable(error: DialectError, site: SiteId) -> Contract:
    problem = Problem("", error.reason, error.detail)
    return replace(in_contract(Decoded(), site), records=1, problems=(problem,))
