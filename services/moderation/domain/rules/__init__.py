"""The index of all kinds of rules; a further one is a file and a line here."""

from collections.abc import Mapping

from services.moderation.domain.rules.attack import ATTACK
from services.moderation.domain.rules.campaign import CAMPAIGN
from services.moderation.domain.rules.classifier import CLASSIFIER
from services.moderation.domain.rules.contact_ad import CONTACT_AD
from services.moderation.domain.rules.flood import FLOOD
from services.moderation.domain.rules.join_wave import JOIN_WAVE
from services.moderation.domain.rules.kind import Kind, Resources
from services.moderation.domain.rules.lexicon import LEXICON
from services.moderation.domain.rules.link import LINK
from services.moderation.domain.rules.listed import LISTED
from services.moderation.domain.rules.pattern import PATTERN
from services.moderation.domain.rules.repost import REPOST
from services.moderation.domain.rules.session import SESSION
from services.moderation.domain.rules.wall import WALL

_KINDS: tuple[Kind, ...] = (
    CONTACT_AD, FLOOD, WALL, LEXICON, ATTACK, PATTERN, CLASSIFIER, LISTED, LINK, CAMPAIGN, REPOST, SESSION,
    JOIN_WAVE,
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}

__all__ = ["KINDS", "Kind", "Resources"]
