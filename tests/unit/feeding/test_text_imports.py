"""WhatsApp, WeChat and QQ texts, and CSV: exports without ids, in many shapes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.imports.source import Source
from connectors.imports.table import CsvTable
from shared.contracts.chat import MemberJoined, MemberLeft
from tests.unit.feeding.imports import bad, items, parsed, reading, skipped, write

IOS = """\
\u200e[31/12/2023, 22:15:30] 茶馆: \u200eMessages and calls are end-to-end encrypted.
[31/12/2023, 22:15:31] Ann: 早
second line
[31/12/2023, 22:16:00] Bob: \u200eimage omitted
[31/12/2023, 22:16:05] Bob: \u200e<attached: 00000012-PHOTO.jpg>
"""
ANDROID = """\
12/31/23, 10:15\u202fPM - Ann created group "茶馆"
12/31/23, 10:15\u202fPM - Ann added Bob
12/31/23, 10:16\u202fPM - Ann: 早
12/31/23, 10:16\u202fPM - Bob: 早呀
1/1/24, 12:01\u202fAM - Bob left
"""
CHINESE = """\
2023年12月31日 下午10:15 - Ann: 早
2023年12月31日 下午10:16 - Bob使用此群组的邀请链接加入了
2024/1/1 凌晨12:05 - Bob: 新年好
"""
QQ = """\
消息记录（此消息记录为文本格式，不支持重新导入）

================================================================
消息分组:我的QQ群
================================================================
消息对象:山茶茶馆
================================================================

2023-12-31 9:05:03 【群主】安(10001)
大家好

2023-12-31 9:06:00 李四<li@example.com>
看这个[图片]
第二行

2023-12-31 9:07:00 系统消息(10000)
王五加入本群。

2023-12-31 9:08:00 系统消息(10000)
安撤回了一条消息
"""
WECHAT = """\
安 2023-12-31 22:15:30
早

