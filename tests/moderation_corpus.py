"""The texts that the rules are measured by, in tests/unit/moderation/corpus."""

import tomllib
from pathlib import Path

CORPUS = Path(__file__).parent / "unit" / "moderation" / "corpus"


def read_corpus(name: str) -> list[str]:
    """All texts of a file, of whatever kind."""
    tables = tomllib.loads((CORPUS / f"{name}.toml").read_text(encoding="utf-8"))
    return [text for texts in tables.values() for text in texts]


def read_disguises() -> list[tuple[str, str]]:
    """(as it is written, the plain form) of all tricks."""
    tables = tomllib.loads((CORPUS / "disguises.toml").read_text(encoding="utf-8"))
    return [(written, plain) for pairs in tables.values() for written, plain in pairs]
