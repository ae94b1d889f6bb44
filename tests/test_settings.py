"""Settings: where they come from, which one wins, and what is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from premises.home import Home
from premises.settings import SecretError, Settings, SettingsError, load_settings, read_secret
from sensors.errors import InputFault


def home_with(folder: Path, toml: str = "") -> Home:
    home = Home.find(folder / "home")
    if toml:
        home.settings.write_text(toml, encoding="utf-8")
    return home


def refusal(folder: Path, toml: str = "", **environment: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(home_with(folder, toml), environment)
    return str(refused.value)


def test_an_empty_home_gives_the_defaults(tmp_path: Path) -> None:
    settings = load_settings(home_with(tmp_path), {})
    assert settings == Settings()
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.topics) == ("127.0.0.1", 1883, ("premises/v1/#",))
    assert settings.spool.max_bytes == 2 * 1024**3
    assert (settings.store.kind, settings.store.threads) == ("duckdb", 1)


def test_the_file_overrides_the_defaults(tmp_path: Path) -> None:
    settings = load_settings(home_with(tmp_path, '[mqtt]\nport = 8883\ntls = true\ntopics = ["a/#", "b/#"]\n'), {})
    assert (settings.mqtt.port, settings.mqtt.tls, settings.mqtt.topics) == (8883, True, ("a/#", "b/#"))


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    home = home_with(tmp_path, '[mqtt]\nport = 8883\nhost = "broker"\n[store]\nthreads = 2\n')
    settings = load_settings(home, {"PREMISES_MQTT__PORT": "1884", "PREMISES_LOG__LEVEL": "debug"})
    assert (settings.mqtt.port, settings.mqtt.host) == (1884, "broker")
    assert (settings.store.threads, settings.log.level) == (2, "debug")


def test_the_environment_writes_lists_with_commas_and_truth_in_words(tmp_path: Path) -> None:
    given = {"PREMISES_MQTT__TOPICS": "premises/v1/hq/#, premises/v1/annex/#", "PREMISES_MQTT__TLS": "true"}
    settings = load_settings(home_with(tmp_path), given)
    assert settings.mqtt.topics == ("premises/v1/hq/#", "premises/v1/annex/#")
    assert settings.mqtt.tls


def test_what_is_no_setting_of_ours_is_left_alone(tmp_path: Path) -> None:
    given = {"PREMISES_HOME": "/x", "PREMISES_TEST_SLOW": "1", "PATH": "/bin", "MY_PREMISES_PORT": "1"}
    assert load_settings(home_with(tmp_path), given) == Settings()


def test_without_an_environment_given_the_process_own_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PREMISES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREMISES_MQTT__PORT", "1999")
    assert load_settings(home_with(tmp_path)).mqtt.port == 1999


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = load_settings(home_with(tmp_path), {})
    with pytest.raises(ValidationError):
        settings.mqtt.port = 1  # type: ignore[misc] # refused by the type checker too


def test_files_are_taken_from_the_home(tmp_path: Path) -> None:
    home = home_with(tmp_path, '[mqtt]\nusername = "ingest"\npassword_file = "secrets/mqtt"\n')
    (home.secrets / "mqtt").write_text("一 secret \n", encoding="utf-8")
    path = load_settings(home, {}).mqtt.password_file
    assert path == home.secrets / "mqtt"
    assert read_secret(path) == "一 secret "


def test_an_absolute_file_stays_where_it_is(tmp_path: Path) -> None:
    given = {"PREMISES_MQTT__CA_FILE": str(tmp_path / "ca.pem"), "PREMISES_MQTT__TLS": "1"}
    assert load_settings(home_with(tmp_path), given).mqtt.ca_file == tmp_path / "ca.pem"


def test_an_unknown_key_is_refused_with_file_and_key(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[mqtt]\nprot = 1\n")
    assert said == f"{tmp_path}/home/premises.toml: mqtt.prot: no such setting; did you mean mqtt.port?"


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    assert "premises.toml: colours: no such setting" in refusal(tmp_path, "[colours]\nsky = 1\n")


@pytest.mark.parametrize("name", ["PREMISES_MQTT__PROT", "PREMISES_MQTT__PORT__X", "PREMISES_COLOUR", "PREMISES_PORT"])
def test_an_unknown_variable_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, **{name: "1"}).startswith(f"{name}: no such setting")


def test_a_value_out_of_range_is_named(tmp_path: Path) -> None:
    assert "premises.toml: mqtt.port: Input should be less than or equal to 65535" in refusal(
        tmp_path, "[mqtt]\nport = 70000\n"
    )


def test_a_value_of_the_environment_is_named_by_its_variable(tmp_path: Path) -> None:
    assert refusal(tmp_path, PREMISES_MQTT__PORT="many").startswith("PREMISES_MQTT__PORT: Input should be a valid int")


def test_all_faults_are_told_in_one_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, '[mqtt]\nport = 0\n[store]\nkind = "oracle"\n', PREMISES_LOG__LEVEL="loud")
    assert "\n" not in said
    assert said.count("; ") == 2
    assert all(place in said for place in ("mqtt.port", "store.kind", "PREMISES_LOG__LEVEL"))


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ('password_file = "secrets/mqtt"', "needs a username"),
        ('tls = true\nkey_file = "k"', "go together"),
        ('ca_file = "ca.pem"', "need tls = true"),
        ("topics = []", "at least 1 item"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(tmp_path: Path, toml: str, why: str) -> None:
    assert why in refusal(tmp_path, f"[mqtt]\n{toml}\n")


def test_a_section_that_is_no_table_is_refused(tmp_path: Path) -> None:
    assert "premises.toml: mqtt: " in refusal(tmp_path, "mqtt = 3\n")
    assert refusal(tmp_path, "", PREMISES_MQTT="3").startswith("PREMISES_MQTT: ")


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[mqtt]\nport = \n")
    assert "premises.toml: not valid TOML" in said
    assert "line 2" in said


def test_toml_in_another_encoding_is_refused(tmp_path: Path) -> None:
    home = home_with(tmp_path)
    home.settings.write_bytes('[mqtt]\nusername = "张三"\n'.encode("gb18030"))
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(home, {})


def test_a_password_cannot_be_written_into_the_file(tmp_path: Path) -> None:
    assert "mqtt.password: no such setting; did you mean mqtt.password_file?" in refusal(
        tmp_path, '[mqtt]\npassword = "x"\n'
    )


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"], ids=["absent", "empty", "blank", "binary"])
def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SecretError, match="secret"):
        read_secret(path)


def test_refusals_are_faults_of_the_input() -> None:
    assert issubclass(SettingsError, InputFault)
    assert issubclass(SecretError, InputFault)


def test_reading_settings_loads_no_engine() -> None:
    script = (
        "import sys, premises.settings; print([n for n in ('duckdb','polars','pyarrow','fastapi') if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout == "[]\n"
