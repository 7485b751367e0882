"""Greets newcomers, several at once, not in a raid; tells of introductions that nobody answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from services.engagement import metrics
from services.engagement.domain.attention import PostKind
from services.engagement.domain.choices import Choices
from services.engagement.domain.introduction import NAMES_MAX
from services.engagement.handlers.newcomers import GREET_NEWCOMERS
from services.engagement.handlers.posting import Wanted, post_all, wish
from services.engagement.store import channels, choices
from services.engagement.store import newcomers as store
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.i18n import Catalogue

WAITS = timedelta(hours=14)
"""A greeting of the night is said in the morning."""
ALERT_VALID = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class GreetNewcomers:
    """A community's timer: everybody who came since the last greeting."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Greet by channel; while a wave of joins goes on, wait for its end and greet without names."""
        moments = {each.community_id: each for each in due}
        pauses = await store.pauses(work.connection, moments)
        held = {name for name, each in moments.items() if pauses.get(name, each.now) > each.now}
        for name in held:
            work.set_timer(Timer(name, GREET_NEWCOMERS, pauses[name]))
        groups: dict[tuple[str, str | None], list[asyncpg.Record]] = {}
        for row in await store.waiting(work.connection, set(moments) - held):
            groups.setdefault((row["community_id"], row["channel_id"]), []).append(row)
        chosen = await choices.load_choices(work.connection, sorted(moments))
        busiest = await channels.busiest(work.connection, moments)
        wanted = []
        for (name, channel_id), rows in groups.items():
            mine = chosen[name][0]
            place = mine.welcome_channel_id or channel_id or busiest.get(name)
            if place and mine.welcome_on:
                wanted.append(self._greeting(moments[name], place, rows, name in pauses, mine))
        await post_all(wanted, work)
        greeted = [
            (row["community_id"], row["member_id"], moments[row["community_id"]].now)
            for rows in groups.values()
            for row in rows
        ]
        await store.welcome(work.connection, greeted)
        metrics.NEWCOMERS.labels("greeted").inc(len(greeted))

    def _greeting(
        self,
        due: DueTimer,
        channel_id: str,
        rows: Sequence[asyncpg.Record],
        after_wave: bool,
        mine: Choices,
    ) -> Wanted:
        locale = due.profile.locale
        names = [row["member_name"] or row["member_id"] for row in rows]
        if after_wave or len(names) > NAMES_MAX:
            hello = self.texts.say(locale, "welcome.many", count=len(names))
        else:
            joined = self.texts.say(locale, "list.between").join(names)
            hello = self.texts.say(locale, "welcome.named", names=joined)
        text = f"{hello}\n{self.texts.say(locale, 'welcome.template')}"
        return wish(
            PostKind.WELCOME, channel_id, rows[0]["member_id"], text, due.now, due.profile, mine, waits=WAITS
        )


@dataclass(frozen=True, slots=True)
class WatchIntroductions:
    """A timer's key is the newcomer."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Tell operators, once, of whom nobody answered."""
        moments = {(each.community_id, each.timer.key): each for each in due}
        alone = await store.alert(work.connection, [(*key, each.now) for key, each in moments.items()])
        for row in alone:
            metrics.NEWCOMERS.labels("unanswered").inc()
            self._tell(moments[row["community_id"], row["member_id"]], row, work)

    def _tell(self, due: DueTimer, row: asyncpg.Record, work: UnitOfWork) -> None:
        profile = due.profile
        if not profile.operators_channel_id:
            return
        name = row["member_name"] or row["member_id"]
        command = SendMessage(
            community_id=due.community_id,
            channel_id=profile.operators_channel_id,
            text=self.texts.say(profile.locale, "welcome.unanswered", name=name),
            purpose="introduction_unanswered",
            cause_id=event_id(due.timer.due_at, "introduction", due.community_id, due.timer.key),
            expires_at=due.now + ALERT_VALID,
        )
        work.publish(command, due.now)
