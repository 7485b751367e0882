"""Whatever is done in whatever order, much of it at once: the books fit, and no gift is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.rewards.handlers.choosing import GIFT_CHOICE
from services.rewards.handlers.reserve_gifts import REDEMPTION_EXPIRY
from services.rewards.store.ledger import BalanceMoved
from shared.engine import Event, Timer
from tests.builders import NOON, at, posted
from tests.rewards_http import Site, opened
from tests.rewards_world import checkin, removed, restored, revoked, words
from tests.servers import ServiceDatabase

MEMBERS = ("ann", "ben", "cat", "dan")
STOCK = 9
IN_CHAT = (
    "chat", "chat", "checkin", "checkin", "void", "restore", "revoke", "replay", "close", "expire", "late",
)  # fmt: skip
AT_COUNTER = ("redeem", "redeem", "redeem", "confirm", "cancel", "choose", "choose")
ACTS = st.tuples(st.sampled_from((*IN_CHAT, *AT_COUNTER)), st.integers(0, 11))
WAVES = st.lists(st.lists(ACTS, min_size=2, max_size=8), min_size=4, max_size=10)
BOOKS = """
    SELECT (SELECT coalesce(sum(amount), 0) FROM entry)::bigint AS total,
           (SELECT count(*) FROM account a WHERE balance <>
               (SELECT coalesce(sum(amount), 0) FROM entry e WHERE e.account_id = a.id)) AS wrong,
           (SELECT count(*) FROM account WHERE kind NOT IN ('issuer', 'debt') AND balance < 0) AS negative
"""
GIFTS = """
    SELECT stock + (SELECT count(*) FROM fulfilment f WHERE f.community_id = g.community_id
                      AND f.gift_id = g.gift_id AND f.state <> 'cancelled') AS units,
           (SELECT count(*) FROM redemption r WHERE r.community_id = g.community_id AND r.gift_id = g.gift_id
              AND r.state = 'reserved')
             + (SELECT coalesce(sum(units), 0) FROM month_stock m WHERE m.community_id = g.community_id
                  AND m.gift_id = g.gift_id) - reserved AS unpromised
    FROM gift g WHERE community_id = $1
"""
WON = "SELECT member_id FROM fulfilment WHERE community_id = $1 AND source = 'award' AND state <> 'cancelled'"
names = count()


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        yield site


@dataclass(slots=True)
class Town:
    """A community to which things happen."""

    site: Site
    name: str
    told: list[Event[Any]] = field(default_factory=list)
    messages: list[Event[Any]] = field(default_factory=list)
    checkins: list[Event[Any]] = field(default_factory=list)
    redemptions: list[str] = field(default_factory=list)
    decisions: Any = field(default_factory=lambda: count(1))

    @property
    def path(self) -> str:
        """Of its API."""
        return f"/v1/communities/{self.name}"

    async def in_turn(self, acts: Sequence[tuple[str, int]]) -> None:
        """What the lane does, one after another; the engine, too, tries a deadlock's victim again."""
        for act, number in acts:
            for _ in range(20):
                try:
                    await self.in_chat(act, number)
                    break
                except (asyncpg.DeadlockDetectedError, BalanceMoved):
                    await asyncio.sleep(0)

    async def in_chat(self, act: str, number: int) -> None:
        """One of `IN_CHAT`."""
        member, world = MEMBERS[number % len(MEMBERS)], self.site.world
        match act:
            case "chat":
                place = len(self.messages)
                moment, named = at(minutes=2 * place), f"m{place}"
                event: Any = posted(words(place), moment, member=member, community=self.name, message=named)
                self.messages.append(event)
            case "checkin":
                day = f"2024-03-{1 + len(self.checkins) % 28:02}"
                event = checkin(
                    day, member=member, community=self.name, campaign=f"c{len(self.checkins) // 28}"
                )
                self.checkins.append(event)
            case "void" | "restore" if self.messages:
                ruled = removed if act == "void" else restored
                event = ruled(self.messages[number % len(self.messages)], next(self.decisions))
            case "revoke" if self.checkins:
                event = revoked(self.checkins[number % len(self.checkins)])
            case "replay" if self.told:
                event = self.told[number % len(self.told)]
            case "close" if (timer := world.timers.get((self.name, "month_close", "2024-03"))) is not None:
                return await world.fire(timer)
            case "expire" if self.redemptions:
                key = self.redemptions[number % len(self.redemptions)]
                return await world.fire(Timer(self.name, REDEMPTION_EXPIRY, NOON, key))
            case "late":
                return await world.fire(Timer(self.name, GIFT_CHOICE, at(days=40), f"2024-03:{member}"))
            case _:
                return None
        self.told.append(event)
        return await world.tell(event)

    async def at_counter(self, act: str, number: int) -> None:
        """One of `AT_COUNTER`: done or refused, never broken."""
        member, gift = MEMBERS[number % len(MEMBERS)], ("mug", "book")[number % 2]
        if act == "redeem":
            wish = {"member_id": member, "gift_id": gift}
            made = await self.site.ask("POST", f"{self.path}/redemptions", wish)
            if made.status_code == 201:
                self.redemptions.append(made.json()["redemption_id"])
        elif act == "choose":
            award = f"{self.path}/months/2024-03/award/{member}/choice"
            made = await self.site.ask("POST", award, {"gift_id": gift})
        elif self.redemptions:
            one = self.redemptions[number % len(self.redemptions)]
            made = await self.site.ask("POST", f"{self.path}/redemptions/{one}/{act}", {"reason": "x"})
        else:
            return
        assert made.status_code < 500, made.text


@given(waves=WAVES)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_award_void_restore_redeem_expire_close_and_replay_at_once_leave_books_and_gifts_right(
    site: Site, waves: list[list[tuple[str, int]]]
) -> None:
    town = Town(site, f"town-{next(names)}")
    for name, cost in (("mug", 7), ("book", 2)):
        body = {"kind": "virtual", "name": name, "stock": STOCK, "cost": cost, "reason": "new"}
        both = {"for_points": True, "for_award": True}
        await site.post(f"{town.path}/gifts/{name}", {**body, **both}, "PUT")
    for wave in waves:
        lane = [each for each in wave if each[0] in IN_CHAT]
        asked = [town.at_counter(*each) for each in wave if each[0] in AT_COUNTER]
        await asyncio.gather(town.in_turn(lane), *asked)
        assert tuple(await site.world.connection.fetchrow(BOOKS) or ()) == (0, 0, 0)
        gifts = await site.world.connection.fetch(GIFTS, town.name)
        assert [tuple(row) for row in gifts] == [(STOCK, 0), (STOCK, 0)]
    won = [row[0] for row in await site.world.connection.fetch(WON, town.name)]
    assert len(won) == len(set(won)) <= 3
    assert (await site.json(f"{town.path}/ledger/verify"))["differences"] == []
