"""Texts for members and operators, in Chinese and English: from catalogues, never from code."""

from shared.i18n.catalogue import DEFAULT_LOCALE, LOCALES, BadCatalogue, Catalogue, match

__all__ = ["DEFAULT_LOCALE", "LOCALES", "BadCatalogue", "Catalogue", "match"]
