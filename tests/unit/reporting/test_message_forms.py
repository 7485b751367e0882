"""Of what form a message is: the first that fits."""

import pytest

from services.reporting.domain.message_form import form_of


@pytest.mark.parametrize(
    ("text", "kinds", "form"),
    [
        ("这壶茶怎么泡", [], "question"),
        ("真的吗", ["image"], "question"),
        ("why? https://a.example", [], "question"),
        ("https://a.example/?q=1", ["image"], "link"),
        ("看 www.a.example", [], "link"),
        ("", ["image"], "picture"),
        ("看这个", ["file", "video"], "picture"),
        ("", ["sticker"], "picture"),
        ("会议记录", ["file"], "file"),
        ("好茶", [], "text"),
        ("", [], "text"),
    ],
)
def test_a_message_is_of_the_first_form_that_fits(text: str, kinds: list[str], form: str) -> None:
    assert form_of(text, kinds) == form
