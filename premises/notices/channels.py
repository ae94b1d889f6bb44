"""The channels that the settings name, put together with their secrets, their words and their limits."""

import ssl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from alerts.channels.apprise import AppriseService
from alerts.channels.exchange import channel_name
from alerts.channels.mail import Mail, MailServer
from alerts.channels.pace import Paced, Telling
from alerts.channels.robots import PER_MINUTE, Robot
from alerts.channels.sms import Gateway, Sms
from alerts.channels.text import Carrier, TextChannel
from alerts.channels.webhook import Webhook
from alerts.channels.wecom_app import WecomApp, WecomMember
from alerts.codes import code_of
from alerts.dispatch import Channel
from alerts.messages import Language, Wording
from premises.channel_settings import (
    AppriseSettings,
    MailSettings,
    RobotSettings,
    SmsSettings,
    WebhookSettings,
    WecomAppSettings,
)
from premises.home import Home
from premises.notices.alert_key import alert_code_key
from premises.settings import Settings, SettingsError, read_secret
from sensors.topology import Registry

RegistryNow = Callable[[], Registry]


def channels_of(settings: Settings, home: Home, *, registry: RegistryNow | None = None) -> list[Channel]:
    """Return the channels that the settings name, each once. Raises SettingsError, SecretError.

    `registry` gives the registry as it stands; without it the home's file is read when something is first told.
    """
    makers = _Makers(settings, home, registry or _registry_of(home))
    channels: dict[str, Channel] = {}
    for place, make in makers.all():
        try:
            made = list(make())
        except (ValueError, OSError) as exc:
            if isinstance(exc, SettingsError):
                raise
            msg = f"{home.settings}: alerts.{place}: {exc}"
            raise SettingsError(msg) from exc
        channels |= {channel.name: channel for channel in made}
    return list(channels.values())


def phone_name(label: str, number: str) -> str:
    """Return the name of a phone's channel, by which its codes are made."""
    return channel_name("sms", label, number)


def wecom_members(given: WecomAppSettings, *, secret: str = "") -> list[WecomMember]:
    """Return the members of an application; who only asks for their names needs no secret."""
    app = WecomApp(
        label=given.name,
        base_url=given.base_url,
        corp_id=given.corp_id,
        agent_id=given.agent_id,
        secret=secret,
        card=given.card,
    )
    return [
        WecomMember(app=app, label=each.name, member=each.member, language=given.language) for each in given.members
    ]


class _Makers:
    """One method for each kind of channel."""

    def __init__(self, settings: Settings, home: Home, registry: RegistryNow) -> None:
        self._settings = settings
        self._home = home
        self._registry = registry

    def all(self) -> Iterator[tuple[str, Callable[[], Iterator[Channel]]]]:
        alerts = self._settings.alerts
        for place, webhook in enumerate(alerts.webhooks):
            yield f"webhooks.{place}", partial(self._webhook, webhook)
        for place, robot in enumerate(alerts.robots):
            yield f"robots.{place}", partial(self._robot, robot)
        for place, sms in enumerate(alerts.sms):
            yield f"sms.{place}", partial(self._sms, sms)
        for place, mail in enumerate(alerts.mail):
            yield f"mail.{place}", partial(self._mail, mail)
        for place, app in enumerate(alerts.wecom_apps):
            yield f"wecom_apps.{place}", partial(self._wecom_app, app)
        for place, apprise in enumerate(alerts.apprise):
            yield f"apprise.{place}", partial(self._apprise, apprise)

    def _webhook(self, given: WebhookSettings) -> Iterator[Channel]:
        yield _paced(Webhook(url=given.url, secret=read_secret(given.secret_file)), given.per_minute)

    def _robot(self, given: RobotSettings) -> Iterator[Channel]:
        robot = Robot(
            kind=given.kind,
            label=given.name,
            base_url=given.base_url,
            token=read_secret(given.token_file),
            secret=_secret(given.secret_file),
        )
        limit = PER_MINUTE[given.kind] if given.per_minute is None else given.per_minute
        yield _paced(self._told(robot, given.language), limit)

    def _sms(self, given: SmsSettings) -> Iterator[Channel]:
        gateway = Gateway(
            url=given.url,
            body=given.body,
            method=given.method,
            format=given.format,
            headers=given.headers,
            secret=_secret(given.secret_file),
            success_path=given.success_path,
            success_value=given.success_value,
            dead_values=frozenset(given.dead_values),
        )
        for phone in given.phones:
            sms = Sms(gateway=gateway, label=phone.name, phone=phone.number)
            yield _paced(self._told(sms, given.language, code=self._code(sms.name)), given.per_minute)

    def _mail(self, given: MailSettings) -> Iterator[Channel]:
        server = MailServer(
            host=given.host,
            port=given.port,
            sender=given.sender,
            security=given.security,
            username=given.username or "",
            password=_secret(given.password_file),
            tls=None if given.ca_file is None else ssl.create_default_context(cafile=given.ca_file),
        )
        for recipient in given.recipients:
            mail = Mail(server=server, label=given.name, recipient=recipient)
            yield _paced(self._told(mail, given.language), given.per_minute)

    def _wecom_app(self, given: WecomAppSettings) -> Iterator[Channel]:
        for member in wecom_members(given, secret=read_secret(given.secret_file)):
            code = self._keyed(member.name) if given.hears else _no_code
            yield _paced(self._told(member, given.language, code=code), given.per_minute)

    def _apprise(self, given: AppriseSettings) -> Iterator[Channel]:
        service = AppriseService(label=given.name, url=read_secret(given.url_file))
        yield _paced(self._told(service, given.language), given.per_minute)

    def _told(self, carrier: Carrier, language: Language, *, code: Callable[[str], str] | None = None) -> TextChannel:
        wording = Wording(
            language=language,
            registry=self._registry,
            origin=self._settings.server.origin or "",
            code=code or _no_code,
        )
        return TextChannel(carrier, wording)

    def _code(self, recipient: str) -> Callable[[str], str]:
        """Return what gives a phone its codes; none where no gateway brings answers."""
        return _no_code if self._settings.alerts.sms_reply.secret_file is None else self._keyed(recipient)

    def _keyed(self, recipient: str) -> Callable[[str], str]:
        key = alert_code_key(self._home)
        return lambda alert_id: code_of(key, alert_id, recipient)


def _no_code(_: str) -> str:
    return ""


def _paced(channel: Telling, per_minute: int) -> Channel:
    return Paced(channel, per_minute) if per_minute else channel


def _secret(path: Path | None) -> str:
    return "" if path is None else read_secret(path)


def _registry_of(home: Home) -> RegistryNow:
    def now() -> Registry:
        from storage.registry_file import load_registry  # noqa: PLC0415 - only where words are needed

        return load_registry(home.registry)

    return now
