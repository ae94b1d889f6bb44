"""Settings: `premises.toml` in the home, then `PREMISES_*` of the environment; a name nobody knows is an error."""

import hashlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator

from ingest.gbt26875.panels import address_of
from premises.channel_settings import AlertSettings
from premises.confidential import is_confidential
from premises.energy_report_settings import EnergyReportSettings
from premises.gateway_settings import DialectSettings
from premises.home import Home
from premises.rectification_settings import RectificationSettings
from premises.section import Section
from premises.watchdog_settings import WatchdogSettings
from sensors.actors import Role
from sensors.errors import InputFault

PREFIX = "PREMISES_"
NOT_SETTINGS = ("PREMISES_HOME", "PREMISES_TEST_")
"""Variables of ours that are no settings: where the home is, and what only tests read."""

DAY_S = 86_400
MEBIBYTE = 1024 * 1024

Tree = dict[str, Any]
"""What TOML yields: tables of tables and values, checked by the models below."""


class SettingsError(InputFault):
    """A setting is unknown or has a value it cannot have; the message names file or variable, key and reason."""


class SecretError(InputFault):
    """A file that should hold a secret cannot be read or is empty."""


def _listed(value: object) -> object:
    """Let the environment write a list as words between commas."""
    if isinstance(value, str):
        return tuple(word for word in (part.strip() for part in value.split(",")) if word)
    return value


Topics = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class MqttSettings(Section):
    """How ingest reaches the broker. Secrets and certificates are files, taken from the home when relative."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 1883
    username: str | None = None
    password_file: Path | None = None
    client_id: Annotated[str, Field(min_length=1)] = "premises-ingest"
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: Annotated[int, Field(ge=5, le=65_535)] = 30
    session_expiry_s: Annotated[int, Field(ge=0, le=0xFFFF_FFFF)] = 7 * DAY_S
    """How long the broker keeps what came while ingest was away."""
    receive_maximum: Annotated[int, Field(ge=1, le=65_535)] = 4_000
    """How many messages may be on their way without a PUBACK."""
    max_payload_bytes: Annotated[int, Field(ge=1024)] = 262_144
    watchdog_s: Annotated[int, Field(ge=2, le=3600)] = 120
    """After so long without a sign of life the process ends itself, to be started anew."""
    topics: Topics = ("premises/v1/#",)

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.password_file is not None and self.username is None:
            msg = "password_file needs a username"
            raise ValueError(msg)
        if (self.certificate_file is None) != (self.key_file is None):
            msg = "certificate_file and key_file go together"
            raise ValueError(msg)
        if not self.tls and (self.ca_file or self.certificate_file):
            msg = "ca_file and certificate_file need tls = true"
            raise ValueError(msg)
        return self


class SpoolSettings(Section):
    """How much the spool may hold before the oldest readings go."""

    max_bytes: Annotated[int, Field(ge=MEBIBYTE)] = 2048 * MEBIBYTE
    min_free_bytes: Annotated[int, Field(ge=0)] = 512 * MEBIBYTE


BucketName = Annotated[str, Field(min_length=1, pattern=r"^[^/\s]+(/[^/\s]+)?$")]
Days = Annotated[int, Field(ge=0, le=36_500)]


class StoreSettings(Section):
    """Where readings are kept: in a DuckDB file of the home, or in an InfluxDB at `url`."""

    kind: Literal["duckdb", "influxdb"] = "duckdb"
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    url: str | None = None
    token_file: Path | None = None
    org: str = "premises"
    ca_file: Path | None = None
    timeout_s: Annotated[float, Field(ge=1, le=600)] = 30.0
    raw_bucket: BucketName = "premises/raw"
    hourly_bucket: BucketName = "premises/hourly"
    daily_bucket: BucketName = "premises/daily"
    raw_days: Days = 0
    """How long raw readings are kept; 0 is for ever."""
    hourly_days: Days = 0
    daily_days: Days = 0

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.kind == "duckdb":
            return self
        if self.url is None:
            msg = 'kind = "influxdb" needs a url, such as https://influxdb.example:8086'
            raise ValueError(msg)
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = "url is not one of http:// or https://"
            raise ValueError(msg)
        if parts.username or parts.password:
            msg = "url holds a name or password; write the token into a file of its own and name that as token_file"
            raise ValueError(msg)
        if len({self.raw_bucket, self.hourly_bucket, self.daily_bucket}) < len(("raw", "hourly", "daily")):
            msg = "raw_bucket, hourly_bucket and daily_bucket must be three"
            raise ValueError(msg)
        return self


class RecordsSettings(Section):
    """Where records are kept: `sqlite:///FILE` or `postgresql://USER@HOST/NAME`; absent, `records.db` in the home."""

    url: str | None = None
    password_file: Path | None = None
    digest: Literal["sha256", "sm3"] = "sha256"
    """What seals new rows of the audit log."""

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.digest not in hashlib.algorithms_available:
            msg = f"digest {self.digest} is none that this machine's OpenSSL has; leave it at sha256"
            raise ValueError(msg)
        if self.password_file is not None and self.url is None:
            msg = "password_file needs a url"
            raise ValueError(msg)
        if self.url is not None and urlsplit(self.url).password:
            msg = "url holds a password; write it into a file of its own and name that as password_file"
            raise ValueError(msg)
        return self


class MetricsSettings(Section):
    """Who may read `/metrics` beside this machine: whoever sends the token in this file."""

    token_file: Path | None = None


class LogSettings(Section):
    """What is logged and how: lines for people or JSON for machines."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class BrokerSettings(Section):
    """The broker that `premises run` keeps: `auto` takes one that is there already, or mosquitto, or else amqtt."""

    kind: Literal["auto", "mosquitto", "amqtt", "none"] = "auto"


