"""What an import would bring, without any of it leaving this machine."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from connectors.imports.history import History
from connectors.imports.reading import Reader, Reading

DEFAULT_ZONE = "Asia/Shanghai"
CHANNELS_SHOWN = 20

console = Console(highlight=False)


def show(
    format_name: str,
    reader: Reader,
    files: list[Path],
    community: str,
    zone: str | None,
    *,
    as_json: bool,
) -> int:
    """Read everything and tell what there is; the exit code, 1 where no event was found."""
    reading = Reading(community, ZoneInfo(zone or DEFAULT_ZONE), datetime.now(UTC))
    history = History(reader, files, reading)
    found = _count(history)
    document = {"format": format_name, **found, **_troubles(history)}
    if as_json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for what, value in document.items():
            console.print(Text(f"{what.replace('_', ' ')}: {value}"))
        console.print("nothing was published")
    return 0 if found["events"] else 1


def _count(history: History) -> dict[str, Any]:
    kinds: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    members: set[str] = set()
    first: datetime | None = None
    last: datetime | None = None
    for event, occurred_at in history.events():
        kinds[event.TYPE] += 1
        channels[str(getattr(event, "channel_id", ""))] += 1
        members.add(str(getattr(event, "member_id", "")))
        first, last = min(first or occurred_at, occurred_at), max(last or occurred_at, occurred_at)
    return {
        "events": kinds.total(),
        "kinds": dict(kinds.most_common()),
        "members": len(members),
        "channels": dict(channels.most_common(CHANNELS_SHOWN)),
        "first": first.isoformat() if first else None,
        "last": last.isoformat() if last else None,
    }


def _troubles(history: History) -> dict[str, Any]:
    found = history.findings
    return {
        "bad_lines": found.bad,
        "first_bad_lines": [f"{name}:{line.number}: {line.why}" for name, line in found.first_bad],
        "skipped": dict(found.skipped),
        "out_of_order": found.late,
    }
