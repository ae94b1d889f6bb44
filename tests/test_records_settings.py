"""Where the home's records are, as the settings say."""

from contextlib import closing
from pathlib import Path

import pytest

from premises.home import Home
from premises.settings import SettingsError
from premises.stores.records import open_records, records_url
from tests.servers import postgres


def home_with(folder: Path, settings: str) -> Home:
    home = Home.find(folder)
    home.settings.write_text(settings, encoding="utf-8")
    return home


@pytest.mark.parametrize("name", ["plain", "with space", "ünïcode 楼", "query?and#hash%41"])
def test_records_are_in_the_home_where_nothing_is_said(tmp_path: Path, name: str) -> None:
    home = Home.find(tmp_path / name)
    open_records(home).close()
    assert home.records.stat().st_size > 0


def test_records_can_be_in_postgresql(tmp_path: Path) -> None:
    server = postgres()
    database = server.new_database()
    home = home_with(tmp_path, f'[records]\nurl = "{server.address(database)}"\n')
    with closing(open_records(home)) as records, records.transaction() as tx:
        assert tx.next_item_number() == 1
    assert not home.records.exists()
    server.drop(database)


def test_the_password_comes_from_its_file_and_is_not_shown(tmp_path: Path) -> None:
    home = home_with(tmp_path, '[records]\nurl = "postgresql://anna@db/x"\npassword_file = "secrets/records"\n')
    written = "hu:sh@/"
    (home.secrets / "records").write_text(f"{written}\n", encoding="utf-8")
    url = records_url(home)
    assert url.password == written
    assert "hu:sh" not in str(url)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[records]\nurl = "postgresql://anna:hush@db/x"\n', "a file of its own"),
        ('[records]\npassword_file = "secrets/records"\n', "needs a url"),
        ('[records]\nkind = "sqlite"\n', "records.kind: no such setting"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, settings: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        records_url(home_with(tmp_path, settings))
    assert "hush" not in str(refused.value)
