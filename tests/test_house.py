"""The house's own rules: layers, folders, locks, linters, and what the command line may load."""

import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from premises.cli import COMMANDS

ROOT = Path(__file__).resolve().parent.parent

LAYERS = (
    {"premises"},
    {"api", "dashboards", "ingest", "storage", "reports"},
    {"analytics", "alerts", "rectification", "simulators"},
    {"sensors"},
)
SUPPORT = {"tests", "docs", "scripts", "deploy", ".ci", ".github"}
HEAVY = ("duckdb", "polars", "pyarrow", "fastapi", "starlette")

PACKAGES = sorted(name for layer in LAYERS for name in layer if (ROOT / name / "__init__.py").exists())

# Written so that these patterns do not find themselves.
HOME_OR_WORK_TREE = re.compile(r"(?<![\w.~:}-])/(?:root|home|work|Users)/\w")
INDEX_ADDRESS = re.compile(
    r"pypi\.(?:org|python)|pythonhosted\.(?:org)|registry\.(?:npmjs|yarnpkg)|https?://\S+/simple\b"
    r"|^\s*(?:-i|--(?:extra-)?index-url|--find-links)\s*[= ]\s*\S+",
    re.MULTILINE,
)


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


def python(code: str, cwd: Path = ROOT) -> str:
    done = run(sys.executable, "-I", "-c", code, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def tracked_files() -> list[Path]:
    listed = run("git", "ls-files", "-z")
    if listed.returncode != 0:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def tracked_texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT), content.decode()


def project() -> dict[str, list[str]]:
    table: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def lock_entries(name: str) -> dict[str, str]:
    """Package to the whole entry: the pin and its hashes."""
    entries = re.split(r"^(?=[a-zA-Z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)
    return {entry.split("==")[0]: entry for entry in entries if entry.strip() and not entry.startswith("#")}


def offenders(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{text[: found.start()].count(chr(10)) + 1}: {found.group()}"
        for path, text in tracked_texts()
        for found in pattern.finditer(text)
    ]


@pytest.mark.parametrize("name", PACKAGES)
def test_package_resolves_to_this_checkout_from_anywhere(name: str, tmp_path: Path) -> None:
    origin = python(f"import importlib.util as u; print(u.find_spec({name!r}).origin)", cwd=tmp_path)
    assert Path(origin) == ROOT / name / "__init__.py"


def test_root_folders_are_the_layers_and_their_support() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in tracked_files() if path.parent != ROOT}
    allowed = set().union(*LAYERS) | SUPPORT
    assert folders - allowed == set()
    assert {name for name in folders - SUPPORT if name not in PACKAGES} == set(), "a layer's folder is a package"


def test_every_package_is_under_the_import_rules() -> None:
    config = (ROOT / ".importlinter").read_text()
    listed = re.search(r"root_packages =\n((?:    \w+\n)+)", config)
    assert listed is not None
    assert sorted(listed.group(1).split()) == PACKAGES


def test_wheel_holds_every_file_of_every_package(tmp_path: Path) -> None:
    wanted = set()
    for path in tracked_files():
        name = path.relative_to(ROOT)
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, tmp_path / "source" / name)
        if name.parts[0] in PACKAGES:
            wanted.add(name.as_posix())
    done = run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"),
        *("--wheel-dir", str(tmp_path), str(tmp_path / "source")),
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("premises-*.whl")
    assert wanted - set(ZipFile(wheel).namelist()) == set()


def test_imports_point_down_and_the_domain_does_no_io() -> None:
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout


def test_linter_and_formatter_are_content() -> None:
    for command in (("check", "."), ("format", "--check", ".")):
        done = run(sys.executable, "-m", "ruff", *command)
        assert done.returncode == 0, done.stdout


def test_types_are_complete() -> None:
    done = run(sys.executable, "-m", "mypy")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_pins_every_package_with_hashes_and_names_no_index(name: str) -> None:
    entries = lock_entries(name)
    assert entries
    for package, entry in entries.items():
        assert re.match(r"[a-z0-9._-]+==[\w.!+]+", entry), f"{package} is not pinned"
        assert "--hash=sha256:" in entry, f"{package} has no hash"
    assert not re.search(r"https?:|index-url", (ROOT / name).read_text())


def test_lock_holds_every_runtime_dependency() -> None:
    wanted = {re.match(r"[\w.-]+", line).group().lower() for line in project()["dependencies"]}  # type: ignore[union-attr] # a requirement begins with a name
    assert wanted <= set(lock_entries("requirements.lock"))


def test_development_lock_agrees_with_the_runtime_lock() -> None:
    def pins(name: str) -> set[str]:
        return {entry.split()[0] for entry in lock_entries(name).values()}

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_no_tracked_file_holds_a_path_of_somebodys_machine() -> None:
    assert offenders(HOME_OR_WORK_TREE) == []


def test_no_tracked_file_holds_a_package_index() -> None:
    assert offenders(INDEX_ADDRESS) == []


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("see /" + "home/anna/readings.csv", HOME_OR_WORK_TREE),
        ('path = "/' + 'work/x"', HOME_OR_WORK_TREE),
        ("--index-" + "url https://mirror.example", INDEX_ADDRESS),
        ("https://mirror.example/" + "simple/", INDEX_ADDRESS),
    ],
)
def test_the_search_for_private_addresses_finds_them(text: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(text)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_imports_and_says_what_it_does(name: str) -> None:
    command = importlib.import_module(COMMANDS[name]).command
    assert command.help
    assert command.name == name


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from premises.cli import premises\n"
        "try:\n    premises(['--help'], prog_name='premises')\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        f"print('loaded:', *[name for name in {HEAVY} if name in sys.modules])"
    )
    *shown, loaded = python(code).splitlines()
    assert {line.split()[0] for line in shown if line.startswith("  ") and line.strip()} >= set(COMMANDS)
    assert loaded == "loaded:"


@pytest.mark.parametrize("modules", ["ingest", "storage.spool", "premises.commands.ingest"])
def test_the_safety_path_loads_nothing_heavy(modules: str) -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        f"found = importlib.import_module({modules!r})\n"
        "for part in pkgutil.walk_packages(getattr(found, '__path__', []), found.__name__ + '.'):\n"
        "    importlib.import_module(part.name)\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    assert python(code) == ""


def test_links_between_documents_lead_somewhere() -> None:
    link = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
    broken = [
        f"{path}: {target}"
        for path, text in tracked_texts()
        if path.suffix == ".md"
        for target in link.findall(text)
        if not (ROOT / path.parent / target).exists()
    ]
    assert broken == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
