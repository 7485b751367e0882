"""What people do with a closed month: choose gifts, let winners choose, disqualify."""

from datetime import datetime

from services.rewards.domain.facts import MonthKey
from services.rewards.domain.score import DEFAULT_SCORE, standings
from services.rewards.handlers.choosing import Choosing
from services.rewards.handlers.opening import FROZEN_STATES
from services.rewards.store import acts, months, prizes
from services.rewards.store.acts import Act
from services.rewards.store.month_facts import load_month_facts
from services.rewards.store.prizes import Prize
from shared.engine import UnitOfWork, load_community
from shared.i18n import Catalogue


class NotClosed(Exception):
    """The month is not closed."""


class UnknownPrize(Exception):
    """The member has no place in the month."""


async def choose(
    work: UnitOfWork, key: MonthKey, member_id: str, gift_id: str, by: str, texts: Catalogue
) -> Prize:
    """Choose for a winner; `by` is `member` or an operator. Raises what `Choosing.choose` raises."""
    desk = await _desk(work, key, texts)
    prize = await _prize(work, key, member_id)
    await desk.choose(prize, gift_id, by)
    return await _prize(work, key, member_id)


async def open_choosing(work: UnitOfWork, key: MonthKey, by: str, at: datetime, texts: Catalogue) -> bool:
    """Let the winners choose; False when there is no gift in stock. Raises `NotClosed`."""
    desk = await _desk(work, key, texts)
    await acts.note(work.connection, Act(key[0], at, by, "open_award", f"{key[1]:%Y-%m}", ""))
    return await desk.open()


async def disqualify(
    work: UnitOfWork, key: MonthKey, member_id: str, by: str, reason: str, texts: Catalogue
) -> None:
    """Take a place away; the next of the month's frozen order who has no place follows."""
    desk = await _desk(work, key, texts)
    prize = await _prize(work, key, member_id)
    if prize.state == "disqualified":
        return
    places = await prizes.load_prizes(work.connection, key)
    detail = {"month": f"{key[1]:%Y-%m}", "state": prize.state, "gift_id": prize.gift_id}
    await acts.note(work.connection, Act(key[0], work.now, by, "disqualify", member_id, reason, detail))
    await desk.disqualify(prize, await _following(work, key, {each.member_id for each in places}))


async def _following(work: UnitOfWork, key: MonthKey, placed: set[str]) -> Prize | None:
    """Facts of a closed month stay as they are: the order is the one that it was closed with."""
    facts = (await load_month_facts(work.connection, [key], DEFAULT_SCORE))[key]
    excluded = await months.load_excluded_of(work.connection, key)
    for each in standings([fact for fact in facts if fact.member_id not in excluded]):
        if each.member_id not in placed:
            return Prize(*key, each.member_id, each.rank)
    return None


async def _desk(work: UnitOfWork, key: MonthKey, texts: Catalogue) -> Choosing:
    if await prizes.lock_month(work.connection, key) not in FROZEN_STATES:
        raise NotClosed
    community = await load_community(work.connection, key[0])
    return Choosing(key, community.profile, community.now(work.now), texts, work)


async def _prize(work: UnitOfWork, key: MonthKey, member_id: str) -> Prize:
    for each in await prizes.load_prizes(work.connection, key):
        if each.member_id == member_id:
            return each
    raise UnknownPrize
