"""What reporting is told by its environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Its own beside those of every service."""

    webhooks_private: bool = False
    """Whether webhooks may lead to machines that are not public, and without https."""
