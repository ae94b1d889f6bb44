"""`premises decode`: what becomes of a gateway's message, path by path."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from premises.decoding import Explained

LARGEST_BYTES = 16 * 2**20


def _formats(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Refuse a format that nobody decodes, and name those that are."""
    from premises.decoding import formats  # noqa: PLC0415 - keeps `--help` quick

    if value not in formats():
        msg = f"{value!r} is no format; one of {', '.join(sorted(formats()))}"
        raise click.BadParameter(msg)
    return value


@click.command("decode")
@click.option("--format", "name", required=True, callback=_formats, help="The gateway's format, such as chirpstack.")
@click.option("--topic", default="", help="The topic that the message came on, where it says something.")
@click.option("--model", help="The device's model, as the registry would name it: VS121.")
@click.option("--timezone", metavar="TZ", help="The zone of times without an offset.")
@click.option("--mapping", type=click.Path(path_type=Path, dir_okay=False), help="A mapping file for --format json.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for other programs.")
def command(
    *, name: str, topic: str, model: str | None, timezone: str | None, mapping: Path | None, as_json: bool
) -> None:
    """Say what a message on standard input becomes: readings, events, problems, and what is left out and why.

    Nothing is stored, and no broker or home is needed. Exit code 0 also where the message cannot be read: that is the
    answer.
    """
    from premises.decoding import explain  # noqa: PLC0415 - keeps `--help` quick

    payload = sys.stdin.buffer.read(LARGEST_BYTES)
    explained = explain(name, topic, payload, model=model, timezone=timezone, mapping=mapping)
    click.echo(json.dumps(explained.document(), ensure_ascii=False) if as_json else _text(explained))


def _text(explained: "Explained") -> str:
    lines = [*_reading_lines(explained), *_event_lines(explained), *_other_lines(explained)]
    return "\n".join([*(lines or ["nothing is said here"]), f"\ndecoded in {explained.us:.1f} µs"])


def _reading_lines(explained: "Explained") -> list[str]:
    return [
        f"reading  {each['path']}: {each['device']} {each['metric']}{each['phase'] and ' ' + each['phase']}"
        f" = {each['value']:g} at {each['time']}"
        for each in explained.readings
    ]


def _event_lines(explained: "Explained") -> list[str]:
    return [
        f"event    {each['path']}: {each['device']} {each['type']} {each['state']}{' (a test)' * each['test']}"
        f" at {each['time']}"
        for each in explained.events
    ]


def _other_lines(explained: "Explained") -> list[str]:
    told = [("problem ", explained.problems), ("ignored ", explained.ignored)]
    lines = [
        f"{word} {each['path'] or '(the message)'}: {each['reason']}: {each['detail']}"
        for word, outcomes in told
        for each in outcomes
    ]
    lines += [f"status   {each['device'] or 'the gateway'} is {each['state']}" for each in explained.statuses]
    return lines + [f"heard    {each['device']}, model {each['model'] or 'unknown'}" for each in explained.heard]
