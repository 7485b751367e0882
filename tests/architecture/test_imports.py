"""Who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import REPOSITORY, SERVICES, domain, module, shown, tree

ALSO_IN_DOMAIN = {"moderation": ("shared.text",)}
"""What a service's domain may import besides the standard library and itself."""
IMPURE = frozenset(
    {"asyncio", "logging", "os", "random", "secrets", "socket", "subprocess", "threading", "time"}
)
"""Clocks, chance, the environment and waiting: a domain gets what they give as arguments."""


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a file imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{shown(path, node.lineno)} imports relatively"
            yield node.lineno, node.module or ""


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_domain_imports_only_the_standard_library_and_itself() -> None:
    foreign = []
    for path in domain():
        service = path.relative_to(REPOSITORY).parts[1]
        ours = (f"services.{service}.domain", *ALSO_IN_DOMAIN.get(service, ()))
        for line, name in imported(path):
            if name.partition(".")[0] not in sys.stdlib_module_names and not is_within(name, ours):
                foreign.append(f"{shown(path, line)} imports {name}")
    assert not foreign


def test_a_domain_has_no_clock_no_chance_and_no_environment() -> None:
    impure = [
        f"{shown(path, line)} imports {name}"
        for path in domain()
        for line, name in imported(path)
        if is_within(name, tuple(IMPURE))
    ]
    assert not impure


def test_a_domain_calls_for_no_time_and_no_new_id() -> None:
    banned = {"now", "utcnow", "today", "uuid1", "uuid4"}
    calls = [
        f"{shown(path, node.lineno)} calls {name}"
        for path in domain()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and (name := called(node)) in banned
    ]
    assert not calls


def called(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def test_a_domain_never_awaits() -> None:
    waiting = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    assert not [
        shown(path, node.lineno)
        for path in domain()
        for node in ast.walk(tree(path))
        if isinstance(node, waiting)
    ]


def test_only_the_composition_root_reads_settings() -> None:
    allowed = {"app.py", "__main__.py", "settings.py"}
    for service in SERVICES:
        for path in sorted((REPOSITORY / "services" / service).rglob("*.py")):
            names = {name for _, name in imported(path)}
            if path.name not in allowed:
                assert f"services.{service}.settings" not in names, f"{module(path)} reads settings"
                assert "os" not in names, f"{module(path)} reads the environment"
