"""`hearth community`: what a community is called, where it is and which language it speaks."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from connectors.imports.feed import Feed
from connectors.sdk.publisher import Publisher
from shared.contracts.profiles import CommunityProfile
from tools.addresses import Addresses, find_addresses
from tools.community_profile import changed_profile, check_zone
from tools.feed_run import run

SOURCE = "/hearth/command"
app = typer.Typer(help="Communities: name, time zone, language.", no_args_is_help=True)


@app.command("set")
def set_community(
    community: Annotated[str, typer.Argument(metavar="ID")],
    name: Annotated[str | None, typer.Option()] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA zone.")] = None,
    locale: Annotated[str | None, typer.Option(help="zh-CN or en.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who answers for it, the same for all of theirs.")] = None,
) -> None:
    """Change a community, or make a new one; what is not named stays as it is."""
    check_zone(timezone)
    addresses = find_addresses()
    changes = {"name": name, "time_zone": timezone, "locale": locale, "owner": owner}
    profile = run(_set(addresses, community, changes), addresses)
    typer.echo(f"{profile.community_id}: {profile.name or '-'}, {profile.time_zone}, {profile.locale}")


async def _set(addresses: Addresses, community: str, changes: dict[str, str | None]) -> CommunityProfile:
    profile = await changed_profile(addresses, community, changes)
    async with Publisher(addresses.bootstrap_servers, SOURCE) as publisher:
        await Feed(publisher, profile).announce(datetime.now(UTC))
    return profile
