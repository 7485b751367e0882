"""Slack's way of marking text, read and written."""

import re
from collections.abc import Mapping
from html import escape, unescape

_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


def plain(text: str, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text as people read it, and the ids of whom it names."""
    mentions: list[str] = []

    def shown(mark: "re.Match[str]") -> str:
        target, label = mark.group(1), mark.group(2)
        if target.startswith("@"):
            mentions.append(target[1:])
            return f"@{label or names.get(target[1:]) or target[1:]}"
        if target.startswith(("#", "!")):
            return f"{target[0]}{label or target[1:]}".replace("!", "@", 1)
        return target if not label or label == target else f"{label} {target}"

    return unescape(_MARKED.sub(shown, text)), mentions


def marked(text: str, mention: str | None) -> str:
    """A text to be sent: nothing in it is a mark but the mention of one member."""
    bare = escape(text, quote=False)
    return f"<@{mention}> {bare}" if mention else bare
