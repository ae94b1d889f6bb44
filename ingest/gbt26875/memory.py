"""What is remembered of a panel's components beyond a restart: that they spoke, and under which text.

The text is part of an alert's place. If it changed between a fire and its end, the end would belong to no alert; so a
component's text changes only while nothing of it is active.
"""

import json
import os
from pathlib import Path

import structlog

_MOST = 50_000


class Texts:
    """The texts of components in one small file; where it cannot be written, they last until the process ends."""

    def __init__(self, path: Path) -> None:
        """Read the file; one that cannot be read is as if every component had spoken under no text."""
        self._path = path
        self._log = structlog.get_logger(__name__)
        self._texts: dict[str, str] = {}
        self._is_whole = True
        self._is_changed = False
        self._read()

    def knows(self, gateway: str, place: str) -> bool:
        """Say whether this part of a panel may have spoken before."""
        return not self._is_whole or _key(gateway, place) in self._texts

    def text(self, gateway: str, place: str, said: str, *, may_change: bool) -> str:
        """Return under which text a part is known; another one is taken only where nothing is active under the old."""
        key = _key(gateway, place)
        is_new = key not in self._texts and len(self._texts) < _MOST
        if is_new or (may_change and said and key in self._texts and self._texts[key] != said):
            self._texts[key] = said
            self._is_changed = True
        return self._texts.get(key, said)

    def write(self) -> None:
        """Make what is new durable; before the commit, so that nothing committed is under a text that is lost."""
        if not self._is_changed:
            return
        draft = self._path.with_suffix(".new")
        try:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(self._texts, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            self._is_changed = False
        except OSError as exc:
            self._log.error("panel_texts_not_written", path=str(self._path), reason=str(exc))

    def _read(self) -> None:
        try:
            texts = json.loads(self._path.read_text(encoding="utf-8"))
            self._texts = {str(key): str(text) for key, text in texts.items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, AttributeError) as exc:
            self._is_whole = False
            self._log.warning("panel_texts_unreadable", path=str(self._path), reason=str(exc))


def _key(gateway: str, place: str) -> str:
    return f"{gateway}|{place}"
