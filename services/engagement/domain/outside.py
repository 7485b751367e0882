"""What lies outside, and how what comes from there is read: fetched lists, and drafts of a language model."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

ITEMS_MAX = 50
TITLE_MIN, TITLE_MAX = 4, 300
_TAG = re.compile(r"<[^<>]{0,500}>")
_NUMBER = re.compile(r"^\s*(?:\d{1,2}\s*[.、)）:：]|[-*•·])\s*")


@dataclass(frozen=True, slots=True)
class Outside:
    """What an operator of the service allows."""

    private: bool = False
    """Whether addresses that are not public may be fetched from."""
    drafts_url: str = ""
    drafts_model: str = ""
    drafts_token: str = ""


class Unreadable(ValueError):
    """What was fetched is not what it should be."""


def clean(title: object) -> str | None:
    """A title as a topic: one line without markup; None for what is none."""
    if not isinstance(title, str):
        return None
    plain = " ".join(unescape(_TAG.sub(" ", title)).split())
    return plain[:TITLE_MAX] if len(plain) >= TITLE_MIN else None


def titles_of(body: bytes, mapping: Mapping[str, str]) -> list[str]:
    """Titles of a JSON hot list: `items` is a path of keys to its list, `title` one inside each item.

    Raises `Unreadable`.
    """
    try:
        known: Any = json.loads(body)
        for key in filter(None, mapping.get("items", "").split(".")):
            known = known[int(key)] if isinstance(known, list) else known[key]
        found = [_inside(item, mapping.get("title", "title")) for item in list(known)[:ITEMS_MAX]]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise Unreadable("no list at the mapped place") from error
    return list(dict.fromkeys(title for each in found if (title := clean(each))))


def _inside(item: Any, path: str) -> Any:
    for key in path.split("."):
        item = item.get(key) if isinstance(item, dict) else None
    return item


def drafts_of(answer: Any, count: int) -> list[str]:
    """Topics in a chat completion, one a line; nothing for nonsense."""
    try:
        text = answer["choices"][0]["message"]["content"]
        lines: Sequence[str] = text.splitlines()
    except (KeyError, IndexError, TypeError, AttributeError):
        return []
    found = [clean(_NUMBER.sub("", line)) for line in lines]
    return list(dict.fromkeys(line for line in found if line))[:count]
