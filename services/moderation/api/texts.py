"""Moderation's texts for members and operators, in Chinese and English."""

from pathlib import Path

from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parents[1] / "locale")
