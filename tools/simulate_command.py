"""`hearth simulate`: a believable community for some days, into a file or through the services."""

import gzip
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from connectors.imports.events import write_line
from connectors.imports.reading import Parsed
from tools import feed_summary
from tools.addresses import Addresses, find_addresses
from tools.community_profile import changed_profile, check_zone
from tools.feed_run import Published, Watch, publish, run, wait_or_fail
from tools.log_position import Positions
from tools.simulator.community import MEMBERS_MIN, SOURCE, Settings, profile, simulate

DAYS_MAX, MEMBERS_MAX = 400, 5000


def simulate_community(
    community: Annotated[str, typer.Option(help="Its id.")],
    start: Annotated[str, typer.Option("--from", help="First local date, e.g. 2026-03-01.")],
    days: Annotated[int, typer.Option(min=1, max=DAYS_MAX)] = 31,
    seed: Annotated[int, typer.Option(help="The same seed gives the same events.")] = 1,
    members: Annotated[int, typer.Option(min=MEMBERS_MIN, max=MEMBERS_MAX)] = 300,
    timezone: Annotated[str, typer.Option(help="IANA zone.")] = "Asia/Shanghai",
    out: Annotated[
        Path | None, typer.Option(help="Write a file for `hearth import events` instead; .gz is packed.")
    ] = None,
    stay: Annotated[bool, typer.Option("--stay", help="Leave the community on event clock.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until every service has passed the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Invent a Chinese community's life and publish it on event clock, or write it to a file."""
    check_zone(timezone)
    settings = Settings(community, _date(start), days, seed, members, timezone)
    if out is not None:
        typer.echo(f"{_write(settings, out):,} events in {out}")
        return
    addresses = find_addresses()
    published, waited = run(publish_simulation(addresses, settings, stay=stay, wait=wait), addresses)
    (feed_summary.show_json if as_json else feed_summary.show)(published, waited, {})
    if waited and not feed_summary.reconciles(waited[0]):
        raise typer.Exit(1)


async def publish_simulation(
    addresses: Addresses,
    settings: Settings,
    *,
    stay: bool,
    wait: bool,
    keep: Callable[[Parsed], None] = lambda parsed: None,
) -> tuple[Published, tuple[Positions, Watch] | None]:
    """Simulate and publish; with `stay` the community is left on event clock, to be advanced.

    `keep` sees every event.
    """
    told = profile(settings, revision=0)
    changes = {"name": told.name, "time_zone": told.time_zone, "channels": told.channels}
    known = await changed_profile(addresses, settings.community_id, changes)
    days = _Days(settings, keep)
    published = await publish(
        addresses,
        SOURCE,
        known,
        days.events(),
        title=f"simulate {settings.community_id}",
        total=settings.days,
        how=lambda: (days.passed, f"day {days.passed} of {settings.days}"),
        returns_to_wall=not stay,
    )
    return published, await wait_or_fail(addresses, published) if wait else None


class _Days:
    """The simulation's events, and the day that they have come to."""

    def __init__(self, settings: Settings, keep: Callable[[Parsed], None]) -> None:
        self.settings = settings
        self.keep = keep
        self.passed = 0

    def events(self) -> Iterator[Parsed]:
        for parsed in simulate(self.settings):
            local = parsed.occurred_at.astimezone(self.settings.zone).date()
            self.keep(parsed)
            self.passed = min(self.settings.days, (local - self.settings.start).days + 1)
            yield parsed


def _write(settings: Settings, path: Path) -> int:
    count = 0
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8") as file:
        for event, occurred_at in simulate(settings):
            file.write(write_line(event, occurred_at, SOURCE))
            count += 1
    return count


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date such as 2026-03-01") from error
