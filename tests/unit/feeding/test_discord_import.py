"""Discord channels as DiscordChatExporter writes them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.imports.reading import Item
from shared.contracts.chat import MemberJoined, MessagePosted, ReactionAdded
from tests.unit.feeding.imports import bad, items, parsed, skipped, write

ANN = {"id": "1", "name": "ann", "discriminator": "0000", "nickname": "安", "isBot": False, "roles": []}
MESSAGE: dict[str, Any] = {
    "id": "100", "type": "Default", "timestamp": "2024-03-05T12:00:00+08:00", "timestampEdited": None,
    "isPinned": False, "content": "早", "author": ANN, "attachments": [], "embeds": [], "stickers": [],
    "reactions": [], "mentions": [],
}  # fmt: skip


def read(tmp_path: Path, *messages: Any, guild: str = "9") -> list[Item]:
    """A channel of one guild with these messages."""
    export = {
        "guild": {"id": guild, "name": "茶馆", "iconUrl": ""},
        "channel": {"id": "77", "type": "GuildTextChat", "name": "大厅"},
        "dateRange": {"after": None, "before": None},
        "messages": messages,
        "messageCount": len(messages),
    }
    return items(write(tmp_path, "hall.json", json.dumps(export, ensure_ascii=False, indent=2)), "discord")


def test_a_message_has_its_sender_time_files_and_answers(tmp_path: Path) -> None:
    answer = {
        **MESSAGE, "id": "101", "type": "Reply", "reference": {"messageId": "100", "channelId": "77"},
        "author": {**ANN, "id": "2", "nickname": None, "isBot": True}, "mentions": [ANN],
        "attachments": [{"id": "5", "url": "x", "fileName": "茶.PNG"}],
    }  # fmt: skip
    (first, moment), (second, _) = parsed(read(tmp_path, MESSAGE, answer))
    assert isinstance(first, MessagePosted)
    assert isinstance(second, MessagePosted)
    assert (first.channel_id, first.message_id, first.member_id) == ("77", "100", "tea:1")
    assert (first.text, first.member_name, first.is_bot) == ("早", "安", False)
    assert moment == datetime(2024, 3, 5, 4, tzinfo=UTC)
    assert (second.reply_to, second.reply_to_member, second.mentions) == ("100", "tea:1", ("tea:1",))
    assert (second.is_bot, second.member_name, second.attachments[0].kind) == (True, "ann", "image")


def test_reactions_are_those_whose_people_are_known(tmp_path: Path) -> None:
    reactions = [
        {
            "emoji": {"id": "", "name": "👍", "code": "thumbsup"},
            "count": 2,
            "users": [{"id": "2"}, {"id": "3"}],
        },
        {"emoji": {"id": "", "name": "😀", "code": "grin"}, "count": 5},
    ]
    _, *found = parsed(read(tmp_path, {**MESSAGE, "reactions": reactions}))
    events = [event for event, _ in found]
    assert all(isinstance(event, ReactionAdded) for event in events)
    assert [(e.member_id, e.reaction, e.author_id) for e in events] == [  # type: ignore[attr-defined]
        ("tea:2", "👍", "tea:1"), ("tea:3", "👍", "tea:1"),
    ]  # fmt: skip


def test_joins_are_told_and_other_notices_skipped(tmp_path: Path) -> None:
    found = read(
        tmp_path, {**MESSAGE, "type": "GuildMemberJoin"}, {**MESSAGE, "type": "ChannelPinnedMessage"}
    )
    ((joined, _),) = parsed(found)
    assert isinstance(joined, MemberJoined)
    assert (joined.member_id, joined.invited_by) == ("tea:1", None)
    assert [each.what for each in skipped(found)] == ["message of type ChannelPinnedMessage"]


def test_conversations_are_private_and_broken_messages_cost_only_themselves(tmp_path: Path) -> None:
    assert len(skipped(read(tmp_path, MESSAGE, guild="0"))) == 1
    broken = [{**MESSAGE, "author": 7}, {**MESSAGE, "timestamp": "soon"}, {**MESSAGE, "id": ""}, {}]
    found = read(tmp_path, *broken, MESSAGE)
    assert len(bad(found)) == 4
    assert len(parsed(found)) == 1


def test_a_file_that_ends_early_gives_what_it_has(tmp_path: Path) -> None:
    whole = json.dumps({"guild": {"id": "9"}, "channel": {"id": "77"}, "messages": [MESSAGE, MESSAGE]})
    found = items(write(tmp_path, "cut.json", whole[:-40]), "discord")
    assert len(parsed(found)) >= 1
    assert len(bad(found)) == 1
