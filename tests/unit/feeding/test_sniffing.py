"""A file tells which format it has."""

import json
from pathlib import Path

import pytest

from connectors.imports.sniffing import sniff
from tests.unit.feeding import test_archive_imports as archives
from tests.unit.feeding import test_text_imports as texts
from tests.unit.feeding.imports import write

DISCORD = json.dumps({"guild": {"id": "9"}, "channel": {"id": "7"}, "messages": []}, indent=2)
TELEGRAM = json.dumps({"name": "茶馆", "type": "private_supergroup", "id": 9, "messages": []}, indent=1)
EVENT = '{"specversion":"1.0","type":"x","data":{}}\n'
LINE = '{"id": 1, "sent_at": "2024-03-05T12:00:00Z", "sender": "ann", "text": "早"}\n'
IRC = "[10:00] <ann> hi\n=== bob [~b@x] has joined #tea\n[10:01] <bob> hello\n"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", texts.IOS, "whatsapp"),
        ("a.txt", texts.ANDROID, "whatsapp"),
        ("a.txt", texts.CHINESE, "whatsapp"),
        ("a.txt", texts.QQ, "qq"),
        ("a.txt", texts.WECHAT, "wechat"),
        ("a.csv", "时间,发送人,内容\n2024/3/5 20:00,1,早\n", "csv"),
        ("a.json", DISCORD, "discord"),
        ("result.json", TELEGRAM, "telegram"),
        ("a.jsonl", EVENT, "events"),
        ("a.jsonl.gz", LINE, "jsonl"),
        ("#tea-2024-03-05.txt", IRC, "irc"),
        ("a.txt", "随便写的\n一封信\n", None),
        ("a.bin", b"\x00\xff" * 100, None),
        ("a.gz", b"", None),
        ("empty", b"", None),
    ],
)
def test_the_beginning_tells_the_format(
    tmp_path: Path, name: str, content: str | bytes, expected: str | None
) -> None:
    assert sniff(write(tmp_path, name, content)) == expected


def test_archives_tell_by_their_files(tmp_path: Path) -> None:
    assert sniff(archives.zipped(tmp_path, archives.SLACK)) == "slack"
    assert sniff(archives.zipped(tmp_path, {"photo.json": []})) is None
    assert sniff(archives.tarred(tmp_path, {"realm.json": {}})) == "zulip"
