"""Answers channels that have gone cold: speaks to them, or leaves them alone by lot to compare with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from services.engagement import metrics
from services.engagement.domain.attention import PostKind
from services.engagement.domain.choices import Choices
from services.engagement.domain.draw import is_held_out
from services.engagement.domain.hours import hour_of
from services.engagement.domain.post import POST_VALID, Post
from services.engagement.domain.pulse import WATCHED, ChannelKey, Watch
from services.engagement.domain.silence import usual_gap
from services.engagement.domain.topic import SEEDINGS_KEPT, choose
from services.engagement.handlers.posting import Wanted, post_all, watch, wish
from services.engagement.handlers.seeding import OUTCOMES
from services.engagement.handlers.topic_bank import bank_of, text_of
from services.engagement.store import spells, told, topics
from services.engagement.store.baselines import Look
from services.engagement.store.spells import Spell
from shared.contracts.commands import SendMessage
from shared.contracts.engagement import WarmupHeldOut
from shared.contracts.identity import event_id
from shared.engine import DueTimer, UnitOfWork
from shared.i18n import Catalogue

APPROVAL_WAITS = timedelta(hours=2)
OPENERS_ASKED = 1


@dataclass(frozen=True, slots=True)
class AnswerSilence:
    """What is done about cold channels."""

    texts: Catalogue

    async def __call__(
        self, cold: Sequence[Look], moments: Mapping[str, DueTimer], work: UnitOfWork
    ) -> list[ChannelKey]:
        """Open a spell for each, by community at a moment; returns the channels whose budget was drawn on."""
        chosen = {look.community_id: look.choices for look in cold}
        opened = [_spell(look, moments[look.community_id]) for look in cold]
        for spell in opened:
            metrics.COLD_SPELLS.labels("held_out" if spell.outcome == "held_out" else "answered").inc()
        wanted, planned = await self._wanted(opened, moments, chosen, work)
        await spells.save_spells(work.connection, planned)
        held = [each for each in opened if each.outcome == "held_out"]
        await _hold_out(held, work)
        posts = await post_all(wanted, work)
        for post in posts:
            if post.state == "sent" and chosen[post.community_id].openers_on:
                await self._ask_opener(post, moments[post.community_id], work)
        return [*map(_key, held), *(post.channel for post in posts if OUTCOMES[post.state] != "skipped")]

    async def _ask_opener(self, post: Post, due: DueTimer, work: UnitOfWork) -> None:
        """Ask the volunteer who rested longest, in private, to answer first: each at most once a week."""
        for member_id in await told.openers(work.connection, post.community_id, due.now, OPENERS_ASKED):
            command = SendMessage(
                community_id=post.community_id,
                member_id=member_id,
                text=self.texts.say(due.profile.locale, "opener.ask", topic=post.text),
                purpose="opener",
                cause_id=post.post_id,
                expires_at=due.now + POST_VALID,
            )
            work.publish(command, due.now)
            await told.opened(work.connection, post.community_id, [member_id], due.now)

    async def _wanted(
        self,
        opened: Sequence[Spell],
        moments: Mapping[str, DueTimer],
        chosen: Mapping[str, Choices],
        work: UnitOfWork,
    ) -> tuple[list[Wanted], list[Spell]]:
        """A post with a topic for each spell that is not held out; and the spells with their topics."""
        names = sorted({spell.community_id for spell in opened})
        bank = await bank_of(work, names)
        earliest = min(moments[name].now for name in names)
        heard = await topics.recent_seedings(work.connection, names, earliest - SEEDINGS_KEPT)
        wanted, planned = [], []
        for spell in opened:
            if spell.outcome == "held_out":
                planned.append(spell)
                continue
            due = moments[spell.community_id]
            chance = Random(spell.spell_id)  # noqa: S311  # a draw that a replay repeats, nothing secret
            topic = choose(bank[spell.community_id], heard.get(_key(spell), ()), due.now, chance)
            if topic is None:
                planned.append(spell._replace(outcome="skipped", reason="no_topic"))
                continue
            planned.append(spell._replace(topic_id=topic.topic_id))
            mine = chosen[spell.community_id]
            wanted.append(
                wish(
                    PostKind.WARMUP, spell.channel_id, spell.spell_id,
                    text_of(topic, due.profile.locale, self.texts), due.now, due.profile, mine,
                    waits=APPROVAL_WAITS if mine.approve_first else timedelta(0),
                    silent_since=spell.silent_since, topic_id=topic.topic_id, watch_kind="warmup",
                )
            )  # fmt: skip
        return wanted, planned


def _spell(look: Look, due: DueTimer) -> Spell:
    now = due.now
    spell_id = event_id(now, "cold", look.community_id, look.channel_id)
    rate = look.rates[hour_of(now, due.profile.time_zone).cell]
    held_out = is_held_out(spell_id, look.choices.holdout_share)
    since = look.pulse.last_at or now
    gap = usual_gap(rate) / timedelta(minutes=1)
    expected = rate * (WATCHED / timedelta(hours=1))
    outcome = "held_out" if held_out else "approval"
    return Spell(look.community_id, spell_id, look.channel_id, now, since, gap, expected, outcome, None, None)


async def _hold_out(held: Sequence[Spell], work: UnitOfWork) -> None:
    for spell in held:
        silent = spell.opened_at - spell.silent_since
        fact = WarmupHeldOut(
            community_id=spell.community_id,
            warmup_id=spell.spell_id,
            channel_id=spell.channel_id,
            silent_minutes=int(silent.total_seconds() // 60),
            usual_gap_minutes=round(spell.usual_gap_minutes, 1),
        )
        work.publish(fact, spell.opened_at)
    await watch(
        (
            Watch(each.spell_id, _key(each), "held_out", each.opened_at, each.opened_at + WATCHED)
            for each in held
        ),
        work,
    )


def _key(spell: Spell) -> ChannelKey:
    return spell.community_id, spell.channel_id
