"""`python -m tools.schemas` writes the documents; `--check` names those that are stale and exits 1.

`--freeze` is part of a release: it keeps a copy of each schema that holds more than the copies kept so far.
"""

import argparse
import json
import sys
from pathlib import Path

from tools.schemas.additivity import breaches, next_name
from tools.schemas.asyncapi import asyncapi
from tools.schemas.index import index
from tools.schemas.json_schemas import schemas

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
RELEASED = REPOSITORY / "tests" / "contract" / "released"


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


def freeze(released: Path) -> list[Path]:
    """Keep copies of schemas that are new or have gained fields; returns them. Kept ones never change."""
    released.mkdir(parents=True, exist_ok=True)
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in released.glob("*.schema.json")]
    added = {
        next_name(released, name): _json(schema)
        for name, schema in schemas().items()
        if all(breaches(schema, copy) for copy in kept)
    }
    for path, text in added.items():
        path.write_text(text, encoding="utf-8")
    return sorted(added)


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
    parser.add_argument("--freeze", action="store_true", help="keep copies of the schemas of a release")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder to write to")
    options = parser.parse_args()
    if options.check:
        return _tell_stale(stale(options.docs))
    for path in freeze(RELEASED) if options.freeze else write(options.docs):
        print(f"wrote {path}")
    return 0


def _tell_stale(paths: list[Path]) -> int:
    for path in paths:
        print(f"stale: {path}", file=sys.stderr)
    if paths:
        print("`make schemas` brings them up to date", file=sys.stderr)
    return 1 if paths else 0


if __name__ == "__main__":
    sys.exit(main())
