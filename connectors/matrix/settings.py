"""What the Matrix connector is told by its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from yaml import YAMLError, safe_load

from connectors.sdk.claims import Claim
from connectors.sdk.settings import ConnectorSettings
from shared.contracts.contract import Id, Label
from shared.settings import TOKEN_CHARACTERS_MIN, BadSettings, Port


def _strong(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < TOKEN_CHARACTERS_MIN:
        raise ValueError(f"it needs at least {TOKEN_CHARACTERS_MIN} characters")
    return value


Token = Annotated[SecretStr, AfterValidator(_strong)]


class Settings(ConnectorSettings):
    """The shared settings, the homeserver, and the file that says which room is of which community."""

    api_host: str = "127.0.0.1"
    api_port: Port
    """Where the homeserver brings its transactions."""
    matrix_homeserver: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")]
    """`https://matrix.example.org`, without a path."""
    matrix_domain: Annotated[str, Field(min_length=1, max_length=230)]
    """What follows the colon in its users' names."""
    matrix_localpart: Annotated[str, Field(pattern=r"^[a-z0-9._=-]{1,64}$")] = "hearth"
    """The bot's own name."""
    matrix_as_token: Token
    matrix_hs_token: Token
    matrix_rooms_file: Path

    @property
    def bot(self) -> str:
        """The bot's full name."""
        return f"@{self.matrix_localpart}:{self.matrix_domain}"


class Community(BaseModel):
    """A community and its rooms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    community: Id
    namespace: Label = ""
    rooms: tuple[Annotated[str, Field(pattern=r"^!\S+$", max_length=240)], ...] = Field(
        min_length=1, max_length=2000
    )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    communities: tuple[Community, ...] = Field(min_length=1, max_length=2000)


def read_rooms(path: Path) -> dict[str, Claim]:
    """Whose each room is, by room id. Raises `BadSettings`."""
    try:
        communities = _File.model_validate(safe_load(path.read_text(encoding="utf-8"))).communities
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise BadSettings(f"cannot start: {path} cannot be read: {type(error).__name__}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadSettings(f"cannot start: {path}: {place}: {first['msg']}") from None
    rooms: dict[str, Claim] = {}
    for each in communities:
        bare = Claim(each.community, each.namespace)
        claim = Claim(each.community, each.namespace, frozenset(bare.name(room) for room in each.rooms))
        for room in each.rooms:
            if room in rooms:
                raise BadSettings(f"cannot start: {path}: room {room} is there twice")
            rooms[room] = claim
    return rooms
