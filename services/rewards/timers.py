"""Which timers rewards sets, and who takes them when they are due."""

from pathlib import Path

from services.rewards.handlers.change_levels import LEVEL_GRACE, EndGrace
from services.rewards.handlers.choose_gifts import ChooseGifts
from services.rewards.handlers.choosing import GIFT_CHOICE
from services.rewards.handlers.close_months import CloseMonths
from services.rewards.handlers.count_referrals import REFERRAL_DUE, PayReferrals
from services.rewards.handlers.giving_away import GIVEAWAY_END, EndGiveaways
from services.rewards.handlers.look_for_farming import LookForFarming
from services.rewards.handlers.opening import FARMING_LOOK, MONTH_CLOSE
from services.rewards.handlers.redeem_gifts import ExpireRedemptions
from services.rewards.handlers.reserve_gifts import REDEMPTION_EXPIRY
from shared.engine import Routes
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def add_timers(table: Routes) -> Routes:
    """Complete the table of events with the timers."""
    table.on_timer(MONTH_CLOSE, to=CloseMonths(TEXTS))
    table.on_timer(GIFT_CHOICE, to=ChooseGifts(TEXTS))
    table.on_timer(FARMING_LOOK, to=LookForFarming(TEXTS))
    table.on_timer(GIVEAWAY_END, to=EndGiveaways())
    table.on_timer(REFERRAL_DUE, to=PayReferrals())
    table.on_timer(LEVEL_GRACE, to=EndGrace())
    table.on_timer(REDEMPTION_EXPIRY, to=ExpireRedemptions())
    return table
