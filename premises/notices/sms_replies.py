"""What answers to SMS are held against, put together from the settings."""

from datetime import timedelta
from ipaddress import ip_network

from alerts.replies import CodeRules
from api.recipients import Recipient
from api.sms_replies import SmsReplies, plain_number
from premises.home import Home
from premises.notices.alert_key import alert_code_key
from premises.notices.channels import phone_name
from premises.settings import Settings, read_secret


def sms_replies(settings: Settings, home: Home) -> SmsReplies | None:
    """Return who may bring answers and whose phones may answer; None where nobody may. Raises SecretError."""
    given = settings.alerts.sms_reply
    if given.secret_file is None:
        return None
    phones: dict[str, list[Recipient]] = {}
    for phone in (phone for gateway in settings.alerts.sms for phone in gateway.phones):
        holder = Recipient(label=phone.name, channel=phone_name(phone.name, phone.number), user=phone.user)
        phones.setdefault(plain_number(phone.number), []).append(holder)
    return SmsReplies(
        secret=read_secret(given.secret_file),
        allowed=tuple(ip_network(each) for each in given.allowed),
        phones=phones,
        rules=CodeRules(key=alert_code_key(home), valid=timedelta(hours=given.valid_hours)),
    )
