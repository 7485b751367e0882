"""The demo's monthly award: gifts in the catalogue, winners who choose in the chat, what they get."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from rich.console import Console
from rich.text import Text

from connectors.sdk.publisher import Publisher
from shared.contracts.chat import MessagePosted
from tools.addresses import Addresses
from tools.demo_facts import DemoFailed, Heard
from tools.demo_moderation import OPERATOR
from tools.demo_shop import GiftShop
from tools.demo_table import both
from tools.simulator.community import SOURCE

GIFTS: Mapping[str, tuple[str, int]] = {
    "tea-set": ("茶具", 300),
    "poems": ("诗集", 200),
    "ticket": ("电影票", 100),
}
"""Names, and what each is worth in points: the dearest is the first of the list."""
REPLIES = ("2", "1", "电影票")
"""What the winners answer, by rank: numbers of what is left, and a name."""
THINKS = timedelta(minutes=10)
REQUEST_SECONDS_MAX = 30.0
WAIT_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Given:
    """A place, and the gift that came of it."""

    rank: int
    member_id: str
    said: str
    gift_id: str
    state: str
    chosen_by: str
    proof: str


@dataclass(frozen=True, slots=True)
class AwardDesk:
    """An operator's client of rewards, beside the winners who speak in the chat."""

    addresses: Addresses
    community_id: str
    month: str
    """2026-03"""
    shop: GiftShop | None
    """Who hands the gifts over; None: an operator does, by hand."""

    async def offer_gifts(self) -> None:
        """Put one of each gift into the catalogue; those of an earlier demo stay as they are."""
        for gift_id, (name, cost) in GIFTS.items():
            body = {
                "kind": "virtual", "name": name, "cost": cost, "stock": 1, "for_award": True,
                "by_webhook": self.shop is not None, "reason": "demo",
            }  # fmt: skip
            await self._ask("PUT", f"gifts/{gift_id}", body, or_status=409)

    async def award(self, closed_at: datetime) -> tuple[Given, ...]:
        """Every winner chooses when it is their turn; returns what they have in the end."""
        async with Publisher(self.addresses.bootstrap_servers, SOURCE) as publisher:
            for number, said in enumerate(REPLIES, 1):
                prize = await self._turn(number)
                if prize["state"] == "choosing":
                    reply = MessagePosted(
                        community_id=self.community_id, channel_id="hall", message_id=f"choice-{number}",
                        member_id=prize["member_id"], text=said,
                    )  # fmt: skip
                    await publisher.publish(reply, closed_at + number * THINKS)
                    await publisher.flush()
        return await self._given()

    async def _turn(self, rank: int) -> dict[str, Any]:
        """The place of this rank, when its member may choose, or has chosen before."""
        for _ in range(int(WAIT_SECONDS_MAX / LOOK_SECONDS)):
            for prize in await self._ask("GET", f"months/{self.month}/award"):
                if prize["rank"] == rank and prize["state"] != "waiting":
                    return dict(prize)
            await asyncio.sleep(LOOK_SECONDS)
        raise DemoFailed(f"the winner of rank {rank} could not choose within {WAIT_SECONDS_MAX:.0f} s")

    async def _given(self) -> tuple[Given, ...]:
        """All places, when the gifts are handed over."""
        for _ in range(int(WAIT_SECONDS_MAX / LOOK_SECONDS)):
            if self.shop is None:
                await self._by_hand()
            if (await self._ask("GET", f"months/{self.month}"))["state"] == "fulfilled":
                break
            await asyncio.sleep(LOOK_SECONDS)
        rows = (await self._ask("GET", "fulfilments?limit=100"))["items"]
        proofs = {row["member_id"]: row["proof"] for row in rows if row["state"] == "done"}
        return tuple(
            Given(
                each["rank"], each["member_id"], said, each["gift_id"] or "", each["state"],
                each["chosen_by"], proofs.get(each["member_id"], ""),
            )
            for each, said in zip(await self._ask("GET", f"months/{self.month}/award"), REPLIES, strict=False)
        )  # fmt: skip

    async def _by_hand(self) -> None:
        for row in (await self._ask("GET", "fulfilments?limit=100"))["items"]:
            if row["state"] == "by_hand":
                proof = {"proof": f"handed over by {OPERATOR}"}
                await self._ask("POST", f"fulfilments/{row['fulfilment_id']}/done", proof)

    async def _ask(self, method: str, path: str, body: Any = None, *, or_status: int = 200) -> Any:
        url = f"{self.addresses.api_urls['rewards']}/v1/communities/{self.community_id}/{path}"
        headers = {"Authorization": f"Bearer {self.addresses.api_token}", "X-Operator": OPERATOR}
        try:
            async with httpx.AsyncClient(timeout=REQUEST_SECONDS_MAX, trust_env=False) as client:
                answer = await client.request(method, url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise DemoFailed(f"rewards does not answer at {path}: {error!r}") from error
        if not answer.is_success and answer.status_code != or_status:
            raise DemoFailed(f"rewards answers {answer.status_code} at {path}: {answer.text[:300]}")
        return answer.json() if answer.content else None


def show_gifts(console: Console, given: tuple[Given, ...], heard: Heard) -> None:
    """Who chose what, with what words, and how it was handed over."""
    console.print()
    console.print(Text(both("gifts"), "bold"), soft_wrap=True)
    for each in given:
        name, gift = heard.names.get(each.member_id, each.member_id), GIFTS.get(each.gift_id, ("",))[0]
        line = f"  {each.rank}. {name} “{each.said}” → {gift}: {both(f'gift.{each.state}')} ({each.proof})"
        console.print(Text(line), soft_wrap=True)


def gift_problems(given: tuple[Given, ...], shop: GiftShop | None) -> list[str]:
    """What a working system would have shown and this one did not."""
    orders = len(given) if shop is None else len(shop.orders)
    wanted = (
        (len(given) == len(REPLIES), f"{len(given)} winners have a place instead of three"),
        (all(each.state == "fulfilled" and each.proof for each in given), "a gift was not handed over"),
        (all(each.chosen_by == "member" for each in given), "a winner did not choose in the chat"),
        (len({each.gift_id for each in given}) == len(GIFTS), "the winners do not have a gift each"),
        (orders == len(given), f"the shop has {orders} orders"),
        (shop is None or shop.refused == 0, "the shop refused orders whose signature was wrong"),
    )
    return [problem for holds, problem in wanted if not holds]
