"""What the calls of one WeCom application are held against, and what is said back."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from alerts.replies import CodeRules, ReplyOutcome
from api.messages import Language
from api.recipients import Recipient
from api.wecom_envelope import Envelope
from sensors.topology import Name

FRESH_S = 300
"""A call older or younger than this is refused: it may have been recorded and sent again. Our own choice."""

SEEN_AT_MOST = 4096

SAID: Mapping[ReplyOutcome, Name] = MappingProxyType(
    {
        ReplyOutcome.ACKNOWLEDGED: Name(zh="已确认", en="Acknowledged"),
        ReplyOutcome.ALREADY: Name(zh="此前已确认", en="Acknowledged before"),
        ReplyOutcome.NO_CODE: Name(
            zh="请回复“确认”和消息中的六位确认码", en="Answer with the six digits of the message"
        ),
        ReplyOutcome.WRONG_CODE: Name(
            zh="确认码不对，请核对或致电消防控制室", en="Wrong code; check it, or call the control room"
        ),
        ReplyOutcome.EXPIRED: Name(
            zh="确认码已过期，请到控制台确认", en="The code has expired; acknowledge in the console"
        ),
        ReplyOutcome.TOO_MANY: Name(
            zh="错误次数过多，请致电消防控制室", en="Too many wrong codes; call the control room"
        ),
    }
)
"""What somebody reads who answered; no alert is named."""

MAY_NOT = Name(zh="您的账号不能确认告警", en="Your account may not acknowledge alerts")


@dataclass(slots=True)
class Heard:
    """The signatures of calls that were answered, so that one that comes again is no second attempt."""

    signatures: OrderedDict[str, float] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def has(self, signature: str) -> bool:
        """Say whether this call was answered before."""
        with self.lock:
            return signature in self.signatures

    def add(self, signature: str, now_s: float) -> None:
        """Remember a call for as long as it is fresh; of very many the oldest go first."""
        with self.lock:
            self.signatures[signature] = now_s
            while self.signatures and (
                len(self.signatures) > SEEN_AT_MOST or next(iter(self.signatures.values())) < now_s - 2 * FRESH_S
            ):
                self.signatures.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WecomReplies:
    """One application that is answered to. `members` has each id in lower case, for WeCom does not tell them apart."""

    envelope: Envelope = field(repr=False)
    agent_id: int
    members: Mapping[str, Recipient] = field(repr=False)
    rules: CodeRules = field(repr=False)
    language: Language = "zh"
    heard: Heard = field(default_factory=Heard, repr=False)

    def is_fresh(self, stamp: str, now_s: float) -> bool:
        """Say whether a call was made just now by its own account, which the signature covers."""
        return stamp.isascii() and stamp.isdigit() and abs(now_s - int(stamp[:12])) <= FRESH_S

    def said(self, outcome: ReplyOutcome | None) -> str:
        """Return what is said of an outcome; None where the account may not acknowledge."""
        return (MAY_NOT if outcome is None else SAID[outcome]).in_language(self.language)
