"""Prints the bill of materials of a lock file as CycloneDX 1.5 JSON: name, version, hashes, what it is needed by.

The same lock gives the same bytes: no clock, no random number, so that two builds can be compared.
"""

import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s\\;]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^\s+#\s+(?:via\s+)?([a-z0-9][a-z0-9._-]*)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A package as a lock pins it; `needed_by` names other packages, or the project itself."""

    name: str
    version: str
    marker: str | None
    hashes: tuple[str, ...]
    needed_by: tuple[str, ...]

    @property
    def reference(self) -> str:
        """Return its package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(text: str) -> Sequence[Locked]:
    """Return every package of a lock file's text."""
    return [_package(entry) for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE) if "==" in entry]


def bill(packages: Sequence[Locked], *, project: str, version: str) -> Mapping[str, object]:
    """Return the bill of materials as CycloneDX lays it out."""
    content = {
        "metadata": {
            "component": {"type": "application", "bom-ref": project, "name": project, "version": version},
            "properties": [{"name": "premises:source", "value": "requirements lock"}],
        },
        "components": [_component(package) for package in packages],
        "dependencies": list(_dependencies(packages, project)),
    }
    seal = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    number = uuid.UUID(bytes=seal[:16], version=4)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        **content,
    }


def _package(entry: str) -> Locked:
    first, *rest = entry.splitlines()
    pin = _PIN.match(first)
    if pin is None:
        msg = f"not a pinned package: {first}"
        raise ValueError(msg)
    via = (found.group(1) for line in rest if "--hash" not in line and (found := _VIA.match(line)))
    return Locked(
        name=pin["name"],
        version=pin["version"],
        marker=pin["marker"],
        hashes=tuple(_HASH.findall(entry)),
        needed_by=tuple(name for name in via if name != "via"),
    )


def _component(package: Locked) -> Mapping[str, object]:
    # A package has a file for each platform: the hashes are those of files, of which an installation takes one.
    files = [{"name": "premises:file-sha256", "value": each} for each in package.hashes]
    marker = [{"name": "premises:marker", "value": package.marker}] if package.marker else []
    return {
        "type": "library",
        "bom-ref": package.reference,
        "name": package.name,
        "version": package.version,
        "purl": package.reference,
        "properties": [*marker, *files],
    }


def _dependencies(packages: Sequence[Locked], project: str) -> Iterator[Mapping[str, object]]:
    # Of some packages a lock has two versions, each for some Pythons.
    references = [(project, project), *((package.name, package.reference) for package in packages)]
    for name, reference in sorted(references):
        needs = sorted(each.reference for each in packages if name in each.needed_by)
        yield {"ref": reference, "dependsOn": needs}


def main() -> None:
    """Print the bill of the lock that the first argument names."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = locked(Path(sys.argv[1]).read_text(encoding="utf-8"))
    made = bill(packages, project=about["name"], version=about["version"])
    sys.stdout.write(json.dumps(made, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
