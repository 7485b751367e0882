"""Telegram Desktop's export becomes events of groups, never of conversations."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.imports.reading import Item
from shared.contracts.chat import Attachment, MemberJoined, MemberLeft, MessagePosted, ReactionAdded
from tests.unit.feeding.imports import bad, items, parsed, skipped, write

MESSAGE: dict[str, Any] = {
    "id": 5,
    "type": "message",
    "date": "2024-03-05T12:00:00",
    "date_unixtime": "1709611200",
    "from": "Ann",
    "from_id": "user1",
    "text": "早",
}
FIVE = datetime(2024, 3, 5, 4, tzinfo=UTC)


def message(**changes: Any) -> dict[str, Any]:
    """A good message with changes."""
    return {**MESSAGE, **changes}


def service(action: str, **fields: Any) -> dict[str, Any]:
    """A service message of Ann."""
    base = {name: MESSAGE[name] for name in ("id", "date", "date_unixtime")}
    return {**base, "type": "service", "action": action, "actor": "Ann", "actor_id": "user1", **fields}


def read(tmp_path: Path, *messages: Any, type_: str = "private_supergroup") -> list[Item]:
    """An export of one group with these messages."""
    export = {"name": "茶馆", "type": type_, "id": 9, "messages": messages}
    return items(write(tmp_path, "result.json", json.dumps(export, ensure_ascii=False, indent=1)), "telegram")


def one(tmp_path: Path, **changes: Any) -> MessagePosted:
    """The event of a changed message."""
    ((event, _),) = parsed(read(tmp_path, message(**changes)))
    assert isinstance(event, MessagePosted)
    return event


def test_a_message_has_its_chat_sender_and_time(tmp_path: Path) -> None:
    ((event, occurred_at),) = parsed(read(tmp_path, MESSAGE))
    assert event == MessagePosted(
        community_id="tea",
        channel_id="9",
        message_id="9:5",
        member_id="tea:user1",
        member_name="Ann",
        text="早",
    )
    assert occurred_at == FIVE


def test_a_text_in_parts_is_joined_and_names_whom_it_mentions(tmp_path: Path) -> None:
    parts = ["看 ", {"type": "link", "text": "a.cn"}, {"type": "mention_name", "text": "Bo", "user_id": 2}, 7]
    event = one(tmp_path, text=parts)
    assert (event.text, event.mentions) == ("看 a.cnBo", ("tea:user2",))


def test_an_old_export_has_local_times_and_bare_numbers(tmp_path: Path) -> None:
    old = message(from_id=4837438)
    del old["date_unixtime"]
    ((event, occurred_at),) = parsed(read(tmp_path, old))
    assert (event.member_id, occurred_at) == ("tea:user4837438", FIVE)


def test_a_reply_names_its_author(tmp_path: Path) -> None:
    told = parsed(read(tmp_path, MESSAGE, message(id=6, from_id="user2", reply_to_message_id=5)))
    assert (told[1].event.reply_to, told[1].event.reply_to_member) == ("9:5", "tea:user1")


def test_pictures_files_polls_and_forwards_are_attachments(tmp_path: Path) -> None:
    event = one(
        tmp_path,
        photo="photos/1.jpg",
        file="s.webp",
        media_type="sticker",
        poll={"question": "?"},
        forwarded_from="新闻",
    )
    assert event.attachments == (
        Attachment(kind="image", name="photos/1.jpg"),
        Attachment(kind="sticker", name="s.webp"),
        Attachment(kind="card", name="poll"),
        Attachment(kind="card", name="forwarded: 新闻"),
    )


def test_a_deleted_account_has_an_id_and_no_name(tmp_path: Path) -> None:
    event = one(tmp_path, **{"from": None})
    assert (event.member_id, event.member_name) == ("tea:user1", None)


def test_joins_know_who_invited_and_leaves_know_who_removed(tmp_path: Path) -> None:
    told = parsed(
        read(
            tmp_path,
            service("invite_members", members=["Bo"]),
            service("invite_members", members=["Ann"]),
            service("join_group_by_link", inviter="Bo"),
            service("remove_members", members=["Bo"]),
            service("remove_members", members=["Ann"]),
            message(id=7, **{"from": "Bo"}, from_id="user2"),
        )
    )
    joined = [each.event for each in told if isinstance(each.event, MemberJoined)]
    left = [each.event for each in told if isinstance(each.event, MemberLeft)]
    assert [(each.member_id, each.invited_by) for each in joined] == [
        ("tea:user2", "tea:user1"),
        ("tea:user1", None),
        ("tea:user1", "tea:user2"),
    ]
    assert [(each.member_id, each.removed_by) for each in left] == [
        ("tea:user2", "tea:user1"),
        ("tea:user1", None),
    ]


def test_a_name_that_two_people_share_or_nobody_has_is_skipped_and_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        service("invite_members", members=["Bo", "Nobody"]),
        message(id=7, **{"from": "Bo"}, from_id="user2"),
        message(id=8, **{"from": "Bo"}, from_id="user3"),
    )
    assert [each.what for each in skipped(found)] == ["invite_members of a name without an id"] * 2


def test_other_service_messages_are_skipped_by_their_name(tmp_path: Path) -> None:
    found = read(tmp_path, service("pin_message"), message(type="unsupported"))
    assert [each.what for each in skipped(found)] == [
        "service message pin_message",
        "message of type unsupported",
    ]


def test_reactions_whose_people_are_named_become_events_in_utc(tmp_path: Path) -> None:
    reactions = [
        {
            "type": "emoji",
            "emoji": "👍",
            "count": 3,
            "recent": [{"from_id": "user2", "date": "2024-03-05T12:10:00"}, {"from_id": "user3"}],
        }
    ]
    told = parsed(read(tmp_path, message(reactions=reactions)))
    assert [(each.event, each.occurred_at) for each in told[1:]] == [
        (
            ReactionAdded(
                community_id="tea",
                channel_id="9",
                message_id="9:5",
                member_id="tea:user2",
                reaction="👍",
                author_id="tea:user1",
            ),
            datetime(2024, 3, 5, 4, 10, tzinfo=UTC),
        )
    ]


def test_a_private_conversation_is_never_imported(tmp_path: Path) -> None:
    found = read(tmp_path, MESSAGE, type_="personal_chat")
    assert not parsed(found)
    assert [each.what for each in skipped(found)] == ["message of a private conversation"]


def test_an_account_export_gives_its_groups_one_channel_each(tmp_path: Path) -> None:
    chats = [
        {"name": "A", "type": "public_supergroup", "id": 1, "messages": [MESSAGE]},
        {"name": "B", "type": "saved_messages", "id": 2, "messages": [MESSAGE]},
        {"type": "private_group", "id": 3, "messages": [MESSAGE]},
    ]
    export = {"about": "x", "chats": {"about": "y", "list": chats}}
    found = items(write(tmp_path, "result.json", json.dumps(export)), "telegram")
    assert [each.event.channel_id for each in parsed(found)] == ["1", "3"]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (7, "no JSON object"),
        ([1, [2]], "no JSON object"),
        (message(id=None), "id is missing"),
        (message(from_id=None), "from_id is missing"),
        (message(date_unixtime="x"), "date_unixtime is no time"),
        (message(date_unixtime="99999999999"), "future"),
        (message(text={"a": 1}), "text is neither"),
    ],
)
def test_a_broken_message_is_told_by_its_place_and_stops_nothing(
    tmp_path: Path, broken: Any, why: str
) -> None:
    found = read(tmp_path, MESSAGE, broken, message(id=6))
    (told,) = bad(found)
    assert told.number == 2
    assert why in told.why
    assert len(parsed(found)) == 2


def test_an_export_that_ends_early_gives_what_came_before_and_one_bad_line(tmp_path: Path) -> None:
    whole = json.dumps({"name": "A", "id": 1, "messages": [message(id=number) for number in range(50)]})
    found = items(write(tmp_path, "result.json", whole[: len(whole) * 3 // 4]), "telegram")
    assert len(bad(found)) == 1


@pytest.mark.parametrize(
    "content", ["", "[]", "7", '"x"', "{}", "\x00", '{"messages": {}}', '{"messages": 3}']
)
def test_a_file_that_is_no_export_yields_no_event_and_does_not_fail(tmp_path: Path, content: str) -> None:
    assert not parsed(items(write(tmp_path, "result.json", content), "telegram"))
