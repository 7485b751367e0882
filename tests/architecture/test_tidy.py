"""How files look: short, named for what they own, and opened by a sentence."""

import ast
import re
from pathlib import Path

from tests.architecture.sources import code, files, shown, tree

FILE_LINES_MAX = 300
TEST_LINES_MAX = 400
"""Tables of examples are long and easy to read."""
FUNCTION_LINES_MAX = 40
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"})
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
TEXT_SUFFIXES = (".py", ".sql", ".md", ".toml", ".yaml", ".yml", ".cfg", ".sh", "Makefile", "Dockerfile")
LONGER = {
    "shared/engine/consumer.py:build_broker": "a list of settings, one a line",
    "tools/import_command.py:import_history": "a command's options, one a line",
    **{
        f"deploy/monitoring/service_board.py:{row}": "a row of panels"
        for row in ("_work", "_lanes", "_process")
    },
}
"""Functions that may be longer, each with its reason."""


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the last line."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files(".py")}
    product = set(code())
    limits = {path: FILE_LINES_MAX if path in product else TEST_LINES_MAX for path in sizes}
    assert not {shown(path): size for path, size in sizes.items() if size > limits[path]}


def test_no_function_is_longer_than_a_screen() -> None:
    sizes = {
        f"{shown(path)}:{node.name}": lines(node)
        for path in files(".py")
        for node in functions(path)
        if lines(node) > FUNCTION_LINES_MAX
    }
    assert {name: size for name, size in sizes.items() if name not in LONGER} == {}
    assert not LONGER.keys() - sizes.keys(), "no longer needed"


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [shown(path) for path in files(".py") if EMPTY_NAMES & set(path.with_suffix("").parts[-2:])]


def opening(path: Path) -> str:
    """The first paragraph of a module's docstring."""
    return (ast.get_docstring(tree(path)) or "").partition("\n\n")[0]


def test_every_module_opens_with_a_sentence() -> None:
    filled = [path for path in files(".py") if tree(path).body]
    assert not [shown(path) for path in filled if not re.fullmatch(r"(?s)[^a-z\s].*[.?!]", opening(path))]


def test_everything_public_says_what_it_is() -> None:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    silent = [
        f"{shown(path, node.lineno)} {node.name}"
        for path in code()
        for node in public(tree(path))
        if isinstance(node, kinds) and not ast.get_docstring(node)
    ]
    assert not silent


def public(parent: ast.Module | ast.ClassDef) -> list[ast.stmt]:
    """Functions and classes of a module, and of its public classes, whose names are public."""
    found: list[ast.stmt] = []
    for node in parent.body:
        name = getattr(node, "name", "_")
        if name.startswith("_"):
            continue
        found.append(node)
        if isinstance(node, ast.ClassDef):
            found += public(node)
    return found


def test_nothing_is_left_to_be_done_later() -> None:
    marks = [
        f"{shown(path, number)} {line.strip()}"
        for path in files(*TEXT_SUFFIXES)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not marks
