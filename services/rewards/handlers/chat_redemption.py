"""Redeems a gift in the chat: what needs nobody goes out at once, the rest an operator confirms."""

from uuid import UUID

from services.rewards.domain.asking import choice_of
from services.rewards.domain.ledger import NotEnough
from services.rewards.domain.redemption import CannotRedeem
from services.rewards.handlers.redeem_gifts import MEMBER, confirm
from services.rewards.handlers.reserve_gifts import Wish, reserve
from services.rewards.store import gifts
from services.rewards.store.gifts import Gift
from shared.contracts.chat import MessagePosted
from shared.engine import Community, Event
from shared.engine.speaking import Speaker

ASKED = "rewards_redemption"
LISTED_MAX = 10


async def redeem_in_chat(event: Event[MessagePosted], member_id: str, about: str, speaker: Speaker) -> str:
    """Set the gift aside that is named by its number or name, from this wallet; what to answer."""
    data, work = event.data, speaker.work
    listed = await gifts.for_points(work.connection, data.community_id, LISTED_MAX)
    wanted = choice_of(about, {gift.name: gift.gift_id for gift in listed}, tuple(g.gift_id for g in listed))
    gift = next((each for each in listed if each.gift_id == wanted), None)
    if gift is None:
        return speaker.say("problem.gift-unknown")
    # what is refused in the middle leaves nothing behind
    mark, savepoint = work.mark(), work.connection.transaction()
    await savepoint.start()
    try:
        text = await _redeem(event, member_id, gift, speaker)
    except (CannotRedeem, NotEnough) as refusal:
        await savepoint.rollback()
        work.rewind(mark)
        return _refusal(refusal, speaker)
    await savepoint.commit()
    return text


async def _redeem(event: Event[MessagePosted], member_id: str, gift: Gift, speaker: Speaker) -> str:
    data, work = event.data, speaker.work
    here = Community(event.profile, "event", event.now)
    wish = Wish(member_id, gift.gift_id, data.message_id, event.occurred_at)
    made = await reserve(work, here, wish)
    if gift.by_webhook and not gift.needs_address and made.state == "reserved":
        await confirm(work, here, UUID(str(made.redemption_id)), MEMBER)
        return speaker.say("chat.redeemed", gift=gift.name, points=gift.cost)
    if not event.is_stale:
        text = speaker.say("chat.redemption-asked", member=data.member_id, gift=gift.name)
        speaker.to_operators(text, ASKED, event.id)
    return speaker.say("chat.reserved", gift=gift.name, points=gift.cost)


def _refusal(refusal: Exception, speaker: Speaker) -> str:
    if isinstance(refusal, NotEnough):
        return speaker.say("problem.points-too-few", has=refusal.held, needs=refusal.needed)
    assert isinstance(refusal, CannotRedeem)
    return speaker.texts.say(speaker.profile.locale, f"problem.{refusal.why}")
