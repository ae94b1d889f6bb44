"""`premises alerts`: the ways to people, a test of one of them, who would be called when, and what never arrived."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.dispatch import Channel, Notice
    from alerts.policy import Policy
    from sensors.topology import Registry, SiteId

_NOT_TAKEN = 1


@click.group("alerts")
def command() -> None:
    """Look at the ways to people, and try one."""


@command.command("channels")
@home_option
def list_channels(home: Path | None) -> None:
    """List the channels that the settings name; no secret, number or address is shown."""
    for channel in _channels(Home.find(home)):
        click.echo(channel.name)


@command.command("test")
@home_option
@click.option("--channel", "wanted", required=True, help="Its name, or the one that you gave it in the settings.")
def try_channel(*, home: Path | None, wanted: str) -> None:
    """Send a fire alarm marked as a test over one channel, and say what it answered; exits 1 where it was not taken.

    Nothing is written down: the alert is in no list, and its code acknowledges nothing.
    """
    from alerts.dispatch import Delivery  # noqa: PLC0415 - keeps `--help` quick
    from premises.clock import SystemClock  # noqa: PLC0415
    from storage.registry_file import load_registry  # noqa: PLC0415

    place = Home.find(home)
    channel = _only(_channels(place), wanted)
    notice = _test_notice(load_registry(place.registry).site.id, SystemClock().now())
    answer = channel.send(notice)
    click.echo(f"{channel.name}: {answer.delivery.value} ({answer.detail})")
    if answer.delivery is not Delivery.DONE:
        sys.exit(_NOT_TAKEN)


@command.command("check")
@home_option
@click.option("--at", "at", help="A local time, 2026-11-23T02:00; now where it is left out.")
@click.option("--kind", help="fire, door, electrical, water, data, finding or operation: say who would be called.")
@click.option("--severity", help="red, orange, yellow or blue; the usual one of the kind where it is left out.")
@click.option("--building", default="", help="Where it is.")
def check(*, home: Path | None, at: str | None, kind: str | None, severity: str | None, building: str) -> None:
    """Check alerts.yaml; exits 2 with every fault. With --kind or --severity also says who would be called when."""
    from premises.notices.asking import Asked, instant, who_is_called  # noqa: PLC0415
    from premises.notices.assembly import workdays  # noqa: PLC0415 - keeps `--help` quick
    from storage.registry_file import load_registry  # noqa: PLC0415

    place = Home.find(home)
    registry = load_registry(place.registry)
    policy = _policy(place, registry)
    click.echo(f"{place.policy.name}: {'in order' if place.policy.exists() else 'not there, so everybody is told'}")
    if kind is None and severity is None:
        return
    zone = registry.site.timezone
    asked = Asked(kind=kind, severity=severity, building=building, at=instant(at, zone))
    for line in who_is_called(policy, asked, site=registry.site.id, is_workday=workdays(registry.site.calendar)):
        click.echo(line)


@command.command("undelivered")
@home_option
@click.option("--retry", "again", is_flag=True, help="Try all of them once more.")
@click.option("--limit", default=100, show_default=True, help="How many to list, the newest first.")
def undelivered(*, home: Path | None, again: bool, limit: int) -> None:
    """List what was given up and never reached anybody over its channel; works while the server runs."""
    from contextlib import closing  # noqa: PLC0415 - keeps `--help` quick

    from storage.spool_deliveries import SpoolDeliveries  # noqa: PLC0415

    place = Home.find(home)
    if not place.spool.exists():
        click.echo("nothing was given up")
        return
    with closing(SpoolDeliveries(place.spool)) as deliveries:
        lost = deliveries.dead(limit=limit)
        for each in lost:
            told = f"{each.notice.at.isoformat()} {each.notice.key} {each.channel} after {each.attempts} attempts"
            click.echo(f"{told}: {each.detail}")
        if not lost:
            click.echo("nothing was given up")
        if again:
            click.echo(f"{deliveries.retry()} are tried again")


def _policy(home: Home, registry: "Registry") -> "Policy":
    """Return the policy of the file, or what holds without one. Raises InputFault."""
    from alerts.policy import tell_everybody  # noqa: PLC0415 - keeps `--help` quick
    from storage.policy_file import Ground, load_policy  # noqa: PLC0415

    channels = tuple(each.name for each in _channels(home))
    if not home.policy.exists():
        return tell_everybody(channels, timezone=registry.site.timezone)
    return load_policy(home.policy, Ground(channels=channels, timezone=registry.site.timezone))


def _channels(home: Home) -> "Sequence[Channel]":
    from premises.notices.channels import channels_of  # noqa: PLC0415 - keeps `--help` quick
    from premises.settings import load_settings  # noqa: PLC0415

    return channels_of(load_settings(home), home)


def _only(channels: "Sequence[Channel]", wanted: str) -> "Channel":
    """Return the channel of a name, or of the part of a name that its owner chose. Raises InputFault."""
    found = [each for each in channels if wanted == each.name or wanted in each.name.split(":")[1:2]]
    if len(found) == 1:
        return found[0]
    what = "several channels are" if found else "no channel is"
    known = ", ".join(each.name for each in found or channels) or "none; name one under [alerts] in premises.toml"
    msg = f"{what} called {wanted!r}; there are: {known}"
    raise InputFault(msg)


def _test_notice(site: "SiteId", now: datetime) -> "Notice":
    from alerts.alarms import ALARMS  # noqa: PLC0415
    from alerts.dispatch import Notice, NoticeKind  # noqa: PLC0415 - keeps `--help` quick
    from alerts.model import alert_id, fingerprint  # noqa: PLC0415
    from sensors.alarms import Alarm  # noqa: PLC0415
    from sensors.catalogue import CATALOGUE  # noqa: PLC0415
    from sensors.signals import Signal, SignalKind  # noqa: PLC0415
    from sensors.subjects import Subject, SubjectKind  # noqa: PLC0415
    from sensors.topology import DeviceId  # noqa: PLC0415

    event, device = Alarm.FIRE, DeviceId("premises-test")
    rule, subject = ALARMS[event].rule, Subject(SubjectKind.DEVICE, device)
    mark = fingerprint(site, f"{rule}.{event}.test", subject)
    signal = Signal(
        kind=SignalKind.ACTIVE,
        mark=mark,
        site=site,
        rule=rule,
        event=event,
        subject=subject,
        device=device,
        severity=CATALOGUE[rule].severity,
        time=now,
        received=now,
        test=True,
        parameters={"event": event.value, "device": device},
    )
    return Notice(number=0, kind=NoticeKind.RAISED, alert_id=alert_id(mark, now), signal=signal, at=now)
