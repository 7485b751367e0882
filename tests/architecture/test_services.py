"""Every service has the same rooms, and keeps in each what belongs there."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import SERVICES, SQL_BEGINS, literals, service_folders, shown

ROOMS = {
    "README",
    "__init__",
    "__main__",
    "api",
    "app",
    "consumers",
    "domain",
    "handlers",
    "locale",
    "metrics",
    "migrations",
    "settings",
    "store",
    "timers",
}
"""A module that grew too long may be a package of the same name."""
OWN = {"moderation": {"lexicons", "samples", "training"}}
"""What a service alone has, beside the rooms: its data, and what tools make a model with."""
HAN = re.compile(r"[\u3400-\u9fff]")

each_service = pytest.mark.parametrize("folder", service_folders(), ids=SERVICES)


def test_there_are_services() -> None:
    assert len(SERVICES) >= 4


@each_service
def test_a_service_has_the_same_file_names_as_every_other(folder: Path) -> None:
    names = {path.stem for path in folder.iterdir() if path.name != "__pycache__"}
    assert names == ROOMS | OWN.get(folder.name, set())


@each_service
def test_migrations_are_numbered_without_a_gap(folder: Path) -> None:
    names = sorted(path.name for path in (folder / "migrations").iterdir() if path.suffix == ".sql")
    assert [name[:5] for name in names] == [f"{number:04}_" for number in range(1, len(names) + 1)]
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name) for name in names)


@each_service
def test_a_handlers_file_is_named_for_what_it_does(folder: Path) -> None:
    for path in (folder / "handlers").glob("*.py"):
        if "__call__" in path.read_text(encoding="utf-8"):
            assert re.fullmatch(r"[a-z]+(_[a-z]+)+", path.stem), f"{shown(path)} is not verb_noun"


@each_service
def test_all_sql_is_in_the_store(folder: Path) -> None:
    strayed = [
        shown(path, node.lineno)
        for path in folder.rglob("*.py")
        if "store" not in path.relative_to(folder).with_suffix("").parts
        for node in literals(path)
        if re.match(SQL_BEGINS, str(node.value))
    ]
    assert not strayed


@each_service
def test_texts_for_people_are_in_catalogues(folder: Path) -> None:
    """The domain may hold Chinese as data: words that it recognises."""
    written = [
        shown(path, node.lineno)
        for path in folder.rglob("*.py")
        if folder / "domain" not in path.parents
        for node in literals(path)
        if HAN.search(str(node.value))
    ]
    assert not written
