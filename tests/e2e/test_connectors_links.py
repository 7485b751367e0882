"""One community on two platforms: a code asked for in one chat is typed in the other, over two connectors."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sdk.connector import Connector
from shared.contracts.chat import MessagePosted
from shared.contracts.commands import SendMessage
from shared.contracts.rewards import MemberLinked, MemberUnlinked
from shared.contracts.topics import REWARDS_EVENTS
from tests.connector_world import Chat, new_name, until
from tests.e2e.stack_fixtures import Pipeline
from tests.rewards_links import QQ, TG
from tests.rewards_world import words

WHERE = {QQ: "qq:group", TG: "tg:group"}


async def say(connector: Connector, chat: Chat, member: str, text: str) -> None:
    """A member types something on the platform of the connector."""
    message = MessagePosted(
        community_id=chat.community, channel_id=WHERE[member], member_id=member, text=text,
        message_id=new_name(member),
    )  # fmt: skip
    await connector.publish([(message, datetime.now(UTC))])


async def heard(chat: Chat, member: str, pattern: str) -> str:
    """What a platform was asked to tell a member in private."""

    def found() -> list[str]:
        told = [each for each in chat.platform.done if isinstance(each, SendMessage)]
        return [
            each.text
            for each in told
            if (each.member_id, each.channel_id) == (member, None) and re.search(pattern, each.text)
        ]

    await until(lambda: bool(found()))
    return found()[0]


async def type_the_code(qq_side: Connector, qq: Chat, tg_side: Connector, tg: Chat) -> None:
    """Telegram is told a code, it is typed on QQ, and both are told what it did."""
    await say(tg_side, tg, TG, "绑定")
    code = re.findall(r"\d{6}", await heard(tg, TG, r"\d{6}"))[0]
    await say(qq_side, qq, QQ, f"绑定 {code}")
    assert QQ in await heard(tg, TG, "已绑定")
    assert TG in await heard(qq, QQ, "已绑定")


async def test_a_person_on_two_platforms_is_linked_and_unlinked(
    live: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REWARDS_URL", live.service("rewards").api_url)
    monkeypatch.setenv("API_TOKEN", live.service("rewards").token)
    (tmp_path / "qq").mkdir()
    (tmp_path / "tg").mkdir()
    qq = Chat(live.servers, tmp_path / "qq", namespace="qq")
    tg = Chat(live.servers, tmp_path / "tg", namespace="tg", community=qq.community)
    async with qq.running() as qq_side, tg.running() as tg_side:
        await say(qq_side, qq, QQ, words(1))
        await say(tg_side, tg, TG, words(2))
        path = f"/v1/communities/{qq.community}/members/"
        await live.until("rewards", f"{path}{QQ}/balance", {"balance": 2})
        await live.until("rewards", f"{path}{TG}/balance", {"balance": 2})

        await type_the_code(qq_side, qq, tg_side, tg)
        await live.until("rewards", f"{path}{TG}/balance", {"balance": 4})
        await live.until("rewards", f"{path}{QQ}/balance", {"balance": 0})
        await say(qq_side, qq, QQ, "积分")
        assert "4" in await heard(qq, QQ, "你有")

        (link,) = await live.hearth_json("rewards", "links", qq.community, "--member", QQ)
        assert (link["member_id"], link["linked_member_id"], link["moved"]) == (TG, QQ, 2)
        code_, out, _ = await live.hearth("rewards", "links", qq.community)
        assert (code_, QQ in out, TG in out) == (0, True, True)
        undo = ("rewards", "unlink", qq.community, link["link_id"], "--reason", "两个人")
        assert await live.hearth(*undo) == (0, "unlinked, 2 points went back\n", "")
        await heard(tg, TG, "解除绑定（两个人）")
        await heard(qq, QQ, "解除绑定（两个人）")
        await live.until("rewards", f"{path}{QQ}/balance", {"balance": 2})
        again, _, error = await live.hearth(*undo)
        assert (again, error != "") == (2, True)
    facts = await live.announced(REWARDS_EVENTS, qq.community)
    told = [each for each in facts if isinstance(each, MemberLinked | MemberUnlinked)]
    assert [(each.TYPE, each.member_id, each.linked_member_id, each.points) for each in told] == [
        ("member.linked", TG, QQ, 2),
        ("member.unlinked", TG, QQ, 2),
    ]
