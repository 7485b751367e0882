"""What a kind of rules is: parameters that operators set, and the code that judges by them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.moderation.domain.classifier import Classifier
from services.moderation.domain.own_lists import NO_LISTS, OwnLists


@dataclass(frozen=True, slots=True)
class Resources:
    """What rules need besides their parameters."""

    lists: OwnLists = NO_LISTS
    """The community's own word lists."""
    model: Classifier = field(kw_only=True)
    """The community's newest, or the shipped one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rules."""

    name: str
    params: type[Any]
    """A frozen dataclass whose fields all have defaults; raises ValueError for values that make no sense."""
    build: Callable[[Any, Resources], Any]
    """The rule of these parameters: a `TextRule`, a `WindowRule`, or what `crosses_members` says."""
    counts_messages: bool = False
    """Whether it is a `WindowRule`: an edit is no message more, so it is not asked about edits."""
    crosses_members: bool = False
    """Whether it reads more than a message and its member: who loads that asks the book for these rules."""
