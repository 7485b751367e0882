"""Announces gatherings three times, reminds who comes, and runs hosted sessions from opening to closing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.engagement.domain.attention import PostKind
from services.engagement.domain.choices import Choices
from services.engagement.domain.gathering import Gathering, Guests
from services.engagement.handlers.posting import Wanted, post_all, wish
from services.engagement.store import choices
from services.engagement.store import gatherings as store
from services.engagement.store.gatherings import EventKey
from shared.contracts.commands import SendMessage
from shared.contracts.engagement import EventAnnounced, SessionClosed, SessionOpened
from shared.contracts.identity import event_id
from shared.contracts.profiles import CommunityProfile
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.i18n import Catalogue

ANNOUNCE_GATHERING = "announce_gathering"
RUN_SESSION = "run_session"
ENGINE = "hearth"
APART = "\x1f"
WAITS = timedelta(minutes=45)
REMINDED_MAX = 500
VALID = timedelta(hours=1)


def plan(gathering: Gathering, now: datetime, zone: str, work: UnitOfWork) -> None:
    """Set the timers of a gathering anew: announcements that are still ahead, and a session's two ends."""
    for which, at in gathering.announced_at(zone).items():
        key = f"{gathering.event_id}{APART}{which}"
        if gathering.state == "planned" and at > now:
            work.set_timer(Timer(gathering.community_id, ANNOUNCE_GATHERING, at, key=key))
        else:
            work.cancel_timer(gathering.community_id, ANNOUNCE_GATHERING, key)
    for name, at in (("open", gathering.starts_at), ("close", gathering.ends_at)):
        key = f"{gathering.event_id}{APART}{name}"
        if gathering.state in ("planned", "open") and at > now:
            work.set_timer(Timer(gathering.community_id, RUN_SESSION, at, key=key))
        else:
            work.cancel_timer(gathering.community_id, RUN_SESSION, key)


def _split(due: DueTimer) -> tuple[DueTimer, str, str]:
    name, _, which = due.timer.key.partition(APART)
    return due, name, which


def said_time(gathering: Gathering, profile: CommunityProfile) -> str:
    """The start as the community's clocks show it."""
    return f"{gathering.starts_at.astimezone(profile.zone):%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class AnnounceGatherings:
    """A timer's key is the gathering and which announcement."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Announce in the channel; an hour before, remind in private who comes."""
        split = [_split(each) for each in due]
        known = await store.named(work.connection, [(each.community_id, name) for each, name, _ in split])
        chosen = await choices.load_choices(work.connection, sorted({each.community_id for each in due}))
        guests = await store.guests_of(work.connection, known.values())
        wanted = []
        for each, name, which in split:
            gathering = known.get((each.community_id, name))
            if gathering is None or gathering.state != "planned":
                continue
            mine = guests[each.community_id, name]
            wanted.append(self._post(each, gathering, which, mine, chosen[each.community_id][0]))
            fact = EventAnnounced(
                community_id=each.community_id, event_id=name, announcement=f"{which}:{gathering.version}",
                title=gathering.title, channel_id=gathering.channel_id, starts_at=gathering.starts_at,
            )  # fmt: skip
            work.publish(fact, each.now)
            if which == "hour":
                self._remind(each, gathering, mine, work)
        await post_all(wanted, work)

    def _post(self, due: DueTimer, gathering: Gathering, which: str, guests: Guests, mine: Choices) -> Wanted:
        text = self.texts.say(
            due.profile.locale, f"event.announce_{which}", title=gathering.title, place=gathering.place,
            time=said_time(gathering, due.profile), going=guests.going(),
        )  # fmt: skip
        subject = f"{gathering.event_id}:{which}:{gathering.version}"
        return wish(
            PostKind.ANNOUNCEMENT,
            gathering.channel_id,
            subject,
            text,
            due.now,
            due.profile,
            mine,
            waits=WAITS,
        )

    def _remind(self, due: DueTimer, gathering: Gathering, guests: Guests, work: UnitOfWork) -> None:
        going = sorted(name for name, (place, _) in guests.places.items() if place == "going")
        for member_id in going[:REMINDED_MAX]:
            command = SendMessage(
                community_id=due.community_id,
                member_id=member_id,
                text=self.texts.say(
                    due.profile.locale, "event.reminder", title=gathering.title,
                    time=said_time(gathering, due.profile),
                ),
                purpose="event_reminder",
                cause_id=event_id(due.timer.due_at, "reminder", gathering.event_id, member_id),
                expires_at=due.now + VALID,
            )  # fmt: skip
            work.publish(command, due.now)


@dataclass(frozen=True, slots=True)
class RunSessions:
    """A timer's key is the gathering and which end of it."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Open with a word and tell moderation; close with thanks, and ask the host for a recap."""
        split = [_split(each) for each in due]
        known = await store.named(work.connection, [(each.community_id, name) for each, name, _ in split])
        chosen = await choices.load_choices(work.connection, sorted({each.community_id for each in due}))
        queued = await store.queued(work.connection, known)
        wanted = []
        for each, name, which in split:
            key = (each.community_id, name)
            gathering = known.get(key)
            if gathering is None or gathering.state not in ("planned", "open"):
                continue
            known[key] = replace(gathering, state="open" if which == "open" else "closed")
            await store.save(work.connection, known[key], ENGINE)
            if gathering.is_session:
                wanted.append(self._word(each, gathering, which, queued.get(key, 0), chosen[key[0]][0]))
                _tell(each, gathering, which, work)
                if which == "close" and gathering.host_id:
                    self._ask_recap(each, gathering, work)
        await post_all(wanted, work)

    def _word(self, due: DueTimer, gathering: Gathering, which: str, queued: int, mine: Choices) -> Wanted:
        text = self.texts.say(
            due.profile.locale, f"event.session_{which}", title=gathering.title, questions=queued
        )
        subject = f"{gathering.event_id}:{which}"
        return wish(
            PostKind.SESSION, gathering.channel_id, subject, text, due.now, due.profile, mine, waits=WAITS
        )

    def _ask_recap(self, due: DueTimer, gathering: Gathering, work: UnitOfWork) -> None:
        command = SendMessage(
            community_id=due.community_id,
            member_id=gathering.host_id,
            text=self.texts.say(due.profile.locale, "event.recap", title=gathering.title),
            purpose="event_recap",
            cause_id=event_id(due.timer.due_at, "recap", due.community_id, gathering.event_id),
            expires_at=due.now + VALID,
        )
        work.publish(command, due.now)


def _tell(due: DueTimer, gathering: Gathering, which: str, work: UnitOfWork) -> None:
    about: EventKey = (due.community_id, gathering.event_id)
    if which == "open":
        work.publish(
            SessionOpened(
                community_id=about[0], session_id=about[1], channel_id=gathering.channel_id,
                speaker_ids=gathering.speaker_ids, ends_at=gathering.ends_at,
            ),
            due.now,
        )  # fmt: skip
    else:
        closed = SessionClosed(community_id=about[0], session_id=about[1], channel_id=gathering.channel_id)
        work.publish(closed, due.now)
