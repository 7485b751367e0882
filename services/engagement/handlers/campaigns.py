"""Keeps check-in campaigns: proofs, dates, cards and testimonies, and what members are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from services.engagement.domain.asking import Ask, asked
from services.engagement.domain.campaign import (
    MARKS,
    TEXT_KEPT,
    Campaign,
    Day,
    Entry,
    campaign_of,
    may_make_up,
    streak,
)
from services.engagement.domain.day import local_day
from services.engagement.domain.message import Message, Verdict
from services.engagement.domain.phrase import is_checkin
from services.engagement.handlers.answering import answer
from services.engagement.store import campaigns as store
from services.engagement.store.campaigns import DayKey, ProofRow, Testimony
from shared.contracts.chat import MessageDeleted, MessagePosted
from shared.contracts.engagement import CheckinRecorded, CheckinRevoked
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.engine import Event, Poison, UnitOfWork
from shared.i18n import Catalogue

About: TypeAlias = MessagePosted | MessageDeleted | MessageRemoved | MessageRestored
PURPOSE = "campaign_answer"
MessageKey = tuple[str, str]


@dataclass(slots=True)
class Shelf:
    """The campaigns of a batch, and the dates that it touches."""

    campaigns: Mapping[str, Sequence[Campaign]]
    days: dict[DayKey, Day]
    proofs: dict[MessageKey, DayKey]
    ends: dict[MessageKey, datetime]
    verdicts: dict[MessageKey, Verdict]
    changed: set[DayKey] = field(default_factory=set)
    fresh: list[ProofRow] = field(default_factory=list)
    voided: dict[MessageKey, bool] = field(default_factory=dict)
    testimonies: list[Testimony] = field(default_factory=list)
    taken: set[MessageKey] = field(default_factory=set)
    """Messages that campaigns answer."""

    def campaign(self, key: DayKey) -> Campaign:
        """The campaign of a date."""
        return next(each for each in self.campaigns[key[0]] if each.campaign_id == key[1])

    def dates(self, key: DayKey) -> set[date]:
        """All dates of the member that count."""
        return {other[3] for other, day in self.days.items() if other[:3] == key[:3] and day.counts}

    def is_void(self, key: MessageKey) -> bool:
        """Whether what was decided so far keeps the proof from counting."""
        verdict = self.verdicts.get(key)
        if verdict is None:
            return False
        # a verdict judges by the end of the date alone; the other fields of a message do not matter to it
        end = self.ends[key]
        return verdict.voids(Message(*key, "", "", end, end.date(), end))


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Load, fold, save; a batch without check-ins, cards and decisions on proofs costs no statement."""

    texts: Catalogue

    async def keep(self, batch: Sequence[Event[About]], work: UnitOfWork) -> set[MessageKey]:
        """Apply the batch event by event, so that it may be cut anywhere; before its decisions are saved.

        Returns the messages that a campaign took.
        """
        events = [event for event in batch if _is_ours(event)]
        if not events:
            return set()
        try:
            shelf = await _load(events, work)
            for event in events:
                if isinstance(event.data, MessagePosted):
                    self._post(event, shelf, work)  # type: ignore[arg-type]
                else:
                    self._decide(event, shelf, work)
        except OverflowError as error:
            raise Poison("a time at the end of the calendar") from error
        await store.save_proofs(
            work.connection, shelf.fresh, [(*key, void) for key, void in shelf.voided.items()]
        )
        await store.save_days(work.connection, [(key, shelf.days[key]) for key in shelf.changed])
        await store.save_testimonies(work.connection, shelf.testimonies)
        return shelf.taken

    def _post(self, event: Event[MessagePosted], shelf: Shelf, work: UnitOfWork) -> None:
        data = event.data
        day = local_day(event.occurred_at, event.profile.zone)
        campaign = campaign_of(
            shelf.campaigns.get(data.community_id, ()), data.channel_id, data.text, day.date
        )
        if campaign is None:
            return
        key = (data.community_id, campaign.campaign_id, data.member_id, day.date)
        shelf.taken.add((data.community_id, data.message_id))
        ask = asked(data.text)
        if ask is not None and ask.kind == "makeup":
            self._make_up(event, ask, campaign, key, shelf, work)
        elif ask is not None and ask.kind == "testimony":
            kept = ask.rest[:TEXT_KEPT]
            shelf.testimonies.append(
                Testimony(data.community_id, data.message_id, campaign.campaign_id, data.member_id,
                          event.occurred_at, kept)
            )  # fmt: skip
            answer(event, self.texts.say(event.profile.locale, "campaign.testimony_kept"), PURPOSE, work)
        elif is_checkin(data.text):
            local = event.occurred_at.astimezone(event.profile.zone).time()
            has_picture = any(each.kind in ("image", "video") for each in data.attachments)
            lack = campaign.lack(local, data.text, has_picture)
            if lack is not None:
                words = self.texts.say(event.profile.locale, f"campaign.lack_{lack}", title=campaign.title)
                answer(event, words, PURPOSE, work)
                return
            self._prove(event, campaign, key, day.ends_at, shelf, work)

    def _prove(
        self,
        event: Event[MessagePosted],
        campaign: Campaign,
        key: DayKey,
        ends_at: datetime,
        shelf: Shelf,
        work: UnitOfWork,
    ) -> None:
        data = event.data
        name = data.community_id, data.message_id
        if name in shelf.proofs:
            return
        shelf.proofs[name], shelf.ends[name] = key, ends_at
        void = shelf.is_void(name)
        shelf.fresh.append(
            ProofRow(*name, campaign.campaign_id, data.member_id, key[3], event.occurred_at, ends_at,
                     data.text[:TEXT_KEPT], void)
        )  # fmt: skip
        _put(key, Entry(event.occurred_at, data.message_id, void), event, "", shelf, work)
        if void:
            return
        days = streak(campaign, shelf.dates(key), key[3])
        total = len(shelf.dates(key))
        kind = "mark" if total in MARKS else "done"
        words = self.texts.say(
            event.profile.locale, f"campaign.{kind}", title=campaign.title, days=days, total=total
        )
        answer(event, words, PURPOSE, work)

    def _make_up(
        self,
        event: Event[MessagePosted],
        ask: Ask,
        campaign: Campaign,
        key: DayKey,
        shelf: Shelf,
        work: UnitOfWork,
    ) -> None:
        wanted = ask.day(key[3])
        filled = (*key[:3], wanted)
        used = sum(day.is_made_up for other, day in shelf.days.items() if other[:3] == key[:3])
        if not may_make_up(campaign, shelf.dates(key), used, wanted, key[3]):
            words = self.texts.say(event.profile.locale, "campaign.no_card", title=campaign.title)
        else:
            shelf.days.setdefault(filled, Day()).is_made_up = True
            shelf.changed.add(filled)
            words = self.texts.say(
                event.profile.locale, "campaign.made_up", day=f"{wanted:%m-%d}",
                left=campaign.makeups - used - 1, days=streak(campaign, shelf.dates(key), key[3]),
            )  # fmt: skip
        answer(event, words, PURPOSE, work)

    def _decide(self, event: Event[About], shelf: Shelf, work: UnitOfWork) -> None:
        """Moderation or the chat took a message away, or gave it back."""
        data = event.data
        name = data.community_id, data.message_id
        noted_at = max(event.now, event.occurred_at)
        verdict = shelf.verdicts.get(name) or Verdict(noted_at)
        if isinstance(data, MessageRemoved | MessageRestored):
            verdict = verdict.decided(data.decision, isinstance(data, MessageRemoved), noted_at)
        else:
            verdict = verdict.deleted(event.occurred_at, noted_at)
        shelf.verdicts[name] = verdict
        key = shelf.proofs.get(name)
        if key is None:
            return
        entry = shelf.days[key].entries[data.message_id]
        void = shelf.is_void(name)
        if void != entry.is_void:
            shelf.voided[name] = void
            _put(key, entry._replace(is_void=void), event, type(data).TYPE, shelf, work)


