"""Word lists as people have them, plain, tagged or JSON, read into entries; bad lines are told, not fatal."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from services.moderation.domain.lexicon import SEVERITIES, WORD_CHARACTERS_MAX, WORDS_MAX, Entry

FILE_BYTES_MAX = 20_000_000
REJECTED_SHOWN_MAX = 100
CATEGORY_CHARACTERS_MAX = 32
_NAMES = {
    **{name: name for name in SEVERITIES},
    **dict.fromkeys(("辱骂", "谩骂", "人身攻击"), "abuse"),
    **dict.fromkeys(("色情", "低俗", "粗口", "脏话"), "vulgarity"),
    **dict.fromkeys(("违法", "违禁", "毒品", "枪支", "赌博"), "illegal"),
    **dict.fromkeys(("煽动", "暴恐", "仇恨"), "incitement"),
    **dict.fromkeys(("广告", "垃圾"), "spam"),
}
"""What lists call the shipped categories."""


class Reason(StrEnum):
    """Why a line is left out; its sentence is `lexicon.rejected.<reason>` in the catalogues."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CONTROL = "control"
    CATEGORY = "category"
    WEIGHT = "weight"
    OPTION = "option"
    SHAPE = "shape"


class Rejected(NamedTuple):
    """A line that was left out."""

    line: int
    """From 1; of JSON the place among its words."""
    reason: Reason


class _Row(NamedTuple):
    """A line in pieces, not yet looked at."""

    line: int
    word: str
    category: str = ""
    weight: str | float = 1.0
    options: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file gave."""

    entries: tuple[Entry, ...]
    rejected: tuple[Rejected, ...]
    """The first REJECTED_SHOWN_MAX."""
    rejected_count: int
    encoding: str
    """`utf-8`, `utf-16` or `gb18030`; the operator is shown what was assumed."""


def import_list(data: bytes, category: str) -> Imported:
    """The entries of a file; `category` is that of words which name none.

    Lines hold a word (`#` begins a comment), `category:word`, or tab-separated word, category, weight and
    options (`pinyin`, `exact`), of which all but the first may be missing or empty; `!` before a word makes
    it a good one. JSON holds a list of words or of objects with these names, an object of lists by
    category, or one of categories or weights by word.

    Raises ValueError for a file that is too large, has too many words, is not text or is broken JSON.
    """
    if len(data) > FILE_BYTES_MAX:
        raise ValueError(f"the file is larger than {FILE_BYTES_MAX // 1_000_000} MB")
    text, encoding = _decode(data)
    is_json = text.lstrip().startswith(("[", "{"))
    entries: list[Entry] = []
    rejected: list[Rejected] = []
    for row in _json_rows(text) if is_json else _line_rows(text):
        made = _entry(row, category)
        if isinstance(made, Entry):
            entries.append(made)
        else:
            rejected.append(Rejected(row.line, made))
        if len(entries) > WORDS_MAX:
            raise ValueError(f"the file has more than {WORDS_MAX} words")
    return Imported(tuple(entries), tuple(rejected[:REJECTED_SHOWN_MAX]), len(rejected), encoding)


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "utf-16"
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        raise ValueError("the file is neither UTF-8 nor GBK text: save it as UTF-8") from None
    if not any("一" <= character <= "鿿" for character in text):
        raise ValueError("the file is not UTF-8 text: save it as UTF-8")
    return text, "gb18030"


def _line_rows(text: str) -> Iterator[_Row]:
    # `splitlines` would part at characters that stand within words of careless lists.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield _line_row(number, line)


def _line_row(number: int, line: str) -> _Row:
    if "\t" in line.strip():
        word, category, weight, options = (*(part.strip() for part in line.split("\t", 3)), "", "", "")[:4]
        return _Row(number, word, category, weight or 1.0, options)
    word = line.strip().rstrip(",，、;；")
    for colon in ":：":
        tag, found, rest = word.partition(colon)
        if found and tag.strip().lower() in _NAMES and rest.strip():
            return _Row(number, rest.strip(), tag.strip())
    return _Row(number, word)


def _json_rows(text: str) -> Iterable[_Row]:
    try:
        held: Any = json.loads(text)
    except RecursionError:
        raise ValueError("the file's JSON is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"the file begins like JSON but is none: {error}") from None
    items = held if isinstance(held, list) else [part for pair in held.items() for part in _pairs(*pair)]
    return (_json_row(number, item) for number, item in enumerate(items, 1))


def _pairs(key: str, value: Any) -> list[Any]:
    """The items behind one key: words of a category, or a word with its category or weight."""
    if isinstance(value, list):
        # {"words": [...]} names no category
        category = "" if key.lower() in {"words", "list", "data", "keywords"} else key
        return [{"category": category, "word": each} if isinstance(each, str) else each for each in value]
    if isinstance(value, str):
        return [{"word": key, "category": value}]
    return [{"word": key, "weight": value}]


def _json_row(number: int, item: Any) -> _Row:
    if isinstance(item, str):
        return _Row(number, item)
    if not isinstance(item, dict):
        return _Row(number, "", options=Reason.SHAPE)
    word, category, weight = item.get("word", ""), item.get("category") or "", item.get("weight", 1.0)
    if (
        not isinstance(word, str)
        or not isinstance(category, str)
        or not isinstance(weight, int | float | str)
    ):
        return _Row(number, "", options=Reason.SHAPE)
    options = [name for name in ("pinyin", "exact") if item.get(name) is True]
    return _Row(number, word, category, weight, ",".join(options))


def _entry(row: _Row, category: str) -> Entry | Reason:
    if row.options == Reason.SHAPE:
        return Reason.SHAPE
    is_allowed = row.word.strip().startswith("!")
    word = row.word.strip().removeprefix("!").strip()
    category = row.category.strip().lower() or category
    weight = _weight(row.weight)
    options = {option for option in row.options.lower().replace(",", " ").split() if option}
    if (reason := _refusal(word, category, options)) is not None:
        return reason
    if weight is None:
        return Reason.WEIGHT
    return Entry(
        word,
        _NAMES.get(category, category),
        weight,
        asks_pinyin="pinyin" in options,
        is_exact="exact" in options,
        is_allowed=is_allowed,
        line=row.line,
    )


def _refusal(word: str, category: str, options: set[str]) -> Reason | None:
    if not word:
        return Reason.EMPTY
    if len(word) > WORD_CHARACTERS_MAX:
        return Reason.TOO_LONG
    if any(character < " " or "\ud800" <= character <= "\udfff" for character in word):
        return Reason.CONTROL
    letters = category.replace("_", "").replace("-", "")
    if not letters.isalnum() or len(category) > CATEGORY_CHARACTERS_MAX:
        return Reason.CATEGORY
    return Reason.OPTION if options - {"pinyin", "exact"} else None


def _weight(written: str | float) -> float | None:
    """Above 0 and at most 1, else nothing."""
    try:
        weight = float(written)
    except (ValueError, OverflowError):
        return None
    return weight if 0 < weight <= 1 else None
