"""The committed JSON of the dashboards, which is all that an installation needs of them."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

GENERATED = Path(__file__).parent / "generated"


def generated_boards(languages: Collection[str], folder: Path = GENERATED) -> list[dict[str, Any]]:
    """Return the dashboards of these languages, by name."""
    paths = sorted(path for path in folder.glob("*.json") if path.stem.rpartition(".")[2] in languages)
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]
