"""Which format a file has, by its beginning."""

import csv
import re
import zlib
from pathlib import Path

from connectors.imports import chat_text, irc_lines, table, whatsapp
from connectors.imports.archive import is_archive, opened
from connectors.imports.irc import date_of
from connectors.imports.source import Broken, Source
from connectors.imports.text_lines import INVISIBLE, SPACES, decoded

_QQ = re.compile(r"消息记录|消息对象|\(\d{5,12}\)\s*$", re.MULTILINE)
LOOKED_AT_BYTES = 262_144
LINES_MAX = 200
SHARE_MIN = 0.2
"""Of the lines that must be such as the format has: messages of many lines have few headings."""


def sniff(path: Path) -> str | None:
    """The format's name, or None where none is likely. Raises OSError."""
    if is_archive(path):
        return _of_archive(path)
    try:
        with Source(path).open() as content:
            beginning = content.read(LOOKED_AT_BYTES)
    except (EOFError, zlib.error):
        return None
    text = decoded(beginning[: beginning.rfind(b"\n") + 1] or beginning).translate(INVISIBLE)
    return _of_json(text) if text.lstrip()[:1] in ("{", "[") and '"' in text else _of_text(path, text)


def _of_archive(path: Path) -> str | None:
    try:
        with opened(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.names}
    except Broken:
        return None
    if "realm.json" in names:
        return "zulip"
    return "slack" if {"users.json", "channels.json"} & names else None


def _of_json(text: str) -> str | None:
    first = text.split("\n", 1)[0]
    if '"specversion"' in first:
        return "events"
    if '"sent_at"' in first:
        return "jsonl"
    if '"guild"' in text and '"channel"' in text:
        return "discord"
    return "telegram" if '"messages"' in text or '"chats"' in text else None


def _of_text(path: Path, text: str) -> str | None:
    lines = [line.strip() for line in text.split("\n")[:LINES_MAX] if line.strip()]
    if not lines:
        return None
    shares = {
        "whatsapp": sum(bool(whatsapp.HEAD.fullmatch(line.translate(SPACES))) for line in lines),
        "qq": max(
            sum(bool(pattern.fullmatch(line)) for line in lines)
            for pattern in (chat_text.TIME_FIRST, chat_text.SENDER_FIRST)
        ),
        "irc": sum(line.startswith(("[", "===", "*")) and _is_irc(line) for line in lines)
        if date_of(path.name)
        else 0,
    }
    heading = next(csv.reader([lines[0]], delimiter=table.separator_of(lines[0])))
    if {"sent_at", "sender"} <= set(table.CsvTable().places(heading)):
        return "csv"
    best = max(shares, key=lambda name: shares[name])
    if best == "qq" and not _QQ.search(text):
        return "wechat" if shares["qq"] >= SHARE_MIN * len(lines) else None
    return best if shares[best] >= SHARE_MIN * len(lines) else None


def _is_irc(line: str) -> bool:
    found = irc_lines.parse(1, line.encode())
    return found is not None and found.kind is not irc_lines.Kind.BLANK
