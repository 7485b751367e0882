"""Documents that say which test shows a feature name tests that exist."""

import re

from deploy.local.home import REPOSITORY

NAMED = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


def test_every_test_that_a_document_names_is_there() -> None:
    known = {
        name
        for path in (REPOSITORY / "tests").rglob("test_*.py")
        for name in DEFINED.findall(path.read_text(encoding="utf-8"))
    }
    named = {
        name
        for path in (REPOSITORY / "docs").glob("*.md")
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 50
    assert named <= known