def _put(key: DayKey, entry: Entry, event: Event[Any], why: str, shelf: Shelf, work: UnitOfWork) -> None:
    day = shelf.days.setdefault(key, Day())
    owner = day.message_id
    change = day.put(entry)
    shelf.changed.add(key)
    about = {
        "community_id": key[0], "campaign_id": key[1], "member_id": key[2], "local_date": key[3],
        "revision": max(1, day.revision),
    }  # fmt: skip
    if change == "recorded":
        days = max(1, streak(shelf.campaign(key), shelf.dates(key), key[3]))
        named = {"message_id": entry.message_id, "channel_id": event.data.channel_id}
        work.publish(CheckinRecorded(**about, **named, streak_days=days), event.now)
    elif change == "revoked" and owner is not None:
        work.publish(CheckinRevoked(**about, message_id=owner, reason=why.replace(".", "_")), event.now)


def _is_ours(event: Event[About]) -> bool:
    data = event.data
    if not isinstance(data, MessagePosted):
        return True
    if data.is_bot:
        return False
    ask = asked(data.text)
    return (ask is not None and ask.kind in ("makeup", "testimony")) or is_checkin(data.text)


async def _load(events: Sequence[Event[About]], work: UnitOfWork) -> Shelf:
    connection = work.connection
    campaigns = await store.load_campaigns(connection, {event.community_id for event in events})
    names = {
        (event.community_id, event.data.message_id) for event in events if event.community_id in campaigns
    }
    if not names:
        return Shelf(campaigns, {}, {}, {}, {})
    proofs = await store.named_proofs(connection, names)
    members, dates = {key[:3] for key in proofs.values()}, set(proofs.values())
    for event in events:
        if isinstance(event.data, MessagePosted):
            day = local_day(event.occurred_at, event.profile.zone).date
            for campaign in campaigns.get(event.community_id, ()):
                if campaign.runs_on(day):
                    member = (event.community_id, campaign.campaign_id, event.data.member_id)
                    members.add(member)
                    dates.add((*member, day))
    days = await store.load_days(connection, members, dates)
    for key in proofs.values():
        days.setdefault(key, Day())
    verdicts = await store.verdicts_of(connection, names)
    return Shelf(campaigns, days, proofs, await store.day_ends(connection, names), verdicts)


async def refuse_proof(
    work: UnitOfWork, community_id: str, message_id: str, by: str, reason: str, now: datetime
) -> bool:
    """A person says that a proof does not count; False when there is no such proof."""
    row = await store.refuse_proof(work.connection, community_id, message_id, by)
    if row is None:
        return False
    key = (community_id, row["campaign_id"], row["member_id"], row["local_date"])
    days = await store.load_days(work.connection, [key[:3]], [key])
    day = days[key]
    change = day.put(Entry(row["occurred_at"], message_id, True))
    await store.save_days(work.connection, [(key, day)])
    if change == "revoked":
        fact = CheckinRevoked(
            community_id=community_id, campaign_id=key[1], member_id=key[2], local_date=key[3],
            message_id=message_id, revision=day.revision, reason=reason,
        )  # fmt: skip
        work.publish(fact, now)
    return True
