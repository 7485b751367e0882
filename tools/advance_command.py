"""`hearth advance`: moves the event clock of a community on, as if nothing happened until then."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from connectors.imports.feed import Feed
from connectors.sdk.profiles import changed, read_profile
from connectors.sdk.publisher import Publisher
from tools.addresses import Addresses, find_addresses
from tools.community_command import SOURCE
from tools.feed_run import fail, run

YEARS = (1990, 2100)


def advance(
    community: Annotated[str, typer.Argument(metavar="COMMUNITY")],
    to: Annotated[str, typer.Option(help="2026-04-02 or 2026-04-02T12:00; local unless it names a zone.")],
) -> None:
    """Set a community on event clock and move that clock to a moment; all that is due by then happens.

    The community stays on event clock. A clock never goes back: an earlier moment changes nothing.
    """
    moment = _parse(to)
    addresses = find_addresses()
    reached = run(_advance(addresses, community, moment), addresses)
    typer.echo(f"{community}: the clock is told to go to {reached.isoformat()}")


def _parse(to: str) -> datetime:
    try:
        moment = datetime.fromisoformat(to)
    except ValueError as error:
        raise typer.BadParameter(f"{to!r} is no time such as 2026-04-02T12:00") from error
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise typer.BadParameter(f"the year is not within {YEARS[0]} to {YEARS[1]}")
    return moment


async def _advance(addresses: Addresses, community: str, moment: datetime) -> datetime:
    known = await read_profile(addresses.bootstrap_servers, community)
    if known is None:
        fail(f"no community {community!r} is known: import or simulate it, or `hearth community set`")
    local = moment if moment.tzinfo else moment.replace(tzinfo=known.zone)
    async with Publisher(addresses.bootstrap_servers, SOURCE) as publisher:
        await Feed(publisher, changed(known, community, 0)).advance(local.astimezone(UTC))
    return local
