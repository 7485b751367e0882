"""Slack's zip and Zulip's tar."""

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from connectors.imports.reading import Item
from shared.contracts.chat import MemberJoined, MemberLeft, MessagePosted, ReactionAdded
from tests.unit.feeding.imports import bad, items, parsed, skipped, write

SLACK = {
    "users.json": [
        {"id": "U1", "name": "ann", "profile": {"display_name": "安"}},
        {"id": "U2", "name": "bob"},
    ],
    "channels.json": [{"id": "C1", "name": "hall"}, {"id": "C2", "name": "garden"}],
    "hall/2024-03-05.json": [
        {"type": "message", "subtype": "channel_join", "user": "U2", "inviter": "U1",
         "ts": "1709611200.000100"},
        {"type": "message", "user": "U1", "ts": "1709611300.000100", "text": "早 &amp; <@U2> 看 <https://x.cn|茶>",
         "thread_ts": "1709611300.000100", "reactions": [{"name": "tea", "users": ["U2"], "count": 1}]},
    ],
    "garden/2024-03-05.json": [
        {"type": "message", "user": "U1", "ts": "1709611250.000100", "text": "花开了"},
    ],
    "hall/2024-03-06.json": [
        {"type": "message", "user": "U2", "ts": "1709697700.000100", "text": "好茶",
         "thread_ts": "1709611300.000100", "files": [{"name": "a.png", "mimetype": "image/png"}]},
        {"type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "钟", "ts": "1709697800.0",
         "text": "整点"},
        {"type": "message", "subtype": "channel_topic", "user": "U1", "ts": "1709697900.0", "text": "x"},
        {"type": "message", "subtype": "channel_leave", "user": "U2", "ts": "1709698000.0"},
        {"type": "message", "text": "nobody", "ts": "1709698001.0"},
        7,
    ],
    "secret/2024-03-05.json": [{"type": "message", "user": "U1", "ts": "1709611201.0", "text": "private"}],
}  # fmt: skip
ZULIP_REALM = {
    "zerver_userprofile": [
        {"id": 1, "full_name": "Ann", "is_bot": False},
        {"id": 2, "full_name": "Clock", "is_bot": True},
    ],
    "zerver_stream": [{"id": 5, "name": "大厅"}],
    "zerver_recipient": [{"id": 50, "type": 2, "type_id": 5}, {"id": 51, "type": 1, "type_id": 1}],
    "zerver_reaction": [{"message": 7, "user_profile": 2, "emoji_name": "tea"}],
}
ZULIP_MESSAGES = {
    "zerver_message": [
        {"id": 7, "sender": 1, "recipient": 50, "subject": "早茶", "content": "早 @**Clock**",
         "date_sent": 1709611200.5},
        {"id": 8, "sender": 1, "recipient": 51, "subject": "", "content": "private", "date_sent": 1709611201},
        {"id": 9, "sender": 99, "recipient": 50, "subject": "", "content": "?", "date_sent": 1709611202.0},
        {"id": 10, "sender": 2, "recipient": 50, "subject": "", "content": "整点", "date_sent": "soon"},
    ]
}  # fmt: skip


def zipped(tmp_path: Path, files: dict[str, Any]) -> Path:
    """An archive of these files."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, json.dumps(content))
    return path


def tarred(tmp_path: Path, files: dict[str, Any]) -> Path:
    """The same as a tar.gz, below one folder."""
    path = tmp_path / "export.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            raw = json.dumps(content).encode()
            info = tarfile.TarInfo(f"zulip-export/{name}")
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return path


def events(found: list[Item]) -> list[Any]:
    """Only what they tell."""
    return [each.event for each in parsed(found)]


def test_slack_channels_come_in_order_of_time_and_conversations_not_at_all(tmp_path: Path) -> None:
    found = items(zipped(tmp_path, SLACK), "slack")
    joined, flowers, first, liked, answer, clock, left = events(found)
    assert isinstance(joined, MemberJoined)
    assert (joined.member_id, joined.invited_by, joined.member_name) == ("tea:U2", "tea:U1", "bob")
    assert flowers.channel_id == "garden"
    assert (first.text, first.mentions, first.member_name) == (
        "早 & @bob 看 茶 https://x.cn",
        ("tea:U2",),
        "安",
    )
    assert isinstance(liked, ReactionAdded)
    assert (liked.reaction, liked.member_id, liked.author_id) == ("tea", "tea:U2", "tea:U1")
    assert (answer.reply_to, answer.reply_to_member) == (first.message_id, "tea:U1")
    assert (answer.thread, answer.attachments[0].kind) == ("1709611300.000100", "image")
    assert (clock.is_bot, clock.member_name) == (True, "钟")
    assert isinstance(left, MemberLeft)
    assert [each.what for each in skipped(found)] == ["message of type channel_topic"]
    assert len(bad(found)) == 2
    assert "private" not in str(found)


def test_zulip_streams_are_read_with_their_reactions(tmp_path: Path) -> None:
    path = tarred(tmp_path, {"realm.json": ZULIP_REALM, "messages-000001.json": ZULIP_MESSAGES})
    found = items(path, "zulip")
    posted, liked = events(found)
    assert isinstance(posted, MessagePosted)
    assert (posted.channel_id, posted.thread, posted.text) == ("大厅", "早茶", "早 @**Clock**")
    assert (posted.member_id, posted.member_name, posted.mentions) == ("tea:1", "Ann", ("tea:2",))
    assert (liked.message_id, liked.reaction, liked.member_id) == ("7", "tea", "tea:2")
    assert len(skipped(found)) == 1
    assert len(bad(found)) == 2


def test_archives_that_are_none_are_one_bad_line(tmp_path: Path) -> None:
    for name in ("slack", "zulip"):
        assert len(bad(items(write(tmp_path, f"{name}.zip", b"PK\x03\x04 broken"), name))) == 1
    assert len(bad(items(zipped(tmp_path, {"hall/2024-03-05.json": {"no": "list"}}), "slack"))) == 1
    assert len(bad(items(zipped(tmp_path, {"other.json": []}), "zulip"))) == 1
