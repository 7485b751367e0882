"""Long lists in pages: an opaque cursor says where the next page begins, and a page has at most 200 items."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from shared.http.problems import Kind, refuse

PAGE_ITEMS_MAX = 200
CURSOR_CHARACTERS_MAX = 1_000

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """One page, and the cursor of the next one, if there is one."""

    items: list[Item]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Paging:
    """What page a request asks for."""

    limit: int
    cursor: str | None = None

    @property
    def rows(self) -> int:
        """How many rows to read: one more than the page holds, to know whether another page follows."""
        return self.limit + 1

    def after(self, *parsers: Callable[[str], Any]) -> tuple[Any, ...] | None:
        """The key after which the page begins, each part through its parser; None for the first page.

        Raises a refusal when the cursor is not one that `page` gave for such a key.
        """
        if self.cursor is None:
            return None
        try:
            parts = _decode(self.cursor)
            return tuple(parser(part) for parser, part in zip(parsers, parts, strict=True))
        except (ValueError, RecursionError):
            raise refuse("cursor-invalid", Kind.MALFORMED) from None

    def page(
        self,
        rows: Sequence[Row],
        item: Callable[[Row], Item],
        key: Callable[[Row], Sequence[object]],
    ) -> Page[Item]:
        """The page of up to `rows` rows that were read; `key` gives the parts that `after` will parse."""
        shown = rows[: self.limit]
        following = _encode(key(shown[-1])) if len(rows) > self.limit else None
        return Page(items=[item(row) for row in shown], next_cursor=following)


def _paging(
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)] = None,
) -> Paging:
    return Paging(limit, cursor)


PagingQuery: TypeAlias = Annotated[Paging, Depends(_paging)]
"""A route's parameter: `?limit=50&cursor=…`."""


def _encode(parts: Sequence[object]) -> str:
    content = json.dumps([str(part) for part in parts]).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(cursor: str) -> list[str]:
    content = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
    parts = json.loads(content)
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ValueError("no list of texts")
    return parts
