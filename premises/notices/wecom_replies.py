"""What calls of WeCom's applications are held against, put together from the settings."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from alerts.replies import CodeRules
from api.recipients import Recipient
from api.wecom_envelope import EncodingKeyError, Envelope, aes_key
from api.wecom_replies import WecomReplies
from premises.channel_settings import WecomAppSettings
from premises.home import Home
from premises.notices.alert_key import alert_code_key
from premises.notices.channels import wecom_members
from premises.settings import SecretError, Settings, read_secret


def wecom_replies(settings: Settings, home: Home) -> Mapping[str, WecomReplies]:
    """Return the applications whose members may answer, by name. Raises SecretError."""
    hours = timedelta(hours=settings.alerts.sms_reply.valid_hours)
    return {
        app.name: _application(app, app.callback_token_file, app.callback_key_file, home, hours)
        for app in settings.alerts.wecom_apps
        if app.callback_token_file is not None and app.callback_key_file is not None
    }


def _application(app: WecomAppSettings, token: Path, key: Path, home: Home, valid: timedelta) -> WecomReplies:
    carriers = wecom_members(app)
    return WecomReplies(
        envelope=Envelope(token=read_secret(token), key=_key(key), receiver=app.corp_id),
        agent_id=app.agent_id,
        members={
            each.member.lower(): Recipient(label=each.name, channel=carrier.name, user=each.user)
            for each, carrier in zip(app.members, carriers, strict=True)
        },
        rules=CodeRules(key=alert_code_key(home), valid=valid),
        language=app.language,
    )


def _key(path: Path) -> bytes:
    try:
        return aes_key(read_secret(path))
    except EncodingKeyError as exc:
        msg = f"{path}: {exc}"
        raise SecretError(msg) from exc
