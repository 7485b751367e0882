"""Cursor pages: nothing twice, nothing missing, and no cursor that breaks anything."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.pages import CURSOR_CHARACTERS_MAX, Paging
from shared.http.problems import Kind, Refusal


def read(rows: list[tuple[str, int]], paging: Paging) -> list[tuple[str, int]]:
    """What a store would give: rows after the key, one more than the page."""
    after = paging.after(str, int)
    return [row for row in sorted(rows) if after is None or row > after][: paging.rows]


@given(st.sets(st.tuples(st.text(), st.integers()), max_size=30), st.integers(1, 7))
def test_the_pages_together_are_the_whole_list(rows: set[tuple[str, int]], limit: int) -> None:
    cleaned = {(text.encode("utf-8", "ignore").decode(), number) for text, number in rows}
    seen: list[tuple[str, int]] = []
    paging = Paging(limit)
    while True:
        page = paging.page(read(list(cleaned), paging), item=lambda row: row, key=lambda row: row)
        assert len(page.items) <= limit
        seen += page.items
        if page.next_cursor is None:
            break
        paging = Paging(limit, page.next_cursor)
    assert seen == sorted(cleaned)


def test_a_time_survives_the_cursor_exactly() -> None:
    moment = datetime(2024, 3, 5, 4, 0, 0, 123456, tzinfo=UTC)
    page = Paging(1).page([moment, moment], item=str, key=lambda row: [row.isoformat()])
    assert Paging(1, page.next_cursor).after(datetime.fromisoformat) == (moment,)


def sealed(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    ["", "!", "x", "茶", "AAAA", sealed([]), sealed(["a"]), sealed(["a", "b"]), sealed(["a", "1", "2"]),
     sealed([1, 2]), sealed({"a": 1}), sealed(None), sealed(["a", "9" * 5000]), sealed("ab"),
     base64.urlsafe_b64encode(b"[" * (CURSOR_CHARACTERS_MAX // 2)).decode()],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Refusal) as refusal:
        Paging(10, cursor).after(str, int)
    assert (refusal.value.slug, refusal.value.kind) == ("cursor-invalid", Kind.MALFORMED)
