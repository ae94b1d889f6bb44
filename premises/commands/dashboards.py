"""`premises dashboards`: make the JSON of the Grafana dashboards again, and bring it into a Grafana."""

from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from premises.settings import read_secret
from sensors.errors import InputFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.annotations import Note
    from dashboards.push import Pusher, Step


@click.group("dashboards")
def command() -> None:
    """Grafana dashboards of the readings in InfluxDB."""


@command.command("build")
def build() -> None:
    """Write the dashboards' JSON again from their description; needs what development installs."""
    try:
        from dashboards.build import write  # noqa: PLC0415 - the generator is there in development only
    except ModuleNotFoundError as exc:
        msg = f"{exc.name} is missing; install requirements-dev.lock, or use the JSON in dashboards/generated as it is"
        raise InputFault(msg) from exc
    changed = write()
    click.echo("\n".join(changed) or "nothing has changed")


_FILE = click.Path(dir_okay=False, path_type=Path)


@command.command("push")
@click.option("--url", required=True, help="The Grafana, such as https://grafana.example.")
@click.option("--token-file", type=_FILE, required=True, help="A file with the token of a service account.")
@click.option("--ca-file", type=_FILE, help="The authority of its certificate, where it is one of your own.")
@click.option("--language", "languages", type=click.Choice(["zh", "en"]), multiple=True, help="Else both.")
@click.option("--influxdb-url", help="The InfluxDB as Grafana reaches it; else the data source stays as it is.")
@click.option("--influxdb-database", default="premises", show_default=True, help="Its buckets before the slash.")
@click.option("--influxdb-token-file", type=_FILE, help="A file with a token that reads the buckets.")
@click.option(
    "--annotations", "days", type=click.IntRange(1, 3660), help="Red alerts and signed items of so many days."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@home_option
def push(
    url: str,
    token_file: Path,
    ca_file: Path | None,
    languages: tuple[str, ...],
    influxdb_url: str | None,
    influxdb_database: str,
    influxdb_token_file: Path | None,
    days: int | None,
    home: Path | None,
    *,
    dry_run: bool,
) -> None:
    """Bring folder, data source and dashboards into a Grafana; what is there already is left alone.

    Needs `pip install 'premises[grafana]'`. Done again it changes nothing.
    """
    from dashboards.files import generated_boards  # noqa: PLC0415 - the catalogue takes its time
    from dashboards.grafana import ClientGrafana  # noqa: PLC0415 - likewise
    from dashboards.push import Pusher, Source, push  # noqa: PLC0415 - likewise

    if influxdb_url is None and influxdb_token_file is not None:
        msg = "--influxdb-token-file: is of use with --influxdb-url only"
        raise InputFault(msg)
    token = read_secret(token_file)
    source_token = None if influxdb_token_file is None else read_secret(influxdb_token_file)
    source = None if influxdb_url is None else Source(url=influxdb_url, database=influxdb_database, token=source_token)
    boards = generated_boards(languages or ("zh", "en"))
    with closing(ClientGrafana(url, token, ca_file=ca_file)) as grafana:
        pusher = Pusher(grafana, dry_run=dry_run)
        counted = _told(push(pusher, boards, source))
        if days is not None:
            counted += _told(_annotated(pusher, home, timedelta(days=days), (languages or ("zh",))[0]))
    done = ", ".join(f"{many} {outcome}" for outcome, many in sorted(counted.items()))
    click.echo(f"would be: {done}" if dry_run else done)


def _told(steps: "Iterator[Step]") -> Counter[str]:
    """Say each step as it is done, the unchanged ones not; return how many there were of each outcome."""
    counted: Counter[str] = Counter()
    for step in steps:
        counted[step.outcome.value] += 1
        if step.outcome != "unchanged":
            click.echo(str(step))
    return counted


def _annotated(pusher: "Pusher", home: Path | None, span: timedelta, language: str) -> "Iterator[Step]":
    from dashboards.annotations import push_notes  # noqa: PLC0415 - see above
    from premises.clock import SystemClock  # noqa: PLC0415 - see above

    since = SystemClock().now() - span
    return push_notes(pusher, _notes(Home.find(home), span, language), since=since)


def _notes(home: Home, span: timedelta, language: str) -> "list[Note]":
    """Return the alarms and signed items of the home, none about rooms that show on no plan."""
    from api.privacy import is_restricted  # noqa: PLC0415 - see above
    from dashboards.annotations import MOST, notes_of  # noqa: PLC0415 - see above
    from premises.clock import SystemClock  # noqa: PLC0415 - see above
    from premises.stores.records import open_records  # noqa: PLC0415 - see above
    from storage.registry_file import load_registry  # noqa: PLC0415 - see above

    registry = load_registry(home.registry)
    with closing(open_records(home)) as records, records.reading() as tx:
        alerts, items = tx.alerts(limit=MOST), tx.items(limit=MOST)
    return notes_of(
        (each for each in alerts if not is_restricted(registry, each.subject)),
        (each for each in items if not is_restricted(registry, each.subject)),
        since=SystemClock().now() - span,
        language=language,
    )
