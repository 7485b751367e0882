"""Emoji in a text, counted as people see them."""

import re

_BASE = (
    "\U0001f1e6-\U0001f1ff\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7ff\U0001f900-\U0001faff"
    "\u2600-\u27bf\u2b00-\u2bff\u231a\u231b\u23e9-\u23fa"
)
_TONE = "[\U0001f3fb-\U0001f3ff\ufe0f]*"
_EMOJI = re.compile(f"[{_BASE}]{_TONE}(?:\u200d[{_BASE}]{_TONE})*")
_SHORTCODE = re.compile(r"\[[\u4e00-\u9fff]{1,4}\]")
"""WeChat and QQ write their own as `[微笑]`."""


def count_emoji(text: str) -> int:
    """A sequence joined into one picture is one; platform faces such as `[微笑]` count too."""
    return sum(1 for _ in _EMOJI.finditer(text)) + sum(1 for _ in _SHORTCODE.finditer(text))
