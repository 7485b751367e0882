"""What every connector is told by its environment."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import TOKEN_CHARACTERS_MIN, Port, ProcessSettings


def _strong(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < TOKEN_CHARACTERS_MIN:
        raise ValueError(f"it needs at least {TOKEN_CHARACTERS_MIN} characters")
    return value


Token = Annotated[SecretStr, AfterValidator(_strong)]


def _store(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("sqlite:", "postgresql://", "postgres://")):
        raise ValueError("it must begin with sqlite: or postgresql://")
    return value


class ConnectorSettings(ProcessSettings):
    """A connector adds its own fields in a subclass."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    connector_id: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """Its name among all connectors: group of its commands, part of its events' ids. It never changes."""
    connector_store: Annotated[SecretStr, AfterValidator(_store)]
    """`sqlite:/var/lib/hearth/matrix.db`, or an own Postgres database."""
    metrics_port: Port | None = None
    metrics_host: str = "127.0.0.1"
