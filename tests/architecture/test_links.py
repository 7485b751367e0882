"""Links of the documentation lead somewhere."""

import re
from pathlib import Path

from tests.architecture.sources import REPOSITORY, files, shown

LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
CODE_BLOCK = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
NOT_OURS = ("http://", "https://", "mailto:")


def links(path: Path) -> list[str]:
    """Targets of a page's links to the repository's own files."""
    targets = LINK.findall(CODE_BLOCK.sub("", path.read_text(encoding="utf-8")))
    return [target for target in targets if not target.startswith(NOT_OURS)]


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {
        re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-")
        for title in HEADING.findall(text)
    }


def broken(path: Path, target: str) -> bool:
    """Whether a link leads nowhere, or out of the repository."""
    name, _, anchor = target.partition("#")
    page = (path.parent / name).resolve() if name else path
    if not page.exists() or not page.is_relative_to(REPOSITORY):
        return True
    return bool(anchor) and page.suffix == ".md" and anchor.lower() not in anchors(page)


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    dead = [f"{shown(path)} → {target}" for path in files(".md") for target in links(path)
            if broken(path, target)]  # fmt: skip
    assert not dead


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = REPOSITORY / "README.md"
    assert broken(page, "nowhere.md")
    assert broken(page, "../outside.md")
    assert broken(page, "CONTRIBUTING.md#no-such-heading") or not (REPOSITORY / "CONTRIBUTING.md").exists()
    assert not broken(page, "pyproject.toml")
