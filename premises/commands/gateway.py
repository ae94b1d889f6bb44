"""`premises gateway`: which gateways may speak, and what one does wrong."""

import json
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.commands import gateway_access
from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.messages import Message
    from premises.gateway_settings import GatewaySettings
    from premises.intake.gateway_check import Survey
    from premises.settings import Settings

LONGEST_S = 86_400


@click.group("gateway")
def command() -> None:
    """Gateways: their credentials at the broker, and what one does wrong."""


command.add_command(gateway_access.add)
command.add_command(gateway_access.remove)
command.add_command(gateway_access.listed)


@command.command("check")
@click.argument("name")
@home_option
@click.option("--seconds", type=click.FloatRange(1, LONGEST_S), default=60.0, help="How long to listen; 60.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def check(*, name: str, home: Path | None, seconds: float, as_json: bool) -> None:
    """Listen to the gateway NAME of the settings and say what it does wrong; exit code 1 where there is something.

    Nothing is kept, and `premises ingest` may run meanwhile.
    """
    from premises.settings import load_settings  # noqa: PLC0415 - keeps `--help` quick

    place = Home.find(home)
    settings = load_settings(place)
    survey = _surveyed(place, settings, _gateway(settings, name), seconds)
    click.echo(json.dumps(survey.document(), ensure_ascii=False) if as_json else _text(survey, seconds))
    if survey.faults():
        raise SystemExit(1)


def _gateway(settings: "Settings", name: str) -> "GatewaySettings":
    gateways = {each.name: each for each in settings.dialects.gateways}
    if name not in gateways:
        known = ", ".join(sorted(gateways)) or "none: see docs/gateways.md"
        msg = f"{name}: no such gateway under dialects.gateways in the settings; there are {known}"
        raise InputFault(msg)
    return gateways[name]


def _surveyed(home: Home, settings: "Settings", gateway: "GatewaySettings", seconds: float) -> "Survey":
    from ingest.mqtt import Handlers, Subscriber  # noqa: PLC0415 - keeps `--help` quick
    from premises.commands.ingest import mqtt_options  # noqa: PLC0415
    from premises.intake.gateway_check import Survey  # noqa: PLC0415
    from storage.registry_file import load_registry  # noqa: PLC0415

    decoder, context = gateway.options().made(load_registry(home.registry))
    survey = Survey(decoder, context)
    options = replace(
        mqtt_options(settings.mqtt, ()),
        client_id=f"premises-check-{secrets.token_hex(4)}",
        session_expiry_s=0,
        topic_filters=gateway.topics,
    )
    until_s = time.monotonic() + seconds

    def take(group: "Sequence[Message]") -> None:
        for message in group:
            survey.take(message)

    def tick() -> None:
        if time.monotonic() >= until_s:
            subscriber.stop()

    subscriber = Subscriber(options, Handlers(take=take, tick=tick))
    subscriber.run()
    return survey


def _text(survey: "Survey", seconds: float) -> str:
    head = f"{survey.messages} messages in {seconds:g} s, {survey.readings} readings of {len(survey.devices)} devices"
    lines = [head, *([] if survey.faults() else ["nothing is wrong"])]
    for each in survey.faults():
        lines.append(f"{each.what}: {each.count} of {each.of}. {each.advice}")
        lines += [f"    {example}" for example in each.examples]
    return "\n".join(lines)
