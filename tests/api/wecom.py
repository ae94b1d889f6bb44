"""WeCom's side of a callback: encrypts by openssl and signs as its document says, so that ours is held against both."""

import base64
import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

ENCODING_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TOKEN = "QDG6eK"  # noqa: S105 - of a test
CORP = "wx5823bf96d3bd56c7"
AGENT = 1000002


@dataclass(frozen=True, slots=True)
class Wecom:
    """Speaks for a corporation and an application, right or wrong."""

    token: str = TOKEN
    key: str = ENCODING_KEY
    corp: str = CORP
    agent: int = AGENT

    def query(self, encrypted: str, *, stamp: int, nonce: str = "263014780", **more: str) -> str:
        signed = hashlib.sha1("".join(sorted((self.token, str(stamp), nonce, encrypted))).encode()).hexdigest()  # noqa: S324 - WeCom's own
        return urlencode({"msg_signature": signed, "timestamp": str(stamp), "nonce": nonce, **more})

    def encrypted(self, message: str) -> str:
        told = message.encode()
        plain = os.urandom(16) + len(told).to_bytes(4) + told + self.corp.encode()
        padding = 32 - len(plain) % 32
        return base64.b64encode(self._aes(plain + bytes([padding]) * padding, "-e")).decode()

    def decrypted(self, encrypted: str) -> str:
        plain = self._aes(base64.b64decode(encrypted), "-d")
        return plain[20 : 20 + int.from_bytes(plain[16:20])].decode()

    def body(self, encrypted: str) -> bytes:
        return (
            f"<xml><ToUserName><![CDATA[{self.corp}]]></ToUserName><AgentID><![CDATA[{self.agent}]]></AgentID>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        ).encode()

    def text(self, member: str, content: str) -> str:
        return self._message(member, f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content>")

    def pressed(self, member: str, key: str) -> str:
        event = "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[template_card_event]]></Event>"
        return self._message(member, f"{event}<EventKey><![CDATA[{key}]]></EventKey><TaskId><![CDATA[t]]></TaskId>")

    def opened_by(self, member: str) -> str:
        event = "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[enter_agent]]></Event>"
        return self._message(member, f"{event}<EventKey><![CDATA[]]></EventKey>")

    def read(self, answer: bytes) -> Mapping[str, str]:
        """Return the fields of a passive reply, after its signature was held against ours."""
        sealed = {each.tag: each.text or "" for each in ET.fromstring(answer)}  # noqa: S314 - our own answer
        parts = sorted((self.token, sealed["TimeStamp"], sealed["Nonce"], sealed["Encrypt"]))
        assert hashlib.sha1("".join(parts).encode()).hexdigest() == sealed["MsgSignature"]  # noqa: S324 - as above
        told = ET.fromstring(self.decrypted(sealed["Encrypt"]))  # noqa: S314 - as above
        return {each.tag: each.text or "" for each in told.iter() if each.text}

    def _message(self, member: str, inner: str) -> str:
        return (
            f"<xml><ToUserName><![CDATA[{self.corp}]]></ToUserName><FromUserName><![CDATA[{member}]]></FromUserName>"
            f"<CreateTime>1348831860</CreateTime>{inner}<MsgId>1234567890123456</MsgId>"
            f"<AgentID>{self.agent}</AgentID></xml>"
        )

    def _aes(self, data: bytes, way: str) -> bytes:
        key = base64.b64decode(self.key + "=")
        told = ["openssl", "enc", "-aes-256-cbc", "-nopad", way, "-K", key.hex(), "-iv", key[:16].hex()]
        return subprocess.run(told, input=data, capture_output=True, check=True).stdout
