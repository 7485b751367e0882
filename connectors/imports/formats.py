"""The index of all formats that can be imported, by the name that the command takes."""

from connectors.imports.chat_text import ChatText
from connectors.imports.discord import DiscordExport
from connectors.imports.events import EventLines
from connectors.imports.irc import IrcLog
from connectors.imports.jsonl import JsonLines
from connectors.imports.reading import Reader
from connectors.imports.slack import SlackExport
from connectors.imports.table import CsvTable
from connectors.imports.telegram import TelegramExport
from connectors.imports.whatsapp import WhatsAppChat
from connectors.imports.zulip import ZulipExport

FORMATS: dict[str, Reader] = {
    "jsonl": JsonLines(),
    "irc": IrcLog(),
    "telegram": TelegramExport(),
    "discord": DiscordExport(),
    "slack": SlackExport(),
    "whatsapp": WhatsAppChat(),
    "zulip": ZulipExport(),
    "qq": ChatText("qq"),
    "wechat": ChatText("wechat"),
    "csv": CsvTable(),
    "events": EventLines(),
}


def import_source(format_name: str) -> str:
    """CloudEvents source of what a format yields; part of every id, so it never changes."""
    return f"/import/{format_name}"
