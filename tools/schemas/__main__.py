"""`python -m tools.schemas` writes the documents; `--check` names those that are stale and exits 1."""

import argparse
import json
import sys
from pathlib import Path

from tools.schemas.asyncapi import asyncapi
from tools.schemas.index import index
from tools.schemas.json_schemas import schemas

DOCS = Path(__file__).parents[2] / "docs"


def documents(docs: Path) -> dict[Path, str]:
    """Every generated document by its path."""
    events = docs / "events"
    return {
        **{events / name: _json(schema) for name, schema in schemas().items()},
        events / "README.md": index(),
        docs / "asyncapi.yaml": asyncapi(),
    }


def stale(docs: Path) -> list[Path]:
    """Documents that are missing, differ from the contracts, or belong to no contract; sorted."""
    wanted = documents(docs)
    different = {path for path, text in wanted.items() if not _holds(path, text)}
    return sorted(different | (_generated(docs) - wanted.keys()))


def write(docs: Path) -> list[Path]:
    """Bring the documents up to date; returns those that changed."""
    wanted = documents(docs)
    changed = stale(docs)
    (docs / "events").mkdir(parents=True, exist_ok=True)
    for path in changed:
        if path in wanted:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return changed


def _generated(docs: Path) -> set[Path]:
    return set((docs / "events").glob("*.schema.json"))


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _json(schema: object) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write, or check and tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is stale")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder to write to")
    options = parser.parse_args()
    if options.check:
        paths = stale(options.docs)
        for path in paths:
            print(f"stale: {path}", file=sys.stderr)
        if paths:
            print("`make schemas` brings them up to date", file=sys.stderr)
        return 1 if paths else 0
    for path in write(options.docs):
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
