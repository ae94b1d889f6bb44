"""The offline bundle: made by the real scripts, installed with every index switched off."""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from tests.test_house import lock_entries

ROOT = Path(__file__).resolve().parents[2]
ENOUGH_TO_START = ("click", "pyyaml")
"""What the command line itself imports; the others come with the commands."""

OFFLINE = {
    **{key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy") and key[:4] != "PIP_"},
    "PIP_NO_INDEX": "1",
}


def repacked(name: str, folder: Path) -> str:
    """Return a line of a lock for a wheel made of an installed package, so that no test needs a network."""
    installed = distribution(name)
    tag = next(line.split()[1] for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag:"))
    parts = (installed.metadata["Name"].replace("-", "_").lower(), installed.version, tag)
    wheel = folder / f"{'-'.join(parts)}.whl"
    with ZipFile(wheel, "w", ZIP_STORED) as packed:
        for file in installed.files or ():
            if (
                file.parts[0] != ".."
                and "__pycache__" not in file.parts
                and file.name not in {"INSTALLER", "REQUESTED"}
            ):
                packed.write(str(file.locate()), str(file))
    return f"{name}=={installed.version} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a bundle with two wheels for this machine."""
    folder = tmp_path_factory.mktemp("bundle")
    wheels = folder / "wheels" / platform.machine()
    wheels.mkdir(parents=True)
    lock = folder / "lock"
    lock.write_text("".join(repacked(name, wheels) for name in ENOUGH_TO_START))
    environment = {
        **OFFLINE,
        "LOCK": str(lock),
        "DIST": str(folder / "dist"),
        "WHEELS": str(folder / "wheels"),
        "MACHINES": platform.machine(),
        "PYTHON_PROGRAM": sys.executable,
    }
    made = subprocess.run(
        [str(ROOT / "scripts" / "bundle.sh")], env=environment, check=False, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    (tar,) = (folder / "dist").glob("premises-*-offline.tar")
    carried = folder / "carried"
    carried.mkdir()
    subprocess.run(["tar", "-xf", str(tar), "-C", str(carried)], check=True)
    (unpacked,) = carried.iterdir()
    return unpacked


def install(bundle: Path, target: Path) -> subprocess.CompletedProcess[str]:
    environment = {**OFFLINE, "PYTHON": sys.executable}
    command = [str(bundle / "install.sh"), str(target)]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


def test_the_bundle_installs_with_every_index_switched_off(bundle: Path, tmp_path: Path) -> None:
    done = install(bundle, tmp_path / "opt")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("premises, version ")
    program = str(tmp_path / "opt" / "bin" / "premises")
    listed = subprocess.run(
        [program, "gateway", "list", "--access", str(tmp_path)],
        check=True,
        capture_output=True,
        cwd=tmp_path,
        text=True,
    )
    assert listed.stdout == ""


@pytest.mark.parametrize("change", ["altered", "added", "removed"])
def test_a_bundle_that_was_changed_on_the_way_is_not_installed(bundle: Path, tmp_path: Path, change: str) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(bundle), str(copy)], check=True)
    if change == "altered":
        (copy / "requirements.lock").write_text("evil==1\n")
    elif change == "added":
        (copy / "wheels" / platform.machine() / "evil-1-py3-none-any.whl").touch()
    else:
        (copy / "images.txt").unlink()
    done = install(copy, tmp_path / "opt")
    assert done.returncode == 1
    assert done.stderr
    assert not (tmp_path / "opt").exists()


def test_the_bundle_says_what_is_in_it(bundle: Path) -> None:
    assert {path.name for path in bundle.iterdir()} >= {
        *("install.sh", "SHA256SUMS", "images.txt", "sbom.cdx.json", "requirements.lock", "docker-compose.yml"),
        *("deploy", "scripts", "docs", "project", "wheels", "SECURITY.md"),
    }
    images = (bundle / "images.txt").read_text().split()
    assert len(images) >= 6
    assert all(":" in image for image in images)
    assert len(json.loads((bundle / "sbom.cdx.json").read_text())["components"]) == len(ENOUGH_TO_START)


def test_the_bill_of_materials_is_that_of_the_lock() -> None:
    def made() -> str:
        command = [sys.executable, str(ROOT / "scripts" / "sbom.py"), str(ROOT / "requirements-server.lock")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    bill = json.loads(made())
    assert made() == made(), "the same lock gives the same bytes"
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    # Of some packages a lock has two versions, each for some Pythons.
    pins = set(re.findall(r"^[a-z0-9][^\s;]*==[^\s;]+", (ROOT / "requirements-server.lock").read_text(), re.MULTILINE))
    assert {f"{each['name']}=={each['version']}" for each in bill["components"]} == pins
    for each in bill["components"]:
        assert any(kept["name"] == "premises:file-sha256" for kept in each["properties"]), each["name"]
    needs = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert any(reference.startswith("pkg:pypi/duckdb@") for reference in needs["premises"])
    assert {reference for each in needs.values() for reference in each} <= set(needs)


@pytest.mark.parametrize("name", ["requirements-server.lock", "requirements-build.lock"])
def test_the_locks_of_servers_agree_with_the_others(name: str) -> None:
    def pins(lock: str) -> set[str]:
        return {entry.split()[0] for entry in lock_entries(lock).values()}

    text = (ROOT / name).read_text()
    assert "http" not in text
    assert all("--hash=sha256:" in entry for entry in lock_entries(name).values())
    assert pins(name) <= pins("requirements-dev.lock")
    if name == "requirements-server.lock":
        assert pins("requirements.lock") <= pins(name)