class ServerSettings(Section):
    """Where people reach the console. `origin` is what they type, such as `https://premises.example`."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8088
    """0 takes any free port."""
    origin: str | None = None
    hosts: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Further names under which requests are taken."""
    proxies: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Addresses of reverse proxies whose word (`X-Forwarded-For`) on a client's address is taken."""
    second_factor_roles: Annotated[tuple[Role, ...], BeforeValidator(_listed)] = ()
    """Roles whose people must set up a second step of signing in (TOTP) before they may do anything."""


class SignOnSettings(Section):
    """The house's own sign-on, by OpenID Connect: a second way in beside the password, off without an issuer."""

    issuer: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """Exactly what the provider calls itself: `https://id.example/realms/office`."""
    client_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    secret_file: Path | None = None
    ca_file: Path | None = None
    """Who vouches for the provider's certificate, where it is an authority of the house."""
    name_zh: Annotated[str, Field(min_length=1, max_length=40)] = "统一身份认证"
    name_en: Annotated[str, Field(min_length=1, max_length=40)] = "SSO"

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.issuer is None:
            return self
        if self.client_id is None or self.secret_file is None:
            msg = "an issuer needs client_id and secret_file, as the provider gave them out"
            raise ValueError(msg)
        if not is_confidential(self.issuer):
            msg = "issuer must begin with https:// (http only on this machine)"
            raise ValueError(msg)
        return self


def _panel_address(value: object) -> object:
    """Let an address be a number, or its six bytes with dots."""
    return address_of(value) if isinstance(value, str | int) else value


def _network(value: str) -> str:
    """Refuse what is neither an address nor a network."""
    ip_network(value)
    return value


class PanelSettings(Section):
    """A transmission device and the fire panel behind it; the devices are those of the registry."""

    address: Annotated[int, BeforeValidator(_panel_address)]
    gateway: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/+#\s]+$")]
    device: Annotated[str, Field(min_length=1, max_length=128)]
    parts: Mapping[str, str] = {}
    """Parts with a device of their own: a system (`11.0`) or, for measured values, a component (`1.1/10-2`)."""
    heeds_test_bit: bool = False


class FirePanelSettings(Section):
    """The listener for fire panels (GB/T 26875.3 over TCP)."""

    enabled: bool = False
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 26_875
    allowed: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_listed)] = ("127.0.0.1",)
    """Addresses and networks that may connect."""
    panels: tuple[PanelSettings, ...] = ()
    max_connections: Annotated[int, Field(ge=1, le=1_000)] = 64
    idle_s: Annotated[int, Field(ge=10, le=86_400)] = 300
    roll_call_minutes: Annotated[int, Field(ge=0, le=1_440)] = 0
    """0 is never."""
    roll_call_answer_minutes: Annotated[int, Field(ge=1, le=255)] = 10
    sets_clocks: bool = False

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        for name in ("address", "gateway"):
            found = [getattr(panel, name) for panel in self.panels]
            twice = sorted({str(each) for each in found if found.count(each) > 1})
            if twice:
                msg = f"{name} {', '.join(twice)} stands at two panels; each has its own"
                raise ValueError(msg)
        return self


