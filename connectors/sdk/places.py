"""Which channel of a platform is of which community: a YAML file, the same for every connector.

communities:
  - community: tea-house
    namespace: qq
    channels: ["10001", "10002"]
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from yaml import YAMLError, safe_load

from connectors.sdk.claims import Claim
from connectors.sdk.outcomes import Gone, NotYet, Refused
from shared.contracts.contract import Id, Label
from shared.settings import BadSettings

PLACES_MAX = 2_000

T = TypeVar("T")


def _text(value: object) -> object:
    """Group numbers are numbers to YAML."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Community(BaseModel):
    """A community and its channels on this platform."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    community: Id
    namespace: Annotated[Label, Field(pattern=r"^[^\s:]*$")] = ""
    channels: tuple[Annotated[Id, BeforeValidator(_text), Field(pattern=r"^\S+$")], ...] = Field(
        min_length=1, max_length=PLACES_MAX
    )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    communities: tuple[Community, ...] = Field(min_length=1, max_length=PLACES_MAX)


def read_places(path: Path) -> dict[str, Claim]:
    """Whose each channel is, by the platform's own id. Raises `BadSettings`."""
    try:
        communities = _File.model_validate(safe_load(path.read_text(encoding="utf-8"))).communities
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise BadSettings(f"cannot start: {path} cannot be read: {type(error).__name__}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadSettings(f"cannot start: {path}: {place}: {first['msg']}") from None
    places: dict[str, Claim] = {}
    for each in communities:
        bare = Claim(each.community, each.namespace)
        names = frozenset(bare.name(channel) for channel in each.channels)
        claim = Claim(each.community, each.namespace, names)
        for channel in each.channels:
            if channel in places:
                raise BadSettings(f"cannot start: {path}: channel {channel} is there twice")
            places[channel] = claim
    return places


def channels_of(places: dict[str, Claim], claim: Claim) -> list[str]:
    """The platform's ids of a claim's channels."""
    return [channel for channel, owner in places.items() if owner == claim]


def channels_asked(places: dict[str, Claim], claim: Claim, channel_id: str | None) -> list[str]:
    """The platform's id of the named channel, or those of all of the claim's."""
    return channels_of(places, claim) if channel_id is None else [claim.platform_id(channel_id)]


def known_of(
    known: Mapping[str, T], places: dict[str, Claim], claim: Claim, channel_id: str | None
) -> list[T]:
    """What is known of the named channel, or of all of the claim's. Raises NotYet before it was said."""
    try:
        return [known[channel] for channel in channels_asked(places, claim, channel_id)]
    except KeyError:
        raise NotYet("the platform has not said yet what the bot may do here") from None


def claims_of(places: dict[str, Claim]) -> tuple[Claim, ...]:
    """Each claim once."""
    return tuple(dict.fromkeys(places.values()))


async def act_in(
    places: dict[str, Claim], claim: Claim, channel_id: str | None, act: Callable[[str], Awaitable[object]]
) -> None:
    """Act in the named channel, or in all of the claim; it is refused where no channel would do it."""
    channels = channels_asked(places, claim, channel_id)
    failures: list[Refused | Gone] = []
    for channel in channels:
        try:
            await act(channel)
        except (Refused, Gone) as error:
            failures.append(error)
    if failures and len(failures) == len(channels):
        raise failures[0]
