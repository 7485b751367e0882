"""Every test that docs/QUALITY.md names for a feature is there, and every feature names some."""

import re
from functools import cache

from deploy.local.home import REPOSITORY

PAGE = REPOSITORY / "docs" / "QUALITY.md"
ROW = re.compile(r"^\| (?P<feature>[^|]+) \| (?P<tests>[^|]*`test_[^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)
ROWS_MIN = 22
"""Features of moderation; bad input has its own rows."""


def rows() -> dict[str, list[str]]:
    """The tests that each row names."""
    page = PAGE.read_text(encoding="utf-8")
    return {row["feature"]: NAMED.findall(row["tests"]) for row in ROW.finditer(page)}


@cache
def defined() -> frozenset[str]:
    """All tests of moderation and of text."""
    folders = ("tests/unit/moderation", "tests/unit/text", "tests/integration", "tests/unit/feeding")
    files = (path for folder in folders for path in (REPOSITORY / folder).glob("test_*.py"))
    return frozenset(name for path in files for name in DEFINED.findall(path.read_text(encoding="utf-8")))


def test_every_named_test_is_there() -> None:
    named = {name for tests in rows().values() for name in tests}
    assert named - defined() == set()


def test_every_feature_names_its_tests() -> None:
    assert len(rows()) >= ROWS_MIN
    assert all(rows().values())
