"""PREMISES_HOME: where one installation keeps its files."""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from sensors.errors import InputFault


class HomeError(InputFault):
    """The home folder cannot be made or used; the message names the path and what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """The paths inside the home folder; nothing else in the program spells them."""

    root: Path

    @classmethod
    def find(cls, given: Path | None) -> "Home":
        """Return the home from `--home`, else PREMISES_HOME, else the user's data folder; it is made if absent.

        Raises HomeError where it cannot be made.
        """
        home = cls.place(given)
        try:
            home.root.mkdir(parents=True, exist_ok=True)
            for folder in (home.run, home.logs):
                folder.mkdir(exist_ok=True)
            home.secrets.mkdir(mode=0o700, exist_ok=True)
        except OSError as exc:
            msg = (
                f"{exc.filename or home.root}: the home's folder cannot be made ({exc.strerror}); "
                "name one that this user may write to with --home or PREMISES_HOME"
            )
            raise HomeError(msg) from exc
        return home

    @classmethod
    def place(cls, given: Path | None) -> "Home":
        """Return where the home is, without making anything."""
        root = given or Path(os.environ.get("PREMISES_HOME") or Path.home() / ".local/share/premises")
        return cls(root.resolve())

    @property
    def settings(self) -> Path:
        """Return the settings file."""
        return self.root / "premises.toml"

    @property
    def registry(self) -> Path:
        """Return the registry file."""
        return self.root / "registry.yaml"

    @property
    def policy(self) -> Path:
        """Return the file that says who is told of alerts; it may be absent."""
        return self.root / "alerts.yaml"

    @property
    def readings(self) -> Path:
        """Return the DuckDB file of readings."""
        return self.root / "readings.duckdb"

    @property
    def influxdb_notes(self) -> Path:
        """Return the DuckDB file of what an InfluxDB cannot hold; it can be made again."""
        return self.root / "influxdb.duckdb"

    @property
    def influxdb_states(self) -> Path:
        """Return the SQLite file of how far findings, alerts and items are in InfluxDB; it can be made again."""
        return self.root / "influxdb-states.db"

    @property
    def spool(self) -> Path:
        """Return the spool's SQLite file."""
        return self.root / "spool.db"

    @property
    def broker(self) -> Path:
        """Return the folder of the broker that we keep."""
        return self.root / "broker"

    @property
    def records(self) -> Path:
        """Return the SQLite file of records."""
        return self.root / "records.db"

    @property
    def evidence(self) -> Path:
        """Return the folder of what was kept to prove a finding or an item."""
        return self.root / "evidence"

    @property
    def run(self) -> Path:
        """Return the folder of locks and of what running processes say about themselves."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """Return the folder of logs."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Return the folder of secrets, closed to others."""
        return self.root / "secrets"


home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="The folder of this installation; else PREMISES_HOME, else ~/.local/share/premises.",
)
"""The `--home` option, the same for every command."""
