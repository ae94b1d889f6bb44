"""Settings of the ways to people. Every secret, and every token of an address, stands in a file of its own."""

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from alerts.channels.robots import PUBLIC_CLOUDS
from premises.section import Section

Label = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\s:/]+$")]
PerMinute = Annotated[int, Field(ge=0, le=6_000)]
Language = Literal["zh", "en"]


def _network(value: str) -> str:
    """Refuse what is neither an address nor a network."""
    ip_network(value)
    return value


def _refuse_public_cloud(base_url: str, *, allowed: bool) -> None:
    if urlsplit(base_url).hostname in PUBLIC_CLOUDS.values() and not allowed:
        msg = "base_url is a public cloud's; say public_cloud = true if messages may leave the building"
        raise ValueError(msg)


class WebhookSettings(Section):
    """An address that is told of alerts, and the file with the secret that its messages are signed with."""

    url: Annotated[str, Field(min_length=1)]
    secret_file: Path
    per_minute: PerMinute = 0
    """More come as one digest; 0 is without a limit."""


class RobotSettings(Section):
    """A group robot. A robot of a public cloud is called only where `public_cloud` says so."""

    name: Label
    kind: Literal["dingtalk", "wecom", "feishu"]
    base_url: Annotated[str, Field(min_length=1)]
    token_file: Path
    secret_file: Path | None = None
    public_cloud: bool = False
    language: Language = "zh"
    per_minute: PerMinute | None = None

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        _refuse_public_cloud(self.base_url, allowed=self.public_cloud)
        if self.kind == "wecom" and self.secret_file is not None:
            msg = "robots of WeCom know no signature; leave secret_file out"
            raise ValueError(msg)
        return self


class PhoneSettings(Section):
    """A phone that is sent an SMS. `user` is the account that acknowledges when its holder answers the code."""

    name: Label
    number: Annotated[str, Field(pattern=r"^\+?[0-9]{5,15}$")]
    user: str | None = None


class SmsSettings(Section):
    """An SMS gateway; templates name `${phone}`, `${text}`, `${code}`, `${key}`, `${secret}`, `${timestamp}`."""

    name: Label
    url: Annotated[str, Field(min_length=1)]
    body: str = ""
    method: Literal["POST", "GET"] = "POST"
    format: Literal["json", "form", "xml"] = "json"
    headers: Mapping[str, str] = {}
    secret_file: Path | None = None
    success_path: str = ""
    success_value: str = ""
    dead_values: tuple[str, ...] = ()
    language: Language = "zh"
    per_minute: PerMinute = 6
    phones: Annotated[tuple[PhoneSettings, ...], Field(min_length=1, max_length=32)]


class MailSettings(Section):
    """A mail server and who is written to, a letter each."""

    name: Label
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    sender: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")]
    recipients: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")], ...], Field(min_length=1, max_length=32)
    ]
    language: Language = "zh"
    per_minute: PerMinute = 12

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            msg = "username and password_file go together"
            raise ValueError(msg)
        if self.username is not None and self.security == "none":
            msg = "a password goes over TLS only; choose starttls or tls"
            raise ValueError(msg)
        return self


class AppriseSettings(Section):
    """A service that Apprise reaches; its address, which holds its secrets, is in the file."""

    name: Label
    url_file: Path
    language: Language = "zh"
    per_minute: PerMinute = 20


class WecomMemberSettings(Section):
    """A member of WeCom who is written to. `user` is the account that acknowledges when the member answers."""

    name: Label
    member: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\s|@]+$")]
    user: str | None = None


class WecomAppSettings(Section):
    """An application of WeCom, which writes to members and, with `callback_*`, hears their answers."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$")]
    """A part of the address that WeCom calls."""
    base_url: Annotated[str, Field(min_length=1)]
    corp_id: Annotated[str, Field(min_length=1, max_length=64)]
    agent_id: Annotated[int, Field(ge=0)]
    secret_file: Path
    callback_token_file: Path | None = None
    callback_key_file: Path | None = None
    card: bool = True
    """Whether messages that can be answered have a button; old clients show no cards."""
    public_cloud: bool = False
    language: Language = "zh"
    per_minute: PerMinute = 12
    members: Annotated[tuple[WecomMemberSettings, ...], Field(min_length=1, max_length=32)]

    @property
    def hears(self) -> bool:
        """Say whether answers are listened to."""
        return self.callback_token_file is not None

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        _refuse_public_cloud(self.base_url, allowed=self.public_cloud)
        if (self.callback_token_file is None) != (self.callback_key_file is None):
            msg = "callback_token_file and callback_key_file go together"
            raise ValueError(msg)
        return self


class SmsReplySettings(Section):
    """Who may bring answers to SMS: a gateway at one of these addresses that knows the secret in the file."""

    secret_file: Path | None = None
    allowed: tuple[Annotated[str, AfterValidator(_network)], ...] = ("127.0.0.1",)
    valid_hours: Annotated[int, Field(ge=1, le=168)] = 24
    """How long after an alert its code acknowledges it."""


class AlertSettings(Section):
    """Who is told of alerts. Nothing is told to anybody by default."""

    webhooks: Annotated[tuple[WebhookSettings, ...], Field(max_length=16)] = ()
    robots: Annotated[tuple[RobotSettings, ...], Field(max_length=16)] = ()
    sms: Annotated[tuple[SmsSettings, ...], Field(max_length=4)] = ()
    mail: Annotated[tuple[MailSettings, ...], Field(max_length=4)] = ()
    wecom_apps: Annotated[tuple[WecomAppSettings, ...], Field(max_length=4)] = ()
    apprise: Annotated[tuple[AppriseSettings, ...], Field(max_length=16)] = ()
    sms_reply: SmsReplySettings = SmsReplySettings()

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        phones = [phone for gateway in self.sms for phone in gateway.phones]
        members = [member for app in self.wecom_apps for member in app.members]
        labels = [
            *(each.name for each in self.robots),
            *(each.name for each in self.mail),
            *(each.name for each in self.apprise),
            *(each.name for each in phones),
            *(each.name for each in members),
        ]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            msg = f"the name {', '.join(twice)} stands twice among those who are told; each has its own"
            raise ValueError(msg)
        apps = [app.name for app in self.wecom_apps]
        if len(set(apps)) < len(apps):
            msg = "two of wecom_apps have one name; each has its own"
            raise ValueError(msg)
        return self
