"""What every event and command has in common: a type, a topic, a community and an identity."""

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.contracts.identity import event_id

TEXT_CHARACTERS_MAX = 32_768
"""Longest message text that is carried; what is longer is cut where it enters."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=255)]
"""An identifier that a platform gave, namespaced by its connector where platforms could collide."""
Label = Annotated[str, StringConstraints(max_length=512)]
"""A short name for people: a channel's, a member's, a thread's."""
Text = Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS_MAX)]


class Contract(BaseModel):
    """The data of one CloudEvent. Additive only: fields are added with a default, never changed or removed.

    A reader ignores fields that it does not know, skips types that it does not know, and refuses a major
    version that it does not know.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    TYPE: ClassVar[str]
    """Name in the field's words, past tense for facts: `message.posted`."""
    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    IDENTITY: ClassVar[tuple[str, ...]]
    """Names of the fields that, with type, source and time, tell two events of this type apart."""

    community_id: Id
    """The tenant; also the key of the record."""

    @classmethod
    @cache
    def ce_type(cls) -> str:
        """CloudEvents `type`: `hearth.message.posted.v1`."""
        return f"hearth.{cls.TYPE}.v{cls.VERSION}"

    def identify(self, source: str, occurred_at: datetime) -> str:
        """Id for ever: the same fact of the same source and time has the same id, however often sent."""
        parts = [_part(getattr(self, name)) for name in self.IDENTITY]
        return event_id(occurred_at, source, self.TYPE, self.community_id, *parts)

    def to_json(self) -> bytes:
        """The data as it travels: UTF-8, fields that hold their default left out."""
        return self.__pydantic_serializer__.to_json(self, exclude_defaults=True)


def _part(value: object) -> str:
    """One text per value: a moment is the same in every zone, and nothing is not the word `None`."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return "" if value is None else str(value)
