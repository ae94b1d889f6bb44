"""What WeCom wraps its calls in: XML with a signature by SHA-1 and a text encrypted by AES-256-CBC.

As its document 加解密方案说明 says: the signature is over token, time, nonce and encrypted text, sorted; the plain
text is 16 random bytes, the length in 4, the message, and whom it is for; padding is PKCS#7 to 32 bytes; the
initial vector is the key's beginning.
"""

import base64
import hashlib
import hmac
import secrets
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

LONGEST_BODY = 64 * 1024
"""Bytes of a call; a text message has 2 KiB, encrypted and wrapped about four."""

DEEPEST = 4
MOST_FIELDS = 64
_RANDOM = 16
_HEAD = _RANDOM + 4
_KEY_CHARS = 43
_BLOCK_BITS = 32 * 8


class Flaw(StrEnum):
    """What is wrong with a call."""

    SIGNATURE = "wrong signature"
    CIPHER = "cannot be decrypted"
    RECEIVER = "for another receiver"
    APPLICATION = "for another application"
    TIME = "too old, or a clock is wrong"
    NO_XML = "no XML"
    DOCUMENT_TYPE = "a document type"
    TOO_MUCH = "more than a message"


class EnvelopeError(ValueError):
    """A call is not WeCom's, or not for us; it names nothing that was in it."""

    def __init__(self, flaw: Flaw) -> None:
        """Say what is wrong."""
        super().__init__(flaw.value)
        self.flaw = flaw


class EncodingKeyError(ValueError):
    """The EncodingAESKey is not one."""

    def __init__(self) -> None:
        """Say what it looks like."""
        super().__init__("the EncodingAESKey is not 43 letters and digits; copy it from the application's page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What stands in the address of a call."""

    signature: str
    stamp: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Opens and closes what goes between WeCom and one application."""

    token: str = field(repr=False)
    key: bytes = field(repr=False)
    receiver: str
    """The corp id: every message says whom it is for."""

    def open(self, encrypted: str, signed: Signed) -> bytes:
        """Return what was encrypted. Raises EnvelopeError; nothing is decrypted before the signature holds."""
        if not hmac.compare_digest(self.signature(encrypted, signed.stamp, signed.nonce), signed.signature.encode()):
            raise EnvelopeError(Flaw.SIGNATURE)
        plain = self._decrypted(encrypted)
        length = int.from_bytes(plain[_RANDOM:_HEAD])
        message, receiver = plain[_HEAD : _HEAD + length], plain[_HEAD + length :]
        if len(plain) < _HEAD + length or receiver != self.receiver.encode():
            raise EnvelopeError(Flaw.RECEIVER)
        return message

    def close(self, message: bytes, *, stamp: str, nonce: str) -> str:
        """Return the XML that carries a message to WeCom."""
        encrypted = self.encrypted(message)
        signature = self.signature(encrypted, stamp, nonce).decode()
        fields = {"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": stamp, "Nonce": nonce}
        return xml_of(fields)

    def encrypted(self, message: bytes) -> str:
        """Return a message as WeCom wants it, in base64."""
        told = secrets.token_bytes(_RANDOM) + len(message).to_bytes(4) + message + self.receiver.encode()
        padder, encryptor = PKCS7(_BLOCK_BITS).padder(), self._cipher().encryptor()
        padded = padder.update(told) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def signature(self, encrypted: str, stamp: str, nonce: str) -> bytes:
        """Return the signature, in hex."""
        parts = sorted(part.encode() for part in (self.token, stamp, nonce, encrypted))
        return hashlib.sha1(b"".join(parts)).hexdigest().encode()  # noqa: S324 - WeCom knows no other

    def _decrypted(self, encrypted: str) -> bytes:
        try:
            raw = base64.b64decode(encrypted, validate=True)
            decryptor, unpadder = self._cipher().decryptor(), PKCS7(_BLOCK_BITS).unpadder()
            padded = decryptor.update(raw) + decryptor.finalize()
            return unpadder.update(padded) + unpadder.finalize()
        except (Base64Error, ValueError) as exc:
            raise EnvelopeError(Flaw.CIPHER) from exc

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16]))


def aes_key(encoded: str) -> bytes:
    """Return the key in an EncodingAESKey. Raises EncodingKeyError."""
    try:
        key = base64.b64decode(f"{encoded}=", validate=True) if len(encoded) == _KEY_CHARS else b""
    except Base64Error as exc:
        raise EncodingKeyError from exc
    if not key:
        raise EncodingKeyError
    return key


def fields_in(document: bytes) -> Mapping[str, str]:
    """Return the texts in an XML document by the names of their elements, the first of each. Raises EnvelopeError.

    A document type is refused, and with it every entity; so are other depths and numbers than WeCom's messages have.
    """
    reader = _Fields()
    parser = ParserCreate(encoding="UTF-8")
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(document, True)  # noqa: FBT003 - expat takes no name for it: there is no more to come
    except ExpatError as exc:
        raise EnvelopeError(Flaw.NO_XML) from exc
    return reader.found


def xml_of(fields: Mapping[str, str | Mapping[str, str]]) -> str:
    """Return the XML of a message."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Mapping[str, str | Mapping[str, str]]) -> str:
    return "".join(
        f"<{name}>{escape(value) if isinstance(value, str) else _elements(value)}</{name}>"
        for name, value in fields.items()
    )


class _Fields:
    """Collects the texts of elements while expat reads."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._open: list[list[str]] = []

    def refuse(self, *_: object) -> None:
        raise EnvelopeError(Flaw.DOCUMENT_TYPE)

    def begin(self, *_: object) -> None:
        self._open.append([])
        if len(self._open) > DEEPEST or len(self.found) > MOST_FIELDS:
            raise EnvelopeError(Flaw.TOO_MUCH)

    def end(self, name: str) -> None:
        self.found.setdefault(name, "".join(self._open.pop()))

    def text(self, data: str) -> None:
        self._open[-1].append(data)
