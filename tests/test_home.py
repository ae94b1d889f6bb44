"""Where an installation lies, and what is said where it cannot lie there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from premises.home import Home, HomeError
from tests.command_line import runner


def regular_file(folder: Path) -> Path:
    path = folder / "notes.txt"
    path.write_text("not a folder", encoding="utf-8")
    return path


def below_a_file(folder: Path) -> Path:
    return regular_file(folder) / "home"


def with_a_file_for_its_logs(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir()
    (home / "logs").write_text("", encoding="utf-8")
    return home


def refused_by_the_system(_folder: Path) -> Path:
    if not Path("/proc/self").exists():
        pytest.skip("this system has no /proc, which takes no folders")
    return Path("/proc/premises")


def test_home_is_made_with_its_folders(tmp_path: Path) -> None:
    home = Home.find(tmp_path / "a" / "b")
    assert home.run.is_dir()
    assert home.logs.is_dir()
    assert home.secrets.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "place", [regular_file, below_a_file, with_a_file_for_its_logs, refused_by_the_system], ids=lambda f: f.__name__
)
def test_home_that_cannot_be_made_is_told_in_one_line(
    place: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place(tmp_path)
    monkeypatch.setenv("PREMISES_HOME", str(path))
    with pytest.raises(HomeError):
        Home.find(None)
    done = runner(monkeypatch, capsys)("registry", "check")
    assert done.code == 2
    assert str(path) in done.err
    assert "PREMISES_HOME" in done.err
    assert len(done.err.splitlines()) == 1
