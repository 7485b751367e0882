"""Hears which gift a winner chooses in the chat: its number, or its name."""

from collections.abc import Sequence

from services.rewards.domain.asking import CHARACTERS_MAX, choice_of
from services.rewards.handlers.choosing import CHOSEN, Choosing, GiftGone, NotOnTurn
from services.rewards.store import gifts, prizes
from services.rewards.store.prizes import Prize
from shared.contracts.chat import MessagePosted
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue


async def hear_choices(batch: Sequence[Event[MessagePosted]], texts: Catalogue, work: UnitOfWork) -> None:
    """Take the choices of those who are on turn; any other message of theirs is none."""
    communities = {event.data.community_id for event in batch}
    while turns := await _turns(batch, communities, work):
        # after each choice another winner may be on turn, who perhaps spoke in this batch too
        number, prize = turns
        event = batch[number]
        batch = batch[number + 1 :]
        await _choose(event, prize, texts, work)


async def _turns(
    batch: Sequence[Event[MessagePosted]], communities: set[str], work: UnitOfWork
) -> tuple[int, Prize] | None:
    """The first message by which somebody on turn chooses."""
    if not batch:
        return None
    open_ones = await prizes.load_choosing(work.connection, communities)
    if not open_ones:
        return None
    on_turn = {(each.community_id, each.member_id): each for each in open_ones}
    named = {owner: await _names(each, work) for owner, each in on_turn.items()}
    for number, event in enumerate(batch):
        data = event.data
        if len(data.text) > CHARACTERS_MAX or (data.community_id, data.member_id) not in on_turn:
            continue
        prize = on_turn[data.community_id, data.member_id]
        if choice_of(data.text, named[data.community_id, data.member_id], tuple(prize.offered)):
            return number, prize
    return None


async def _names(prize: Prize, work: UnitOfWork) -> dict[str, str]:
    offered = await gifts.by_ids(work.connection, prize.community_id, prize.offered)
    return {gift.name: gift.gift_id for gift in offered}


async def _choose(event: Event[MessagePosted], prize: Prize, texts: Catalogue, work: UnitOfWork) -> None:
    key = (prize.community_id, prize.month)
    await prizes.lock_month(work.connection, key)
    # what was said in time counts, however late it is read
    desk = Choosing(key, event.profile, event.occurred_at, texts, work)
    chosen = choice_of(event.data.text, await _names(prize, work), tuple(prize.offered))
    assert chosen is not None
    speaker = desk.speaker
    try:
        gift = await desk.choose(prize, chosen, "member")
        text = speaker.say("award.chosen", gift=gift.name)
    except NotOnTurn:
        text = speaker.say("award.late")
    except GiftGone:
        text = speaker.say("award.gone")
    if not event.is_stale:
        data = event.data
        speaker.to_member(data.member_id, text, CHOSEN, event.id, data.channel_id, data.message_id)
