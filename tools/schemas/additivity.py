"""What may change in a released schema: fields may come, with a default; nothing else.

Writers leave out fields that hold their default, and readers of the version before are still at work while a
new one is rolled out. So a changed default, a wider limit, a further word of an enumeration, or a field that
is no longer required breaks somebody, just as a field that is gone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.schemas.json_schemas import Schema

WORDING = frozenset({"title", "description", "$defs", "$schema", "$id", "x-topics", "properties", "required"})
"""Keys that are words for people, or are compared on their own."""


def breaches(released: Schema, current: Schema) -> list[str]:
    """Each way in which `current` breaks readers or writers of `released`, in words; empty when none."""
    lost = set(released["x-topics"]) - set(current["x-topics"])
    topics = [f"no longer on {topic}" for topic in sorted(lost)]
    return topics + list(_Comparison(released, current).node(released, current, ""))


class _Comparison:
    """Walks both schemas side by side, each `$ref` within its own."""

    def __init__(self, released: Schema, current: Schema) -> None:
        self._released = released
        self._current = current

    def node(self, was: Schema, now: Schema, path: str) -> Iterator[str]:
        was, now = _resolved(was, self._released), _resolved(now, self._current)
        yield from self._fields(was, now, path)
        for key in sorted((was.keys() | now.keys()) - WORDING):
            yield from self._value(key, was.get(key), now.get(key), path)

    def _fields(self, was: Schema, now: Schema, path: str) -> Iterator[str]:
        fields, fields_now = was.get("properties", {}), now.get("properties", {})
        for name, field in fields.items():
            if name in fields_now:
                yield from self.node(field, fields_now[name], _step(path, name))
            else:
                yield f"{_step(path, name)} is gone"
        required, required_now = set(was.get("required", ())), set(now.get("required", ()))
        for name in sorted(required_now - required):
            yield f"{_step(path, name)} is newly required"
        for name in sorted((required - required_now) & fields_now.keys()):
            yield f"{_step(path, name)} is no longer required"

    def _value(self, key: str, was: Any, now: Any, path: str) -> Iterator[str]:
        if key in ("items", "additionalProperties", "propertyNames") and was and now:
            yield from self.node(was, now, path)
        elif key == "anyOf" and was and now and len(was) == len(now):
            for one, other in zip(was, now, strict=True):
                yield from self.node(one, other, path)
        elif was != now:
            yield f"{path or 'the event'}: {key} was {was}, is {now}"


def _resolved(node: Schema, root: Schema) -> Schema:
    reference = node.get("$ref")
    if reference is None:
        return node
    target: Schema = root["$defs"][reference.rpartition("/")[2]]
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


def _step(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def next_name(folder: Path, name: str) -> Path:
    """Where a further frozen copy goes: `x.v1.schema.json`, then `x.v1.2.schema.json`."""
    stem = name.removesuffix(".schema.json")
    copies = len(list(folder.glob(f"{stem}.schema.json"))) + len(list(folder.glob(f"{stem}.*.schema.json")))
    return folder / (name if not copies else f"{stem}.{copies + 1}.schema.json")
