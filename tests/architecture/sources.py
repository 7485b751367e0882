"""What the architecture tests look at: the files of the repository and the services, found and not listed."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CODE = ("shared", "services", "connectors", "tools", "deploy")
SQL_BEGINS = (
    r"\s*(?:--[^\n]*\n\s*)*"
    r"(?:SELECT|INSERT INTO|UPDATE \w+|DELETE FROM|WITH (?:RECURSIVE )?\w+|MERGE INTO|CALL \w+)\s"
)
"""How a statement looks after comments."""


def service_folders() -> list[Path]:
    """Every folder under services/ is a service."""
    found = [path for path in sorted((REPOSITORY / "services").iterdir()) if path.is_dir()]
    return [path for path in found if not path.name.startswith(("_", "."))]


SERVICES = [folder.name for folder in service_folders()]


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Files of the working tree that git does not ignore, by suffix."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY, capture_output=True, check=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    paths = (REPOSITORY / name for name in listed if name.endswith(suffixes))
    return tuple(sorted(path for path in paths if path.is_file()))


def code() -> tuple[Path, ...]:
    """The Python files of the product."""
    return tuple(path for path in files(".py") if path.relative_to(REPOSITORY).parts[0] in CODE)


def domain() -> tuple[Path, ...]:
    """The Python files of every service's domain."""
    return tuple(path for folder in service_folders() for path in sorted((folder / "domain").rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def shown(path: Path, line: int | None = None) -> str:
    """A place as messages name it."""
    name = str(path.relative_to(REPOSITORY))
    return name if line is None else f"{name}:{line}"


def module(path: Path) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def literals(path: Path) -> Iterator[ast.Constant]:
    """The texts in a file's code, without docstrings and other texts that nobody uses."""
    unused = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unused:
            yield node
