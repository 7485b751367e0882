"""The index of all formats that can be imported, by the name that the command takes."""

from connectors.imports.events import EventLines
from connectors.imports.irc import IrcLog
from connectors.imports.jsonl import JsonLines
from connectors.imports.reading import Reader
from connectors.imports.telegram import TelegramExport

FORMATS: dict[str, Reader] = {
    "jsonl": JsonLines(),
    "irc": IrcLog(),
    "telegram": TelegramExport(),
    "events": EventLines(),
}


def import_source(format_name: str) -> str:
    """CloudEvents source of what a format yields; part of every id, so it never changes."""
    return f"/import/{format_name}"
