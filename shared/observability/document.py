"""Writes docs/METRICS-EXPORTED.md from the declarations: `python -m shared.observability.document`."""

import importlib
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path

from shared.observability.metrics import DECLARED, Declared

DOCUMENT = Path(__file__).parents[2] / "docs" / "METRICS-EXPORTED.md"
PACKAGES = ("shared", "services", "connectors")
DECLARING = frozenset({"metrics", "lag"})
"""Last names of the modules that declare metrics."""
VALUES_SHOWN = 12
_HEAD = """\
# Metrics that Hearth exports

Generated from the declarations in the code by `python -m shared.observability.document`.
Every process serves the shared ones; a service's own begin with `hearth_<service>_`.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def collect() -> list[Declared]:
    """All declared metrics, by name, after importing every module that declares some."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if module.name.rpartition(".")[2] in DECLARING:
                importlib.import_module(module.name)
    return sorted(DECLARED, key=lambda metric: metric.name)


def render(metrics: Iterable[Declared]) -> str:
    """The document's text."""
    return _HEAD + "".join(
        f"| `{metric.name}` | {metric.kind} | {_labels(metric)} | {metric.help} |\n" for metric in metrics
    )


def _labels(metric: Declared) -> str:
    return "<br>".join(f"`{label}`: {_values(values)}" for label, values in metric.labels)


def _values(values: tuple[str, ...]) -> str:
    if len(values) > VALUES_SHOWN:
        return f"{values[0]} … {values[-1]} ({len(values)} values)"
    return ", ".join(values)


def main(arguments: list[str]) -> int:
    """Write the document, or with `--check` say whether it is the one that the code gives."""
    text = render(collect())
    if "--check" not in arguments:
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(text, encoding="utf-8")
        return 0
    if DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == text:
        return 0
    print(f"{DOCUMENT.name} is not what the code declares; run python -m shared.observability.document")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
