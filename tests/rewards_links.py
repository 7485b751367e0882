"""One person with two accounts, and how they are linked in the chat."""

import re
from typing import Any

from shared.contracts.commands import SendMessage
from tests.builders import at, posted
from tests.rewards_http import Site
from tests.rewards_world import words

QQ, TG = "qq:10001", "tg:20001"


async def say(site: Site, text: str, seconds: float, member: str, **more: Any) -> list[tuple[Any, str]]:
    """Whom a message is answered, and what."""
    site.world.forget(SendMessage)
    await site.world.tell(posted(text, at(seconds), member=member, **more))
    return [(each.member_id, each.text) for each in site.world.heard(SendMessage)]


async def code_for(site: Site, member: str = TG, seconds: float = 0, **more: Any) -> str:
    """The code that a member is told."""
    ((who, text),) = await say(site, "绑定", seconds, member, **more)
    assert who == member
    found = re.search(r"\d{6}", text)
    assert found
    return found[0]


async def linked(site: Site, seconds: float = 1000) -> None:
    """The QQ account is linked to Telegram's."""
    code = await code_for(site, TG, seconds)
    answers = await say(site, f"绑定 {code}", seconds + 5, QQ)
    assert [who for who, _ in answers] == [TG, QQ]


async def active(site: Site, member: str, first: int, last: int) -> None:
    """Messages that are paid, a minute and more apart."""
    for number in range(first, last):
        await site.world.tell(posted(words(number), at(number * 70), member=member, message=f"m{number}"))
