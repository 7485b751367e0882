"""A steady stream of live chat, as connectors publish it: many communities, some spam, some check-ins."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.sdk.publisher import Publisher
from shared.contracts.chat import MemberJoined, MemberLeft, MessageDeleted, MessagePosted, ReactionAdded
from shared.contracts.contract import Contract

SOURCE = "/drill"
COMMUNITIES, MEMBERS = 120, 40
"""So many that every lane has some."""
TURN_SECONDS = 0.05
CATCH_UP_SECONDS_MAX = 1.0
"""A stream that was held up does not pour out more than this at once."""
WORDS = ("今天", "天气", "真好", "一起", "跑步", "新书", "周末", "爬山", "谢谢", "大家", "电影", "咖啡")
SPAM = "加微信 vx88668866 日赚 800 元 刷单 兼职 点击 http://bit.ly/zq9k 领取"


@dataclass(slots=True)
class Traffic:
    """Events by a seed; the same seed says the same things."""

    seed: int = 7
    published: int = 0
    messages: int = 0
    """Those of the published that are messages."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def events(self) -> Iterator[Contract]:
        """Without end."""
        chance = random.Random(self.seed)  # noqa: S311 - no secret hangs on it
        number = 0
        while True:
            number += 1
            yield self._event(chance, number)

    async def run(self, bootstrap_servers: str, per_second: float) -> None:
        """Publish at this rate until told to stop; all of it is durable when it returns."""
        stream = self.events()
        async with Publisher(bootstrap_servers, SOURCE) as publisher:
            owed, before = 0.0, time.monotonic()
            while not self.stopping.is_set():
                now = time.monotonic()
                owed, before = min(owed + (now - before) * per_second, per_second * CATCH_UP_SECONDS_MAX), now
                while owed >= 1:
                    event = next(stream)
                    await publisher.publish(event, datetime.now(UTC))
                    self.published += 1
                    self.messages += isinstance(event, MessagePosted)
                    owed -= 1
                await asyncio.sleep(TURN_SECONDS)

    def _event(self, chance: random.Random, number: int) -> Contract:
        community = f"drill-{self.seed}-{chance.randrange(COMMUNITIES)}"
        member = f"member-{chance.randrange(MEMBERS)}"
        message = f"{self.seed}-{number}"
        kind = chance.random()
        if kind < 0.90:
            return MessagePosted(
                community_id=community, channel_id="hall", message_id=message, member_id=member,
                text=self._text(chance),
            )  # fmt: skip
        if kind < 0.95:
            return ReactionAdded(
                community_id=community, channel_id="hall", message_id=f"{self.seed}-{max(1, number - 50)}",
                member_id=f"{member}-{number}", reaction="👍",
            )  # fmt: skip
        if kind < 0.97:
            return MemberJoined(community_id=community, member_id=f"newcomer-{message}")
        if kind < 0.98:
            return MemberLeft(community_id=community, member_id=f"newcomer-{message}")
        return MessageDeleted(
            community_id=community,
            channel_id="hall",
            message_id=f"{self.seed}-gone-{number}",
            deleted_by=member,
        )

    def _text(self, chance: random.Random) -> str:
        kind = chance.random()
        if kind < 0.01:
            return SPAM
        if kind < 0.03:
            return "打卡"
        return "".join(chance.choice(WORDS) for _ in range(chance.randint(2, 12)))
