"""Which message says enough to count.

Links (`http://` or `https://` and what follows up to white space) are taken out first. A *Han character* is a
code point of U+3400–4DBF, U+4E00–9FFF, U+F900–FAFF or U+20000–323AF. A *letter* is any other character that
Python's `\\w` takes, except decimal digits and the underscore. A *word* is an unbroken run of letters.
A text is substantive when it holds three words, or when 3 × Han characters + letters ≥ 15:
five Han characters, fifteen letters, or a mixture of both.
"""

import re

WORDS_MIN = 3
WEIGHT_MIN = 15
HAN_WEIGHT = 3

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_LETTER = rf"[^\W\d_{_HAN}]"
_OTHER = rf"[\W\d_{_HAN}]"
_LINK = re.compile(r"https?://\S*")
# Possessive, from the start only: one pass however long the text, whatever a member writes.
_ENOUGH_WORDS = re.compile(rf"{_OTHER}*+(?:{_LETTER}++{_OTHER}++){{{WORDS_MIN - 1}}}{_LETTER}")
_ENOUGH_HAN = re.compile(rf"[^{_HAN}]*+(?:[{_HAN}][^{_HAN}]*+){{{WEIGHT_MIN // HAN_WEIGHT}}}")
_HAN_CHARACTER = re.compile(f"[{_HAN}]")
_ONE_LETTER = re.compile(_LETTER)


def is_substantive(text: str) -> bool:
    """Whether a message with this text counts."""
    if "://" in text:
        text = _LINK.sub("", text)
    if _ENOUGH_WORDS.match(text) or _ENOUGH_HAN.match(text):
        return True
    return HAN_WEIGHT * len(_HAN_CHARACTER.findall(text)) + len(_ONE_LETTER.findall(text)) >= WEIGHT_MIN
