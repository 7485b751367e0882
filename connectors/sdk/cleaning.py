"""Text that can be carried and stored: what a platform sends beyond that is cut or replaced, and counted."""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.contracts.contract import TEXT_CHARACTERS_MAX, Contract

Model = TypeVar("Model", bound=BaseModel)
Event = TypeVar("Event", bound=Contract)

LABEL_CHARACTERS_MAX = 512
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CUT_AT = {
    "text": TEXT_CHARACTERS_MAX,
    "thread": LABEL_CHARACTERS_MAX,
    "member_name": LABEL_CHARACTERS_MAX,
    "name": LABEL_CHARACTERS_MAX,
    "url": LABEL_CHARACTERS_MAX,
}
"""Fields that may be shortened. Ids are not among them: two long ids could become one."""
_NUL_IN_JSON = b"\\u0000"


@dataclass(slots=True)
class Cleaner:
    """Makes contracts of untrusted fields, and counts what it had to change."""

    cut: int = 0
    """Texts that were longer than is carried."""
    replaced: int = 0
    """Events with NUL or lone surrogates, which neither JSON in UTF-8 nor Postgres can hold."""

    def build(self, model: type[Model], **fields: Any) -> Model:
        """The model of these fields, cleaned where that helps. Raises pydantic's ValidationError."""
        try:
            return model(**fields)
        except ValidationError:
            clean = self._clean(fields)
            return model(**{name: self._shortened(name, value) for name, value in clean.items()})

    def without_nul(self, event: Event, payload: bytes) -> Event:
        """The event itself, or a copy without NUL when `payload`, its JSON, shows one."""
        if _NUL_IN_JSON not in payload:
            return event
        return type(event)(**self._clean(event.model_dump()))

    def _clean(self, fields: dict[str, Any]) -> dict[str, Any]:
        cleaned = {name: _storable(value) for name, value in fields.items()}
        self.replaced += cleaned != fields
        return cleaned

    def _shortened(self, name: str, value: Any) -> Any:
        limit = CUT_AT.get(name)
        if limit is None or not isinstance(value, str) or len(value) <= limit:
            return value
        self.cut += 1
        return value[:limit]


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _without_surrogates(value.replace("\x00", REPLACEMENT))
    if isinstance(value, list | tuple):
        return type(value)(_storable(each) for each in value)
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value


def _without_surrogates(text: str) -> str:
    """Pairs of surrogates, as some exports write them, become the character that they mean."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
