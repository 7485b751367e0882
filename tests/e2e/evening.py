"""An evening in a tea house: one chats, one advertises, one floods, one checks in twice, and a bot talks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.chat import MessagePosted
from shared.contracts.contract import Contract

AD = "兼职日结，加 微 信 abc12345"
CHAT = "今天下午三点我们一起去湖边喝茶"
FLOOD = 9
Told = list[tuple[Contract, datetime]]


def said(community: str, member: str, text: str, name: int | str = 0, **fields: Any) -> MessagePosted:
    """A message in the hall; its id is its author's with `name`."""
    return MessagePosted(
        community_id=community, channel_id="hall", message_id=f"{member}-{name}", member_id=member, text=text,
        **fields,
    )  # fmt: skip


def a_minute_ago() -> datetime:
    """Lately; not so near midnight in Shanghai that the evening would fall on two days."""
    begins = datetime.now(UTC) - timedelta(seconds=60)
    days = {(begins + timedelta(seconds=each, hours=8)).date() for each in (0, 60)}
    return begins if len(days) == 1 else begins - timedelta(minutes=2)


def flood(community: str, begins: datetime) -> Told:
    """cai says something different every second."""
    return [
        (
            said(community, "cai", chr(0x4E00 + 97 * number) * 9, number),
            begins + timedelta(seconds=10 + number),
        )
        for number in range(FLOOD)
    ]


def others(community: str, begins: datetime) -> Told:
    """Everybody else."""
    return [
        (said(community, "ann", CHAT), begins),
        (said(community, "bo", AD), begins + timedelta(seconds=5)),
        (said(community, "dora", "签到", "a"), begins + timedelta(seconds=20)),
        (said(community, "dora", "打卡", "b"), begins + timedelta(seconds=25)),
        (said(community, "robot", "今日话题是春天的茶", is_bot=True), begins + timedelta(seconds=26)),
    ]
