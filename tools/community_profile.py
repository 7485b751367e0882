"""A community's profile as commands change it: what an operator does not name stays as it is."""

import time
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

import typer
from pydantic import ValidationError

from connectors.imports.explain import explain
from connectors.sdk.profiles import changed, read_profile
from shared.contracts.profiles import CommunityProfile
from tools.addresses import Addresses
from tools.feed_run import fail


async def changed_profile(
    addresses: Addresses, community_id: str, changes: Mapping[str, Any]
) -> CommunityProfile:
    """The profile with these changes; what is None stays, or is the default of a new community."""
    known = await read_profile(addresses.bootstrap_servers, community_id)
    try:
        return changed(known, community_id, int(time.time() * 1000), **changes)
    except ValidationError as error:
        fail(explain(error))


def check_zone(name: str | None) -> None:
    """Raises BadParameter for a time zone that does not exist."""
    if name is not None and name not in available_timezones():
        raise typer.BadParameter(f"{name!r} is no IANA time zone (for example Asia/Shanghai)")
