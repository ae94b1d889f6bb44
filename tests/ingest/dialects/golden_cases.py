"""Golden folders: `golden/FORMAT/CASE/` holds topic.txt, the payload and expected.json.

The payload is payload.json, payload.bin where it is other text, to the last byte, or payload.hex where it is no text.

`before.jsonl` are messages that came earlier, `{"topic", "payload"}` each, `hex` where it is binary;
`context.json` may name a `model` and a `timezone`. Everything was received at the same time, `RECEIVED_MS`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.dialects.decoded import Context, DialectError
from premises.decoding import context_of, explained, formats, undecodable

FOLDER = Path(__file__).parent / "golden"
RECEIVED_MS = 1_795_392_000_000
"""2026-11-23T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One case."""

    format: str
    name: str
    folder: Path

    @property
    def topic(self) -> str:
        return self._text("topic.txt")

    @property
    def payload(self) -> bytes:
        exact = self.folder / "payload.bin"
        if exact.exists():
            return exact.read_bytes()
        return bytes.fromhex(self._text("payload.hex")) or (self.folder / "payload.json").read_bytes().strip()

    @property
    def expected(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads((self.folder / "expected.json").read_text(encoding="utf-8"))

    @property
    def before(self) -> Sequence[Mapping[str, Any]]:
        return [json.loads(line) for line in self._text("before.jsonl").splitlines()]

    def context(self) -> Context:
        given = json.loads(self._text("context.json") or "{}")
        return context_of(given.get("model"), given.get("timezone"), RECEIVED_MS)

    def _text(self, name: str) -> str:
        file = self.folder / name
        return file.read_text(encoding="utf-8").strip() if file.exists() else ""

    def said(self) -> dict[str, Any]:
        """Return what becomes of the message, without the wording and the time used."""
        decoder, context = formats()[self.format](), self.context()
        for message in self.before:
            decoder.decode(message["topic"], _raw(message), context)
        try:
            decoded = decoder.decode(self.topic, self.payload, context)
        except DialectError as error:
            decoded = undecodable(error)
        document = explained(self.format, decoded).document()
        del document["us"], document["format"]
        for name in ("problems", "ignored"):
            document[name] = [{"path": each["path"], "reason": each["reason"]} for each in document[name]]
        return {name: value for name, value in document.items() if value or name in {"readings", "events", "problems"}}


def _raw(message: Mapping[str, Any]) -> bytes:
    if "hex" in message:
        return bytes.fromhex(message["hex"])
    payload = message["payload"]
    return (payload if isinstance(payload, str) else json.dumps(payload)).encode()


def cases() -> Iterator[Golden]:
    """Yield every case."""
    for folder in sorted(FOLDER.glob("*/*")):
        yield Golden(folder.parent.name, folder.name, folder)
