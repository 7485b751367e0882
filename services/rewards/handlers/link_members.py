"""Links one person's accounts in the chat: a code asked for in one chat is typed in the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.rewards import metrics
from services.rewards.domain.link import (
    CODE_VALID,
    TRIES_MAX,
    TRIES_OF_ALL_MAX,
    Tries,
    code_of,
    link_asked,
)
from services.rewards.handlers.linking import PURPOSE, CannotLink, link, tell_both
from services.rewards.store import links
from services.rewards.store.links import Code
from shared.contracts.chat import MessagePosted
from shared.engine import Event, UnitOfWork
from shared.engine.speaking import Speaker
from shared.i18n import Catalogue

OF_ALL = ""
"""Under this name are the wrong codes of a whole community."""
ATTEMPTS_MAX = 20
MINUTES = int(CODE_VALID.total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class LinkMembers:
    """It comes before whoever pays messages: links hold from the moment at which the code was typed."""

    texts: Catalogue
    secret: bytes
    """Codes are made of it; who does not have it can only guess."""

    async def __call__(self, batch: Sequence[Event[MessagePosted]], work: UnitOfWork) -> None:
        """One after another, in the log's order: they are few."""
        for event in batch:
            wish = None if event.data.is_bot else link_asked(event.data.text)
            if wish is None:
                continue
            speaker = Speaker(self.texts, event.profile, event.now, work)
            if wish:
                await self._take(event, wish, speaker)
            elif not event.is_stale:
                await self._give(event, speaker)

    async def _give(self, event: Event[MessagePosted], speaker: Speaker) -> None:
        """A code for nobody but who asks: whoever else had it could make its points their own."""
        data, connection = event.data, speaker.work.connection
        owner = (data.community_id, data.member_id)
        if not event.profile.can(data.channel_id, "direct"):
            _say(event, speaker, "link.not-here")
            return
        if await links.of_accounts(connection, [owner]):
            _say(event, speaker, "link.already")
            return
        code = await self._code(event, speaker)
        _say(event, speaker, "link.code", code=code, minutes=MINUTES)

    async def _code(self, event: Event[MessagePosted], speaker: Speaker) -> str:
        """The code that still holds, else a new one."""
        data, connection = event.data, speaker.work.connection
        owner = (data.community_id, data.member_id)
        known = await links.code_of(connection, owner)
        if known and (known.message_id == data.message_id or _holds(known, event)):
            return known.code
        for attempt in range(ATTEMPTS_MAX):
            made = Code(
                data.member_id, data.message_id, code_of(self.secret, owner, data.message_id, attempt),
                event.occurred_at + CODE_VALID, False,
            )  # fmt: skip
            if await links.save_code(connection, owner, made, event.occurred_at):
                return made.code
        raise RuntimeError(f"{ATTEMPTS_MAX} codes in a row are somebody else's")

    async def _take(self, event: Event[MessagePosted], typed: str, speaker: Speaker) -> None:
        """A code that was typed in time makes a link, however late it is read."""
        data, work = event.data, speaker.work
        tries = await links.load_tries(work.connection, data.community_id, [data.member_id, OF_ALL])
        limits = {data.member_id: TRIES_MAX, OF_ALL: TRIES_OF_ALL_MAX}
        if any(each.are_too_many(event.occurred_at, limits[name]) for name, each in tries.items()):
            _say(event, speaker, "link.too-often")
            return
        code = await links.find_code(work.connection, data.community_id, typed)
        if code is not None and code.member_id == data.member_id:
            _say(event, speaker, "link.other-chat")
        elif code is None or not _holds(code, event):
            await _count_wrong(event, tries, work)
            _say(event, speaker, "link.wrong")
        else:
            await self._link(event, code, speaker)

    async def _link(self, event: Event[MessagePosted], code: Code, speaker: Speaker) -> None:
        data, work = event.data, speaker.work
        try:
            made = await link(
                work, data.community_id, data.member_id, code.member_id, event.occurred_at, event.now
            )
        except CannotLink as refusal:
            _say(event, speaker, f"link.{refusal.why}")
            return
        await links.use_code(work.connection, (data.community_id, code.member_id))
        if not event.is_stale:
            tell_both(speaker, made, "link.done", event.id, points=made.moved)


def _holds(code: Code, event: Event[MessagePosted]) -> bool:
    return not code.is_used and event.occurred_at < code.expires_at


async def _count_wrong(event: Event[MessagePosted], known: dict[str, Tries], work: UnitOfWork) -> None:
    data, at = event.data, event.occurred_at
    own, of_all = (known.get(name) or Tries(at, 0) for name in (data.member_id, OF_ALL))
    # a message that is told again counts once
    if own.message_id == data.message_id:
        return
    owner = (data.community_id, data.member_id)
    await links.save_tries(work.connection, owner, own.also(at, data.message_id))
    await links.save_tries(work.connection, (data.community_id, OF_ALL), of_all.also(at))
    metrics.LINKS.labels("wrong_code").inc()


def _say(event: Event[MessagePosted], speaker: Speaker, key: str, **values: object) -> None:
    """Privately where the channel can; a code is only made where it can."""
    if event.is_stale:
        return
    data = event.data
    text = speaker.say(key, **values)
    speaker.to_member(data.member_id, text, PURPOSE, event.id, data.channel_id, data.message_id)
