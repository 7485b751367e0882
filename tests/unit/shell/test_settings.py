"""What a service makes of its environment."""

from pathlib import Path

import pytest

from shared.settings import BadSettings, ServiceSettings

COMPLETE = {
    "DATABASE_URL": "postgresql://hearth@localhost/hearth",
    "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
    "API_PORT": "8001",
    "METRICS_PORT": "9001",
    "API_TOKEN": "0123456789abcdef",
}
VARIABLES = (*COMPLETE, "API_HOST", "LOG_LEVEL", "API_TOKEN_FILE", "DATABASE_URL_FILE")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_complete_environment_is_read(environment: pytest.MonkeyPatch) -> None:
    settings = ServiceSettings()
    assert settings.database_url.get_secret_value() == COMPLETE["DATABASE_URL"]
    assert (settings.api_host, settings.api_port, settings.log_level) == ("127.0.0.1", 8001, "INFO")


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_missing_variable_ends_the_process_and_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    with pytest.raises(BadSettings, match=rf"{name} is missing"):
        ServiceSettings()


def test_all_that_is_missing_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("API_PORT")
    environment.setenv("API_TOKEN", "")
    with pytest.raises(BadSettings, match=r"API_PORT is missing.*API_TOKEN is missing: set it"):
        ServiceSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@localhost/hearth"),
        ("API_TOKEN", "hunter2"),
        ("KAFKA_BOOTSTRAP_SERVERS", "hunter2"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092,hunter2:port"),
        ("API_PORT", "hunter2"),
        ("API_PORT", "65536"),
        ("METRICS_PORT", "0"),
        ("LOG_LEVEL", "hunter2"),
    ],
)
def test_a_wrong_value_is_named_but_never_shown(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(BadSettings, match=f"{name} is wrong") as caught:
        ServiceSettings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["API_TOKEN", "DATABASE_URL"])
def test_a_secret_comes_from_a_file_without_its_line_end(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://from-a-file/ \n")
    environment.delenv(name)
    environment.setenv(f"{name}_FILE", str(secret))
    assert getattr(ServiceSettings(), name.lower()).get_secret_value() == "postgresql://from-a-file/ "


def test_a_secret_given_twice_is_refused(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("another 0123456789abcdef")
    environment.setenv("API_TOKEN_FILE", str(tmp_path / "secret"))
    with pytest.raises(BadSettings, match="API_TOKEN and API_TOKEN_FILE are both set"):
        ServiceSettings()


def test_a_secret_file_that_is_not_there_is_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("API_TOKEN")
    environment.setenv("API_TOKEN_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(BadSettings, match=r"API_TOKEN_FILE names .*nowhere, unreadable: FileNotFoundError"):
        ServiceSettings()


def test_only_secrets_come_from_files(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("8001")
    environment.delenv("API_PORT")
    environment.setenv("API_PORT_FILE", str(tmp_path / "port"))
    with pytest.raises(BadSettings, match="API_PORT is missing"):
        ServiceSettings()


def test_secrets_are_not_shown_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    shown = repr(ServiceSettings())
    assert COMPLETE["API_TOKEN"] not in shown
    assert COMPLETE["DATABASE_URL"] not in shown


def test_a_misspelt_variable_ends_the_process_with_the_name_that_is_meant(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("LOG_LEVELS", "DEBUG")
    with pytest.raises(BadSettings, match=r"LOG_LEVELS is unknown; LOG_LEVEL is meant\?"):
        ServiceSettings()


def test_a_foreign_variable_is_none_of_our_business(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("APP_PORT", "80")
    assert ServiceSettings().api_port == 8001


@pytest.mark.parametrize("given", ["KAFKA_USERNAME", "KAFKA_PASSWORD", "KAFKA_CA_FILE"])
def test_half_a_login_to_kafka_is_refused(environment: pytest.MonkeyPatch, given: str) -> None:
    environment.setenv(given, "hunter2")
    with pytest.raises(BadSettings, match="belong together: all or none") as refused:
        ServiceSettings()
    assert "hunter2" not in str(refused.value)
