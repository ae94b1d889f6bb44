"""`premises alerts`: the ways to people, and a test of one of them."""

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
    from sensors.topology import SiteId

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
