"""The bots that may speak here: a YAML file of names, secrets, communities and what each can do."""

from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from connectors.sdk.claims import Claim
from connectors.sdk.ladder import CAPABILITIES
from connectors.webhook.signature import decode_secret
from shared.contracts.contract import Id, Label
from shared.settings import BadSettings

SECRETS_MAX = 2
BOTS_MAX = 500


def _secret(value: SecretStr) -> SecretStr:
    decode_secret(value.get_secret_value())
    return value


def _capability(value: str) -> str:
    if value not in CAPABILITIES:
        raise ValueError(f"no capability; of {', '.join(sorted(CAPABILITIES))}")
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("it must be http(s)://host/path without user or fragment")
    return value


class Place(BaseModel):
    """A community, or the part of it with this namespace or these channels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    community: Id
    namespace: Label = ""
    channels: tuple[Id, ...] = Field(default=(), max_length=2000)


class Bot(BaseModel):
    """One bot."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    secrets: tuple[Annotated[SecretStr, AfterValidator(_secret)], ...] = Field(
        min_length=1, max_length=SECRETS_MAX
    )
    places: tuple[Place, ...] = Field(min_length=1, max_length=2000)
    capabilities: frozenset[Annotated[str, AfterValidator(_capability)]] = frozenset(
        {"send", "reply", "delete"}
    )
    mute_seconds_max: int | None = Field(default=None, ge=1)
    commands_url: Annotated[str, AfterValidator(_http_url)] | None = None
    """Commands are posted there; without one the bot fetches them."""
    private_address: bool = False
    """Whether that address may be one of a private network, and without TLS."""
    calls_per_second: int = Field(default=20, ge=1, le=1000)

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The secrets, decoded."""
        return tuple(decode_secret(each.get_secret_value()) for each in self.secrets)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """What it may write to and gets commands of."""
        return tuple(
            Claim(place.community, place.namespace, frozenset(place.channels)) for place in self.places
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    bots: tuple[Bot, ...] = Field(min_length=1, max_length=BOTS_MAX)


def read_bots(path: Path) -> dict[str, Bot]:
    """The bots by name. Raises `BadSettings` with a sentence that holds no secret."""
    try:
        bots = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).bots
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadSettings(f"cannot start: {path} cannot be read: {type(error).__name__}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadSettings(f"cannot start: {path}: {place}: {first['msg']}") from None
    if problem := _problem(bots):
        raise BadSettings(f"cannot start: {path}: {problem}")
    return {bot.name: bot for bot in bots}


def _problem(bots: tuple[Bot, ...]) -> str | None:
    names = [bot.name for bot in bots]
    if len(set(names)) < len(names):
        return "two bots have one name"
    claims = [(bot.name, claim) for bot in bots for claim in bot.claims]
    for number, (name, claim) in enumerate(claims):
        for other, theirs in claims[number + 1 :]:
            if claim.meets(theirs):
                return f"{name} and {other} claim the same place in {claim.community_id}"
    if any(
        bot.commands_url and not bot.private_address and not bot.commands_url.startswith("https:")
        for bot in bots
    ):
        return "a commands_url without TLS needs private_address: true"
    return None