class Settings(Section):
    """All settings of one installation."""

    mqtt: MqttSettings = MqttSettings()
    broker: BrokerSettings = BrokerSettings()
    server: ServerSettings = ServerSettings()
    sign_on: SignOnSettings = SignOnSettings()
    spool: SpoolSettings = SpoolSettings()
    store: StoreSettings = StoreSettings()
    alerts: AlertSettings = AlertSettings()
    fire_panel: FirePanelSettings = FirePanelSettings()
    dialects: DialectSettings = DialectSettings()
    records: RecordsSettings = RecordsSettings()
    energy_reports: EnergyReportSettings = EnergyReportSettings()
    rectification: RectificationSettings = RectificationSettings()
    metrics: MetricsSettings = MetricsSettings()
    watchdog: WatchdogSettings = WatchdogSettings()
    log: LogSettings = LogSettings()


def load_settings(home: Home, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a home: the environment over `premises.toml` over the defaults.

    Files named by relative paths are taken from the home. Raises SettingsError, which tells every fault at once.
    """
    written = _read_toml(home.settings)
    variables = _variables(environment)
    merged = _merged(written, {path: environment[name] for path, name in variables.items()})
    try:
        return Settings.model_validate(_with_files_from(home.root, merged))
    except ValidationError as exc:
        faults = [_fault(home.settings, variables, error) for error in exc.errors()]
        raise SettingsError("; ".join(faults)) from exc


def read_secret(path: Path) -> str:
    """Return the secret in a file, without the line's end; raises SecretError."""
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8"
        msg = f"{path}: the secret cannot be read ({reason}); write it there, readable by this user only"
        raise SecretError(msg) from exc
    if not secret:
        msg = f"{path}: the secret is empty; write it there"
        raise SecretError(msg)
    return secret


def _read_toml(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        msg = f"{path}: not valid TOML: {exc}"
        raise SettingsError(msg) from exc
    except OSError as exc:
        msg = f"{path}: cannot be read: {exc.strerror}"
        raise SettingsError(msg) from exc


def _variables(environment: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Return the path of each setting that the environment gives (`mqtt`, `port`) with its variable's name."""
    names = (name for name in environment if name.startswith(PREFIX) and not name.startswith(NOT_SETTINGS))
    return {tuple(name.removeprefix(PREFIX).lower().split("__", 1)): name for name in names}


def _merged(written: Tree, given: Mapping[tuple[str, ...], str]) -> Tree:
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in written.items()}
    for (section, *key), value in given.items():
        if not key:
            merged[section] = value
        elif isinstance(table := merged.setdefault(section, {}), dict):
            table[key[0]] = value
    return merged


def _with_files_from(root: Path, tree: Tree) -> Tree:
    """Take relative paths of `*_file` from the home; an absolute path stays."""
    return {section: _from(root, section, table) for section, table in tree.items()}


def _from(root: Path, key: str, value: object) -> object:
    if isinstance(value, list):
        return [_from(root, key, each) for each in value]
    if isinstance(value, dict):
        return {name: _from(root, name, each) for name, each in value.items()}
    return root / value if key.endswith("_file") and isinstance(value, str) else value


def _fault(file: Path, variables: Mapping[tuple[str, ...], str], error: Any) -> str:  # noqa: ANN401 - pydantic's own type is not public
    location = tuple(str(part) for part in error["loc"])
    place = next((name for path, name in variables.items() if path == location[: len(path)]), None)
    where = place or f"{file}: {'.'.join(location)}"
    if error["type"] == "extra_forbidden":
        return f"{where}: no such setting{_suggestion(location)}"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _suggestion(location: tuple[str, ...]) -> str:
    near = get_close_matches(".".join(location), list(_known_keys(Settings)), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _known_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        kind = field.annotation
        if get_origin(kind) is None and isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _known_keys(kind, f"{prefix}{name}.")
