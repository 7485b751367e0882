"""The index of all kinds of rules; a further one is a file and a line here."""

from collections.abc import Mapping

from services.moderation.domain.rules.attack import ATTACK
from services.moderation.domain.rules.classifier import CLASSIFIER
from services.moderation.domain.rules.contact_ad import CONTACT_AD
from services.moderation.domain.rules.flood import FLOOD
from services.moderation.domain.rules.kind import Kind, Resources
from services.moderation.domain.rules.lexicon import LEXICON
from services.moderation.domain.rules.listed import LISTED
from services.moderation.domain.rules.pattern import PATTERN
from services.moderation.domain.rules.wall import WALL

_KINDS: tuple[Kind, ...] = (CONTACT_AD, FLOOD, WALL, LEXICON, ATTACK, PATTERN, CLASSIFIER, LISTED)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}

__all__ = ["KINDS", "Kind", "Resources"]
