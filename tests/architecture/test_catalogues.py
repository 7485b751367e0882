"""Every text that code says is in a catalogue, in both languages, with the values that it needs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from shared.i18n import DEFAULT_LOCALE, LOCALES, Catalogue
from tests.architecture.sources import REPOSITORY, code, files, shown, tree

HAN = re.compile(r"[\u3400-\u9fff]")
FOLDERS = sorted({path.parent for path in files(".toml") if path.parent.name == "locale"})

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=[shown(folder) for folder in FOLDERS])


def test_there_are_catalogues() -> None:
    assert REPOSITORY / "shared" / "http" / "locale" in FOLDERS


@each_folder
def test_a_catalogue_has_equal_keys_in_every_locale(folder: Path) -> None:
    catalogue = Catalogue.load(folder)
    assert {path.name for path in folder.iterdir()} == {f"{locale}.toml" for locale in LOCALES}
    assert all(text.strip() for texts in catalogue.texts.values() for text in texts.values())


@each_folder
def test_every_chinese_text_holds_chinese_and_is_not_its_english(folder: Path) -> None:
    texts = Catalogue.load(folder).texts
    for key, chinese in texts["zh-CN"].items():
        words = "".join(literal for literal, _, _, _ in Formatter().parse(chinese))
        assert HAN.search(words) or not re.search(r"[a-zA-Z]{2}", words), f"{key} is not in Chinese"
        assert chinese != texts["en"][key] or not words.strip(), f"{key} is the same in English"


def test_every_key_that_code_names_exists_and_gets_its_values() -> None:
    wrong = [problem for path in code() for call in said(path) if (problem := _check(path, call))]
    assert not wrong


def said(path: Path) -> Iterator[ast.Call]:
    """Calls such as `texts.say(locale, "key", value=…)`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
            yield node


def _check(path: Path, call: ast.Call) -> str | None:
    key = call.args[1] if len(call.args) > 1 else None
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return None
    folder = next((parent / "locale" for parent in path.parents if parent / "locale" in FOLDERS), None)
    if folder is None:  # something else that can be told to say
        return None
    text = Catalogue.load(folder).texts[DEFAULT_LOCALE].get(key.value)
    if text is None:
        return f"{shown(path, call.lineno)} says {key.value}, which {shown(folder)} does not have"
    needed = {name for _, name, _, _ in Formatter().parse(text) if name}
    given = {keyword.arg for keyword in call.keywords}
    if None not in given and needed - given:
        return f"{shown(path, call.lineno)} says {key.value} without {sorted(needed - given)}"
    return None
