"""`premises registry adopt`: an unknown device becomes one of the registry's, and what it sent is taken in."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from sensors.errors import InputFault

if TYPE_CHECKING:
    from api.data_ports import UnknownDevice
    from premises.intake.quarantine_replay import Replayed


@click.command("adopt")
@click.argument("device")
@home_option
@click.option("--room", help="The room that it measures.")
@click.option("--circuit", help="The circuit that it meters.")
@click.option("--opening", help="The door or window that it watches.")
@click.option("--gateway", help="Its gateway, where it spoke through several or has not spoken yet.")
@click.option("--model", help="What it is, such as EM300.")
@click.option("--interval-s", type=click.FloatRange(min=0, min_open=True), help="How often it should speak, seconds.")
@click.option("--replay/--no-replay", default=True, help="Take in what it sent so far. On unless told otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def command(
    *,
    device: str,
    home: Path | None,
    room: str | None,
    circuit: str | None,
    opening: str | None,
    gateway: str | None,
    model: str | None,
    interval_s: float | None,
    replay: bool,
    as_json: bool,
) -> None:
    """Put DEVICE into the registry at a room, a circuit or an opening, and take in what it sent so far.

    The file keeps its comments and its order; the old one stays beside it. Ingest and serve follow within a second.
    """
    from premises.clock import SystemClock  # noqa: PLC0415 - keeps `--help` quick
    from premises.intake.registry_adoption import Adoption, adopt  # noqa: PLC0415

    if sum(place is not None for place in (room, circuit, opening)) != 1:
        msg = f"say where {device} is: one of --room ID, --circuit ID, --opening ID"
        raise InputFault(msg)
    place = Home.find(home)
    sent = _sent(place, device, gateway)
    adoption = Adoption(
        device=device,
        gateway=gateway or (None if sent is None else sent.gateway),
        room=room,
        circuit=circuit,
        opening=opening,
        model=model or (None if sent is None else sent.model),
        interval_s=interval_s,
        metrics=() if sent is None else [each.metric for each in sent.metrics],
    )
    adopted = adopt(place, adoption, now=SystemClock().now())
    done = _replayed(place, sent) if replay and sent is not None else None
    if as_json:
        taken = None if done is None else {"accepted": done.accepted, "duplicate": done.duplicate}
        told = {"device": device, "entry": adopted.entry, "backup": str(adopted.backup), "replayed": taken}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{place.registry}: {adopted.entry}\nthe registry as it was: {adopted.backup}")
    if sent is None:
        click.echo(f"nothing that {device} sent is in quarantine; is the id as the device sends it?")
    if done is not None:
        click.echo(f"taken in of what it sent: {done.accepted} records; duplicate {done.duplicate}")


def _sent(home: Home, device: str, gateway: str | None) -> "UnknownDevice | None":
    """Return what a device sent, None where it sent nothing yet; InputFault where two gateways send one of its name."""
    from premises.intake.data_desk import devices_of  # noqa: PLC0415 - keeps `--help` quick

    if not home.spool.exists():
        return None
    found = [each for each in devices_of(home, ()) if each.device == device and gateway in {None, each.gateway}]
    if len(found) > 1:
        msg = f"{device} speaks through {', '.join(each.gateway for each in found)}; say which with --gateway"
        raise InputFault(msg)
    return found[0] if found else None


def _replayed(home: Home, sent: "UnknownDevice") -> "Replayed":
    """Judge again what is in quarantine of unknown devices of its gateway: one message may hold several."""
    from premises.intake.quarantine_devices import UNKNOWN_DEVICE  # noqa: PLC0415 - keeps `--help` quick
    from premises.intake.quarantine_replay import replay  # noqa: PLC0415
    from storage.quarantine import Which  # noqa: PLC0415

    which = Which(reason=UNKNOWN_DEVICE, gateway=sent.gateway)
    return replay(home, which, now_ms=lambda: time.time_ns() // 1_000_000)
