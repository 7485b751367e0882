"""What rewards is told by its environment."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from shared.settings import ServiceSettings


def _http_url(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ValueError("it must begin with https:// or http://")
    return value


class Settings(ServiceSettings):
    """Where gifts are ordered, and the keys of what is kept or signed."""

    fulfilment_url: Annotated[str, AfterValidator(_http_url)] = ""
    """Webhook that hands gifts over; empty: they wait."""
    fulfilment_secret: SecretStr = SecretStr("")
    """By which the webhook's receiver knows us."""
    fulfilment_private_allowed: bool = False
    """Whether the webhook may have an address that is not public."""
    address_key: SecretStr = SecretStr("")
    """Fernet key for members' addresses; without one none are kept."""
    deliver_seconds: float = Field(default=5.0, gt=0, le=3600)
    """How often the service looks for gifts to hand over."""
