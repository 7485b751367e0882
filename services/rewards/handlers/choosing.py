"""Winners choose their gifts in the order of their ranks, from stock that waits for them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.rewards import metrics
from services.rewards.domain.facts import MonthKey
from services.rewards.domain.rules import AwardRule
from services.rewards.handlers.handing_over import hand_over
from services.rewards.store import fulfilments, gifts, prizes
from services.rewards.store.gifts import Gift
from services.rewards.store.prizes import Prize
from services.rewards.store.rules import load_books
from shared.contracts.identity import event_id
from shared.contracts.profiles import CommunityProfile
from shared.contracts.rewards import GiftChosen, GiftOffered
from shared.engine import Timer, UnitOfWork
from shared.engine.speaking import Speaker
from shared.i18n import Catalogue

GIFT_CHOICE = "gift_choice"
OFFER, CHOSEN, UNCLAIMED = "rewards_gift_offer", "rewards_gift_chosen", "rewards_gift_unclaimed"
SETTLED = frozenset({"fulfilled", "unclaimed", "disqualified"})
OFFERED_MAX = 20


class NotOnTurn(Exception):
    """The member may not choose: no winner, not on turn yet, or too late. `why` names it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class GiftGone(Exception):
    """The gift is not among those that the member may choose from."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """The award of one month whose row is locked."""

    key: MonthKey
    profile: CommunityProfile
    now: datetime
    """The community's clock."""
    texts: Catalogue
    work: UnitOfWork

    @property
    def speaker(self) -> Speaker:
        """Speaks at this moment."""
        return Speaker(self.texts, self.profile, self.now, self.work)

    async def open(self) -> bool:
        """Set stock aside for the winners and let the first choose; False when there are no gifts."""
        connection = self.work.connection
        places = await prizes.load_prizes(connection, self.key)
        winners = [each for each in places if each.state == "waiting"]
        offered = [gift for gift in await gifts.for_award(connection, self.key[0]) if gift.available > 0]
        if not winners or not offered:
            return False
        units = {gift.gift_id: min(gift.available, len(winners)) for gift in offered[:OFFERED_MAX]}
        await gifts.reserve(connection, self.key[0], units)
        await prizes.set_month_stock(connection, self.key, units)
        await prizes.set_state(connection, self.key, "choosing")
        await self.go_on()
        return True

    async def go_on(self) -> None:
        """Let the next in rank choose, or finish when nobody is left."""
        connection = self.work.connection
        places = await prizes.load_prizes(connection, self.key)
        if any(each.state == "choosing" for each in places):
            return
        waiting = [each for each in places if each.state == "waiting"]
        for each in waiting:
            if await self._offer(each):
                return
            await self._unclaim(each)
        await self._give_back()
        if all(each.state in SETTLED for each in await prizes.load_prizes(connection, self.key)):
            await prizes.set_state(connection, self.key, "fulfilled")

    async def choose(self, prize: Prize, gift_id: str, by: str) -> Gift:
        """Give the winner this gift. Raises `NotOnTurn` and `GiftGone`."""
        if prize.state != "choosing":
            raise NotOnTurn("chosen" if prize.state in ("chosen", "fulfilled") else prize.state)
        if by == "member" and prize.choose_by is not None and self.now > prize.choose_by:
            raise NotOnTurn("late")
        stock, known = await self._lock_gifts(gift_id)
        gift = known.get(gift_id)
        if gift is None or gift_id not in prize.offered or not stock.get(gift_id):
            raise GiftGone
        await self._give(prize, gift, by, stock[gift_id] - 1)
        await self.go_on()
        return gift

    async def deadline(self, member_id: str) -> None:
        """Nothing was chosen: give the first gift that needs no address, else none; the next is on turn."""
        connection = self.work.connection
        places = await prizes.load_prizes(connection, self.key)
        prize = next((each for each in places if each.member_id == member_id), None)
        if prize is None or prize.state != "choosing":
            return
        stock, _ = await self._lock_gifts()
        offered = await gifts.by_ids(connection, self.key[0], prize.offered)
        default = next((gift for gift in offered if not gift.needs_address and stock.get(gift.gift_id)), None)
        if default is None:
            await self._unclaim(prize)
        else:
            await self._give(prize, default, "default", stock[default.gift_id] - 1)
        await self.go_on()

    async def disqualify(self, prize: Prize, following: Prize | None) -> None:
        """The place is gone, with what waited for it; only the next member moves up, at the row's end."""
        await self._vacate(prize, "disqualified")
        if following is not None:
            await prizes.add_prizes(self.work.connection, [following])
        await self._reopen()

    async def withdraw(self, prize: Prize) -> None:
        """The winner is there no more: nobody moves up, the others go on with what waited for them."""
        await self._vacate(prize, "unclaimed")
        await self._reopen()

    async def _lock_gifts(self, *also: str) -> tuple[dict[str, int], dict[str, Gift]]:
        """How many of which gifts wait for the winners; these and others, all that any choice may touch."""
        stock = await prizes.month_stock(self.work.connection, self.key)
        return stock, await gifts.lock_gifts(self.work.connection, self.key[0], {*stock, *also})

    async def _vacate(self, prize: Prize, state: str) -> None:
        await self._lock_gifts(*filter(None, [prize.gift_id]))
        self.work.cancel_timer(self.key[0], GIFT_CHOICE, _timer_key(self.key[1], prize.member_id))
        if prize.gift_id is not None and prize.state == "chosen":
            await self._put_back(prize)
        vacant = prize._replace(state=state, gift_id=None, offered=(), choose_by=None)
        await prizes.save_prize(self.work.connection, vacant)

    async def _reopen(self) -> None:
        connection = self.work.connection
        if await prizes.lock_month(connection, self.key) in ("choosing", "fulfilled"):
            await prizes.set_state(connection, self.key, "choosing")
            await self.go_on()

    async def _put_back(self, prize: Prize) -> None:
        """A gift that was chosen and is not handed over waits for the others again."""
        assert prize.gift_id is not None
        connection = self.work.connection
        source = _source(self.key[1], prize.member_id)
        await fulfilments.cancel(connection, "award", source, self.key[0])
        await gifts.put_back(connection, self.key[0], prize.gift_id)
        stock = await prizes.month_stock(connection, self.key)
        await prizes.set_month_stock(connection, self.key, {prize.gift_id: stock.get(prize.gift_id, 0) + 1})

    async def _offer(self, prize: Prize) -> bool:
        """Put the gifts that are left to the winner; False when there are none."""
        connection = self.work.connection
        stock = await prizes.month_stock(connection, self.key)
        offered = await gifts.by_ids(connection, self.key[0], stock.keys())
        if not offered:
            return False
        rule = await self._rule()
        choose_by = self.now + timedelta(days=rule.choose_days)
        ids = tuple(gift.gift_id for gift in offered)
        await prizes.save_prize(
            connection, prize._replace(state="choosing", offered=ids, choose_by=choose_by)
        )
        self.work.publish(
            GiftOffered(
                community_id=self.key[0], month=self.key[1], member_id=prize.member_id, rank=prize.rank,
                gift_ids=ids, choose_by=choose_by,
            ),
            self.now,
        )  # fmt: skip
        key = _timer_key(self.key[1], prize.member_id)
        self.work.set_timer(Timer(self.key[0], GIFT_CHOICE, choose_by, key))
        self._tell_offer(prize, offered, choose_by, rule)
        return True

    def _tell_offer(self, prize: Prize, offered: list[Gift], choose_by: datetime, rule: AwardRule) -> None:
        speaker = self.speaker
        listed = "\n".join(f"{number}. {gift.name}" for number, gift in enumerate(offered, 1))
        until = f"{choose_by.astimezone(self.profile.zone):%Y-%m-%d %H:%M}"
        month = f"{self.key[1]:%Y-%m}"
        text = speaker.say("award.offer", month=month, rank=prize.rank, gifts=listed, until=until)
        speaker.to_member(prize.member_id, text, OFFER, self._cause(prize), rule.channel_id or None)

    async def _give(self, prize: Prize, gift: Gift, by: str, left: int) -> None:
        connection = self.work.connection
        await gifts.take(connection, self.key[0], gift.gift_id)
        await prizes.set_month_stock(connection, self.key, {gift.gift_id: left})
        await prizes.save_prize(
            connection,
            prize._replace(state="chosen", gift_id=gift.gift_id, chosen_at=self.now, chosen_by=by),
        )
        self.work.cancel_timer(self.key[0], GIFT_CHOICE, _timer_key(self.key[1], prize.member_id))
        chosen_by = by if by in ("member", "default") else "operator"
        self.work.publish(
            GiftChosen(
                community_id=self.key[0], month=self.key[1], member_id=prize.member_id, gift_id=gift.gift_id,
                chosen_by=chosen_by,
            ),
            self.now,
        )  # fmt: skip
        source = _source(self.key[1], prize.member_id)
        await hand_over(self.work, self.key[0], prize.member_id, gift, "award", source)
        metrics.GIFTS_CHOSEN.labels(chosen_by).inc()

    async def _unclaim(self, prize: Prize) -> None:
        await prizes.save_prize(self.work.connection, prize._replace(state="unclaimed", choose_by=None))
        speaker = self.speaker
        text = speaker.say("award.unclaimed", member=prize.member_id, month=f"{self.key[1]:%Y-%m}")
        speaker.to_operators(text, UNCLAIMED, self._cause(prize))

    async def _give_back(self) -> None:
        """What nobody chose is in stock again."""
        connection = self.work.connection
        stock = await prizes.month_stock(connection, self.key)
        await gifts.release(connection, self.key[0], stock)
        await prizes.set_month_stock(connection, self.key, dict.fromkeys(stock, 0))

    async def _rule(self) -> AwardRule:
        books = await load_books(self.work.connection, [self.key[0]])
        return books.at(self.key[0], self.now).award

    def _cause(self, prize: Prize) -> str:
        return event_id(self.now, "prize", self.key[0], f"{self.key[1]}", prize.member_id)


def _timer_key(month: date, member_id: str) -> str:
    return f"{month:%Y-%m}:{member_id}"


def _source(month: date, member_id: str) -> str:
    return f"{month:%Y-%m}:{member_id}"
