"""What the Dockerfile promises, and the scripts that run in containers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
LINES = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
STEPS = [line.split(maxsplit=1) for line in LINES if line.strip() and not line.startswith(("#", " "))]
NIGHTLY = ROOT / "deploy" / "jobs" / "nightly.sh"


def said(instruction: str) -> list[str]:
    return [rest for word, rest in STEPS if word == instruction]


def test_the_image_is_built_in_two_stages_from_one_pinned_base() -> None:
    bases = [each.split()[0] for each in said("FROM")]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", bases[0])


def test_it_runs_as_nobody_with_rights_and_says_whether_it_lives() -> None:
    last = [word for word, _ in STEPS]
    assert said("USER") == ["10001:10001"]
    assert last.index("USER") > len(last) - 1 - last[::-1].index("RUN"), "nothing is run as root after USER"
    (check,) = said("HEALTHCHECK")
    assert "premises-alive" in check
    assert said("STOPSIGNAL") == ["SIGTERM"]


def test_packages_are_checked_against_hashes_and_no_index_is_named() -> None:
    installs = [each for run in said("RUN") for each in run.split("&&") if "pip install" in each]
    assert installs
    for install in installs:
        assert "--require-hashes" in install or "--no-index" in install, install
    assert not re.search(r"https?://", "\n".join(LINES))
    assert "ADD" not in {word for word, _ in STEPS}


def test_system_packages_leave_no_lists_and_chinese_has_a_font() -> None:
    (install,) = [run for run in said("RUN") if "apt-get" in run]
    assert "--no-install-recommends" in install
    assert "rm -rf /var/lib/apt/lists/*" in install
    assert "fonts-noto-cjk" in install


def test_no_state_and_no_secret_gets_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".git", ".venv", ".env", "deploy/state"} <= set(ignored)


@pytest.mark.parametrize("script", ["deploy/jobs/nightly.sh", "deploy/influxdb/tokens.sh"])
def test_a_script_is_one_that_any_shell_reads(script: str) -> None:
    subprocess.run(["sh", "-n", ROOT / script], check=True)


def test_the_tokens_are_asked_for_once_and_kept_closed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("operator\n")
    (tmp_path / "tokens").mkdir()
    asked = tmp_path / "asked"
    stand_in = tmp_path / "bin" / "influx"
    stand_in.parent.mkdir()
    stand_in.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >>{asked}\n'
        'case "$1 $2" in\n'
        '"bucket list") printf "0a1b\\tpremises/raw\\n" ;;\n'
        '"auth create") printf "id\\tdescription\\ttoken-of-its-own\\tadmin\\n" ;;\n'
        "esac\n"
    )
    stand_in.chmod(0o755)
    text = (ROOT / "deploy" / "influxdb" / "tokens.sh").read_text()
    moved = text.replace("/run/secrets/influxdb-admin-token", str(tmp_path / "secret"))
    moved = moved.replace("/tokens/", f"{tmp_path}/tokens/")
    for _ in range(2):
        environment = {**os.environ, "PATH": f"{stand_in.parent}:{os.environ['PATH']}"}
        subprocess.run(["sh", "-c", moved], check=True, env=environment)
    assert sorted(path.name for path in (tmp_path / "tokens").iterdir()) == ["grafana", "premises"]
    assert (tmp_path / "tokens" / "grafana").read_text() == "token-of-its-own\n"
    assert (tmp_path / "tokens" / "grafana").stat().st_mode & 0o777 == 0o600
    created = [line for line in asked.read_text().splitlines() if line.startswith("auth create")]
    assert len(created) == 2
    assert [("--write-bucket" in line) for line in created] == [True, False]


def test_a_night_makes_a_backup_keeps_the_newest_and_tells_a_failure(tmp_path: Path) -> None:
    folder, bin_folder = tmp_path / "backups", tmp_path / "bin"
    folder.mkdir()
    bin_folder.mkdir()
    for day in range(1, 5):
        (folder / f"home-2020-01-0{day}.tar.gz").touch()
    program = bin_folder / "premises"
    environment = {**os.environ, "BACKUPS": str(folder), "BACKUPS_KEPT": "3"}
    environment["PATH"] = f"{bin_folder}:{os.environ['PATH']}"

    def night() -> int:
        return subprocess.run(
            ["sh", NIGHTLY, "home", "once"], env=environment, check=False, capture_output=True
        ).returncode

    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert night() == 1
    assert (folder / "home.failed").exists()
    program.write_text('#!/bin/sh\necho whole >"$2"\n')
    assert night() == 0
    assert not (folder / "home.failed").exists()
    kept = sorted(path.name for path in folder.glob("home-*.tar.gz"))
    assert len(kept) == 3
    assert kept[:2] == ["home-2020-01-03.tar.gz", "home-2020-01-04.tar.gz"]
    assert (folder / kept[-1]).read_text() == "whole\n"


@pytest.mark.parametrize("part", ["ingest", "serve", "jobs"])
def test_the_health_check_runs_and_says_why_not(part: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "docker" / "alive.py", part, f"http://127.0.0.1:{free_port()}/healthz"],
        env={**os.environ, "PREMISES_HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, bool(done.stdout)) == ((0, False) if part == "jobs" else (1, True)), done.stderr
