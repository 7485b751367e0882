"""What a process is told by its environment: one variable for each field, secrets also as a file."""

import os
import re
import ssl
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

TOKEN_CHARACTERS_MIN = 16
MISSPELT_LIKENESS = 0.9
"""Of two names, 0 to 1: a letter more, less or other; `API_PORT` and `APP_PORT` are apart."""
_ADDRESS = re.compile(r"\s*[^\s:,]+:\d{1,5}\s*|\s*\[[0-9a-fA-F:]+\]:\d{1,5}\s*")
Port = Annotated[int, Field(ge=1, le=65_535)]


class BadSettings(SystemExit):
    """The environment is incomplete or wrong: ends the process with one sentence instead of a traceback."""


def _postgres_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("it must begin with postgresql://")
    return value


def _strong(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < TOKEN_CHARACTERS_MIN:
        raise ValueError(f"it needs at least {TOKEN_CHARACTERS_MIN} characters")
    return value


def _holds_certificates(path: Path) -> bool:
    try:
        ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError):
        return False
    return True


def _addresses(value: str) -> str:
    if not all(_ADDRESS.fullmatch(part) for part in value.split(",")):
        raise ValueError("it must be host:port, several separated by commas")
    return value


class ProcessSettings(BaseSettings):
    """What every process of Hearth needs.

    A field `api_token` is read from `API_TOKEN`. A secret may come from a file instead: `API_TOKEN_FILE`
    names it. Raises `BadSettings`, which names each variable that is missing or wrong and never its value.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    kafka_bootstrap_servers: Annotated[str, AfterValidator(_addresses)]
    """`host:port`, several separated by commas."""
    kafka_username: str = ""
    """With a name: TLS and SCRAM-SHA-512, by these three. Without: neither, for brokers on this machine."""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None
    """PEM of the authority that signs the brokers' certificates."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _whole_login(self) -> Self:
        given = {
            bool(self.kafka_username),
            bool(self.kafka_password.get_secret_value()),
            bool(self.kafka_ca_file),
        }
        if len(given) > 1:
            raise ValueError("KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_CA_FILE belong together: all or none")
        if self.kafka_ca_file and not self.kafka_ca_file.is_file():
            raise ValueError(f"KAFKA_CA_FILE names {self.kafka_ca_file}, which is no file")
        if self.kafka_ca_file and not _holds_certificates(self.kafka_ca_file):
            raise ValueError(f"KAFKA_CA_FILE names {self.kafka_ca_file}, which holds no readable certificate")
        return self

    def __init__(self, **values: Any) -> None:
        _refuse_misspelt(type(self))
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise BadSettings(_sentence(type(self), error)) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then secret files, then the environment."""
        return init_settings, SecretFiles(settings_cls), env_settings


class ServiceSettings(ProcessSettings):
    """What every service needs; a service adds its own fields in a subclass."""

    database_url: Annotated[SecretStr, AfterValidator(_postgres_url)]
    api_host: str = "127.0.0.1"
    api_port: Port
    metrics_port: Port
    api_token: Annotated[SecretStr, AfterValidator(_strong)]


class SecretFiles(PydanticBaseSettingsSource):
    """Reads a secret `NAME` from the file that `NAME_FILE` names, as container platforms mount them."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's content without its last line end, or None where no file is named."""
        variable = field_name.upper()
        path = os.environ.get(f"{variable}_FILE")
        if not path:
            return None, field_name, False
        if os.environ.get(variable):
            raise BadSettings(f"cannot start: {variable} and {variable}_FILE are both set; keep one of them")
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = type(error).__name__
            raise BadSettings(f"cannot start: {variable}_FILE names {path}, unreadable: {reason}") from None

    def __call__(self) -> dict[str, Any]:
        """Every secret that a file gives."""
        secrets = {name: field for name, field in self.settings_cls.model_fields.items() if _is_secret(field)}
        found = {name: self.get_field_value(field, name)[0] for name, field in secrets.items()}
        return {name: value for name, value in found.items() if value is not None}


def _refuse_misspelt(settings: type[BaseSettings]) -> None:
    """A variable that is almost one of ours would else be ignored, and its default used in silence."""
    fields = settings.model_fields
    known = {name.upper() for name in fields}
    known |= {f"{name.upper()}_FILE" for name, field in fields.items() if _is_secret(field)}
    for variable in sorted(set(os.environ) - known):
        if near := get_close_matches(variable, known, 1, MISSPELT_LIKENESS):
            raise BadSettings(f"cannot start: {variable} is unknown; {near[0]} is meant?")


def _is_secret(field: FieldInfo | None) -> bool:
    return field is not None and (field.annotation is SecretStr or SecretStr in get_args(field.annotation))


def _sentence(settings: type[BaseSettings], error: ValidationError) -> str:
    return "cannot start: " + "; ".join(
        _complaint(settings, ".".join(str(part) for part in problem["loc"]), problem["type"], problem["msg"])
        for problem in error.errors(include_input=False, include_url=False)
    )


def _complaint(settings: type[BaseSettings], name: str, kind: str, message: str) -> str:
    variable = name.upper()
    if not name:
        return message.removeprefix("Value error, ")
    if kind != "missing":
        return f"{variable} is wrong: {message.removeprefix('Value error, ')}"
    if _is_secret(settings.model_fields.get(name)):
        return f"{variable} is missing: set it, or {variable}_FILE to the file that holds it"
    return f"{variable} is missing"