李四 2023/12/31 22:16:00
[语音]
"""


def events(tmp_path: Path, text: str | bytes, format_name: str, zone: str = "Asia/Shanghai") -> list[Any]:
    return [each.event for each in parsed(items(write(tmp_path, "chat.txt", text), format_name, zone))]


def test_whatsapp_of_ios_has_lines_seconds_and_files(tmp_path: Path) -> None:
    path = write(tmp_path, "chat.txt", IOS)
    found = parsed(items(path, "whatsapp"))
    notice, ann, picture, attached = [each.event for each in found]
    assert "encrypted" in notice.text
    assert (ann.text, ann.member_id, ann.member_name) == ("早\nsecond line", "tea:Ann", "Ann")
    assert found[1].occurred_at == datetime(2023, 12, 31, 14, 15, 31, tzinfo=UTC)
    assert (picture.text, picture.attachments[0].kind) == ("", "image")
    assert attached.attachments[0].name == "00000012-PHOTO.jpg"


def test_whatsapp_of_android_knows_who_came_and_spreads_a_minute(tmp_path: Path) -> None:
    path = write(tmp_path, "chat.txt", ANDROID)
    found = parsed(items(path, "whatsapp", "UTC"))
    added, ann, bob, left = [each.event for each in found]
    assert isinstance(added, MemberJoined)
    assert (added.member_id, added.invited_by) == ("tea:Bob", "tea:Ann")
    assert [each.occurred_at.second for each in found[1:3]] == [0, 30]
    assert found[1].occurred_at == datetime(2023, 12, 31, 22, 16, tzinfo=UTC)
    assert isinstance(left, MemberLeft)
    assert found[3].occurred_at == datetime(2024, 1, 1, 0, 1, tzinfo=UTC)
    assert (ann.text, bob.text) == ("早", "早呀")
    assert len(skipped(items(path, "whatsapp"))) == 1


def test_whatsapp_in_chinese(tmp_path: Path) -> None:
    path = write(tmp_path, "chat.txt", CHINESE)
    found = parsed(items(path, "whatsapp", "UTC"))
    assert [each.occurred_at.hour for each in found] == [22, 22, 0]
    assert isinstance(found[1].event, MemberJoined)


def test_a_later_export_of_the_same_chat_has_the_same_ids(tmp_path: Path) -> None:
    twice = ANDROID.replace("Bob: 早呀", "Ann: 早")
    ids = [e.message_id for e in events(tmp_path, twice, "whatsapp") if hasattr(e, "message_id")]
    assert len(set(ids)) == 2, "equal messages of one minute are two"
    longer = events(tmp_path, twice + "1/2/24, 9:00\u202fAM - Ann: 新的一天\n", "whatsapp")
    assert [e.message_id for e in longer if hasattr(e, "message_id")][:2] == ids


def test_qq_has_ids_roles_and_notices(tmp_path: Path) -> None:
    path = write(tmp_path, "chat.txt", QQ)
    ann, li, joined = events(tmp_path, QQ, "qq")
    assert (ann.member_id, ann.member_name, ann.member_roles) == ("tea:10001", "安", ("operator", "群主"))
    assert (ann.channel_id, ann.text) == ("山茶茶馆", "大家好")
    assert (li.member_id, li.text) == ("tea:li@example.com", "看这个[图片]\n第二行")
    assert [each.kind for each in li.attachments] == ["image"]
    assert isinstance(joined, MemberJoined)
    assert joined.member_id == "tea:王五"
    assert len(skipped(items(path, "qq"))) == 1
    assert parsed(items(path, "qq"))[0].occurred_at == datetime(2023, 12, 31, 1, 5, 3, tzinfo=UTC)


def test_wechat_has_the_sender_before_the_time_and_older_files_another_encoding(tmp_path: Path) -> None:
    for content in (WECHAT, WECHAT.encode("gb18030")):
        ann, li = events(tmp_path, content, "wechat")
        assert (ann.member_id, ann.text, ann.channel_id) == ("tea:安", "早", "wechat")
        assert li.attachments[0].kind == "audio"


@pytest.mark.parametrize("format_name", ["whatsapp", "qq", "wechat", "csv"])
def test_what_is_no_such_export_is_bad_lines_and_never_an_error(tmp_path: Path, format_name: str) -> None:
    for content in (
        b"",
        b"\x00\xff\xfe\n\x80" * 50,
        "随便一行\n又一行\n".encode(),
        b"[99/99/9999, 99:99] A: b\n",
    ):
        found = items(write(tmp_path, "chat.txt", content), format_name)
        assert parsed(found) == []
        assert content == b"" or bad(found)


def test_csv_finds_its_columns_by_name_in_two_languages(tmp_path: Path) -> None:
    english = (
        'Time,Sender,Message,Channel\n2024-03-05T12:00:00Z,ann,"早, 大家\n好",hall\n1709640001,bob,好,\n'
    )
    chinese = "时间;发送人;昵称;内容\n2024/3/5 20:00:00;10001;安;早\n1709640000000;10002;波;好\nsoon;1;x;y\n"
    first, second = events(tmp_path, english, "csv")
    assert (first.text, first.channel_id, first.member_id) == ("早, 大家\n好", "hall", "tea:ann")
    assert second.channel_id == "general"
    path = write(tmp_path, "chat.csv", chinese)
    found = parsed(items(path, "csv"))
    assert [each.occurred_at for each in found] == [datetime(2024, 3, 5, 12, tzinfo=UTC)] * 2
    assert found[0].event.member_name == "安"  # type: ignore[attr-defined]
    assert [line.number for line in bad(items(path, "csv"))] == [4]


def test_csv_columns_can_be_mapped_and_a_missing_one_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "chat.csv", "a,b,c\n2024-03-05T12:00:00Z,ann,早\n")
    (why,) = bad(items(path, "csv"))
    assert "--column sent_at=" in why.why
    table = CsvTable({"sent_at": "A", "sender": "b", "text": "c"})
    ((event, _),) = parsed(list(table.read(Source(path), reading())))
    assert (event.text, event.member_id) == ("早", "tea:ann")  # type: ignore[attr-defined]
