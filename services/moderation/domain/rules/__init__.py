"""The index of all rules, in the order in which they are named as the reason of a removal."""

from services.moderation.domain.message import Rule
from services.moderation.domain.rules.contact_ad import ContactAd
from services.moderation.domain.rules.flood import Flood

RULES: tuple[Rule, ...] = (ContactAd(), Flood())
