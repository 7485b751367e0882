"""A service's texts by locale and key, checked when they are loaded."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

LOCALES = ("zh-CN", "en")
DEFAULT_LOCALE = LOCALES[0]
_BY_LANGUAGE = {locale.partition("-")[0]: locale for locale in LOCALES}


class BadCatalogue(Exception):
    """A catalogue that must not reach a member: the message names the file and the key."""


def match(locale: str) -> str:
    """The catalogue for a locale: itself, else one of its language, else Chinese."""
    if locale in LOCALES:
        return locale
    language = locale.replace("_", "-").partition("-")[0].strip().lower()
    return _BY_LANGUAGE.get(language, DEFAULT_LOCALE)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The same keys in every locale, each a text with placeholders such as `{days}`."""

    texts: Mapping[str, Mapping[str, str]]
    """By locale, then by key."""

    @classmethod
    def load(cls, folder: Path) -> "Catalogue":
        """Read `zh-CN.toml` and `en.toml`, flat tables of `"key" = "text with {placeholders}"`.

        Raises `BadCatalogue` when keys or placeholders differ, or a placeholder is more than a plain name.
        """
        texts = {locale: _read(folder / f"{locale}.toml") for locale in LOCALES}
        reference = {key: _placeholders(folder, key, text) for key, text in texts[DEFAULT_LOCALE].items()}
        for locale in LOCALES[1:]:
            _compare(folder / f"{locale}.toml", reference, texts[locale])
        return cls(texts)

    def say(self, locale: str, key: str, /, **values: object) -> str:
        """The text of a key with its placeholders filled in; a missing key or value raises KeyError."""
        return self.texts[match(locale)][key].format_map(values)


def _read(path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadCatalogue(f"{path}: {error}") from error
    for key, text in table.items():
        if not isinstance(text, str):
            raise BadCatalogue(f"{path}: {key} is no text (a key with a dot needs quotes)")
    return table


def _placeholders(place: Path, key: str, text: str) -> frozenset[str]:
    names: set[str] = set()
    try:
        for _, name, form, conversion in Formatter().parse(text):
            if name is None:
                continue
            # an attribute or an index would let a text reach into the values that it is given
            if not name.isidentifier() or form or conversion:
                raise BadCatalogue(f"{place}: {key} has a placeholder that is no plain name: {{{name}}}")
            names.add(name)
    except ValueError as error:
        raise BadCatalogue(f"{place}: {key}: {error}") from error
    return frozenset(names)


def _compare(path: Path, reference: Mapping[str, frozenset[str]], texts: Mapping[str, str]) -> None:
    if different := sorted(reference.keys() ^ texts.keys()):
        raise BadCatalogue(f"{path}: not the same keys as {DEFAULT_LOCALE}: {', '.join(different)}")
    for key, text in texts.items():
        if _placeholders(path, key, text) != reference[key]:
            raise BadCatalogue(f"{path}: {key} has not the same placeholders as {DEFAULT_LOCALE}")
