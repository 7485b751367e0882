"""`hearth demo`: a simulated month through the whole pipeline, and what came of it.

Starts the local stack unless it runs, feeds the month in event time, moves the clock past its end so that
rewards closes it, asks the services what happened, writes the report, and judges whether all of it worked.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from pathlib import Path

from rich.console import Console

from connectors.imports.feed import Feed
from connectors.sdk.profiles import changed, read_profile
from connectors.sdk.publisher import Publisher
from deploy.local.home import REPOSITORY, Home, default_home
from deploy.local.up import is_up
from tools.addresses import Addresses, find_addresses
from tools.demo_engagement import engagement_problems
from tools.demo_facts import DemoFailed, Desk, Facts, Heard
from tools.demo_rewards import AwardDesk, Given, gift_problems, show_gifts
from tools.demo_shop import GiftShop, gift_shop
from tools.demo_table import both, show, show_places
from tools.feed_run import Published, fail, run, wait_or_fail
from tools.feed_summary import show as show_run
from tools.simulate_command import publish_simulation
from tools.simulator import rhythm
from tools.simulator.community import SOURCE, Settings, profile

MONTH = Settings("tea-house", date(2026, 3, 1), days=31, seed=7)
BEYOND = timedelta(hours=25)
"""How far the clock goes past the month: rewards waits 24 hours for late events."""
ALL_SERVICES = ("moderation", "engagement", "rewards", "reporting")
console = Console(highlight=False)


def demo() -> None:
    """Show a simulated month: removed spam, check-ins, points, the month's top three, where its report is.

    At a terminal the stack stays up until Ctrl-C; elsewhere it is stopped. Exit code 1 when anything failed.
    """
    home = default_home()
    started_here = not (is_up(home) and home.state().get("ready"))
    with gift_shop() as shop:
        try:
            if started_here:
                _hearth("up", "--detach", "--no-logs", **shop.environment)
            reports = _show_month(home, shop if started_here else None)
            if started_here and sys.stdin.isatty() and sys.stdout.isatty():
                show_places(console, reports)
                _stay(home)
        finally:
            if started_here:
                _hearth("down")
    show_places(console, reports)


def _hearth(*arguments: str, **environment: str) -> None:
    """Run another command as its own process, at the same terminal."""
    command = [sys.executable, "-m", "tools.cli", *arguments]
    told = {**os.environ, **environment}
    if subprocess.run(command, cwd=REPOSITORY, check=False, env=told).returncode != 0:
        fail(f"hearth {' '.join(arguments)} failed")


def _show_month(home: Home, shop: GiftShop | None) -> list[Path]:
    """What happened; returns the report's files."""
    begins = time.monotonic()
    addresses = find_addresses()
    if missing := [service for service in ALL_SERVICES if service not in addresses.api_urls]:
        fail(f"these services do not run: {', '.join(missing)}; `hearth down`, then again")
    heard = Heard()
    try:
        facts, texts, published, given = run(_live(addresses, heard, shop), addresses)
    except DemoFailed as error:
        fail(f"the demo failed: {error}")
    reports = _write(texts, home.root / "demo")
    show(console, facts, heard, MONTH.name, _month_name())
    show_gifts(console, given, heard)
    _hearth("rewards", "verify", MONTH.community_id)
    console.print(f"\n{published.events:,} events, {time.monotonic() - begins:.0f} s")
    if problems := [*_problems(facts, reports), *gift_problems(given, shop)]:
        fail("the demo failed: " + "; ".join(problems))
    return reports


async def _live(
    addresses: Addresses, heard: Heard, shop: GiftShop | None
) -> tuple[Facts, Mapping[str, str], Published, tuple[Given, ...]]:
    """The month, from its first message to its report and the gifts of its winners."""
    awards = AwardDesk(addresses, MONTH.community_id, _month_name(), shop)
    await awards.offer_gifts()
    async with (
        Publisher(addresses.bootstrap_servers, SOURCE) as publisher,
        Desk(addresses, MONTH.community_id, _month_name()) as desk,
    ):
        await Feed(publisher, profile(MONTH, revision=0)).advance(rhythm.at(MONTH.start, 0, MONTH.zone))
        await desk.plan_session(MONTH)
    published, waited = await publish_simulation(addresses, MONTH, stay=True, wait=True, keep=heard.keep)
    show_run(published, waited, {})
    known = await read_profile(addresses.bootstrap_servers, MONTH.community_id)
    passed = (MONTH.end + BEYOND).astimezone(UTC)
    async with Publisher(addresses.bootstrap_servers, SOURCE) as publisher:
        after = changed(known, MONTH.community_id, 0)
        await Feed(publisher, after).advance(passed)
    async with Desk(addresses, MONTH.community_id, _month_name()) as desk:
        await wait_or_fail(addresses, published)
        await desk.until_closed()
        await desk.decide_appeals()
        given = await awards.award(passed)
        positions, _ = await wait_or_fail(addresses, published)
        return await desk.facts(positions), await desk.reports(), published, given


def _write(texts: Mapping[str, str], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _month_name() -> str:
    return f"{MONTH.start:%Y-%m}"


def _problems(facts: Facts, reports: list[Path]) -> list[str]:
    """What a working system would have shown and this one did not."""
    wanted: tuple[tuple[bool, str], ...] = (
        (facts.reconciles, "records are unaccounted for, see `hearth status`"),
        (facts.dead_letters == 0, "there are dead letters, see `hearth status`"),
        (facts.totals["messages"] > 0, "reporting counted no message"),
        ({"contact_ad", "flood"} <= set(facts.removals), "moderation did not remove both kinds of spam"),
        (facts.totals["checkins"] > 0, "engagement recorded no check-in"),
        (facts.streak_days > 1, "nobody has a streak"),
        (facts.totals["points_issued"] > 0, "rewards issued no point"),
        (facts.totals["points_reversed"] > 0, "no point of a removed message was taken back"),
        (facts.ledger_consistent, "the ledger does not balance"),
        *_moderation_problems(facts),
        *engagement_problems(facts.engagement),
        (len(facts.top) == 3, f"the month has {len(facts.top)} winners instead of three"),
        (all(path.stat().st_size > 500 for path in reports), "a report is empty"),
    )
    return [problem for holds, problem in wanted if not holds]


def _moderation_problems(facts: Facts) -> tuple[tuple[bool, str], ...]:
    """The same of cases, sanctions and appeals."""
    told = facts.moderation
    return (
        (told.largest_burst > 8, "no flood was removed as one case"),
        (told.campaign_members >= 3, "the campaign of three accounts is no case"),
        (told.mutes_ended > 0, "no mute ended by its timer"),
        (told.waves > 0, "nobody was told of the wave of joins"),
        (any(each.outcome == "overturned" for each in told.appeals), "no appeal was decided"),
        (any(each.points_back > 0 for each in told.appeals), "an overturned removal gave no points back"),
    )


def _stay(home: Home) -> None:
    """Until Ctrl-C or SIGTERM."""
    console.print(both("addresses"))
    for name, service in home.state().get("services", {}).items():
        console.print(f"  {name:<11} {service['api_url']}/openapi.json", soft_wrap=True)
    console.print(f"  token: {home.root / 'secrets' / 'api-token'}   Ctrl-C", soft_wrap=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print()
