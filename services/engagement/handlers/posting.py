"""How handlers say something in a channel by themselves: through its attention, and with a record."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.engagement import metrics
from services.engagement.domain.attention import PostKind, Quiet, Ruling, rule
from services.engagement.domain.choices import Choices
from services.engagement.domain.post import POST_VALID, Post
from services.engagement.domain.pulse import WATCHED, ChannelKey, Watch
from services.engagement.handlers.seeding import settle
from services.engagement.store import channels
from services.engagement.store import posts as store
from services.engagement.store.posts import SentKey
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.contracts.profiles import CommunityProfile
from shared.engine import Timer, UnitOfWork

POST_DUE = "post_due"
NO_REASON = "none"


class Wanted(NamedTuple):
    """A post, and the community that it is for, at a moment of its clock."""

    post: Post
    now: datetime
    profile: CommunityProfile
    choices: Choices


def post_id(community_id: str, kind: PostKind, channel_id: str, subject_id: str, wanted_at: datetime) -> str:
    """The same for ever for one subject, kind, channel and moment."""
    return event_id(wanted_at, "post", community_id, kind, channel_id, subject_id)


def wish(
    kind: PostKind,
    channel_id: str,
    subject_id: str,
    text: str,
    now: datetime,
    profile: CommunityProfile,
    choices: Choices,
    waits: timedelta = timedelta(0),
    **more: object,
) -> Wanted:
    """A post that is wanted now and may wait for so long."""
    name = post_id(profile.community_id, kind, channel_id, subject_id, now)
    post = Post(
        profile.community_id, name, channel_id, kind, subject_id, text, name, now, now + waits, **more  # type: ignore
    )  # fmt: skip
    return Wanted(post, now, profile, choices)


async def post_all(wanted: Sequence[Wanted], work: UnitOfWork) -> list[Post]:
    """Say what may be said now, put off what may wait, and keep what was decided of each and why."""
    if not wanted:
        return []
    asked = {_sent_key(each) for each in wanted}
    sent = Counter(await store.sent_today(work.connection, asked))
    last = await channels.last_said(
        work.connection, [each.post.channel for each in wanted if each.post.silent_since]
    )
    decided = []
    for each in sorted(wanted, key=_order):
        ruling = _ruling(each, sent, last)
        post = _decided(each, ruling)
        sent[_sent_key(each)] += post.state == "sent"
        if post.state == "waiting" and ruling.again_at is not None:
            work.set_timer(Timer(post.community_id, POST_DUE, ruling.again_at, key=post.post_id))
        elif post.state == "sent":
            _send(post, each.now, work)
        metrics.POSTS.labels(post.kind.value, post.state, post.reason or NO_REASON).inc()
        decided.append(post)
    await store.save_posts(work.connection, decided)
    await watch(
        [
            Watch(
                post.subject_id, post.channel, post.watch_kind, post.decided_at, post.decided_at + WATCHED,
                post.topic_id,
            )
            for post in decided
            if post.state == "sent" and post.watch_kind and post.decided_at
        ],
        work,
    )  # fmt: skip
    await settle(decided, work)
    return decided


async def watch(watches: Iterable[Watch], work: UnitOfWork) -> None:
    """Count what people say in the half hour that begins."""
    await channels.save_watches(work.connection, watches)


def _order(wanted: Wanted) -> tuple[datetime, int, str]:
    return wanted.now, list(PostKind).index(wanted.post.kind), wanted.post.post_id


def _sent_key(wanted: Wanted) -> SentKey:
    return (*wanted.post.channel, _day(wanted))


def _day(wanted: Wanted) -> date:
    return wanted.now.astimezone(wanted.profile.zone).date()


def _ruling(wanted: Wanted, sent: Mapping[SentKey, int], last: Mapping[ChannelKey, datetime]) -> Ruling:
    post, profile = wanted.post, wanted.profile
    if not profile.can(post.channel_id, "send"):
        return Ruling(False, "cannot_send")
    if post.silent_since is not None and last.get(post.channel, post.silent_since) > post.silent_since:
        return Ruling(False, "talking")
    quiet = Quiet(profile.quiet_from, profile.quiet_until, profile.time_zone)
    return rule(
        post.kind, wanted.now, sent[_sent_key(wanted)], quiet, post.latest, wanted.choices.posts_a_day
    )


def _decided(wanted: Wanted, ruling: Ruling) -> Post:
    post = replace(wanted.post, decided_at=wanted.now, local_date=_day(wanted), reason=ruling.reason)
    is_possible = ruling.sends or ruling.again_at is not None
    if is_possible and wanted.choices.approve_first and post.approved_by is None:
        return replace(post, state="approval", reason=None)
    if ruling.sends:
        return replace(post, state="sent")
    return replace(post, state="waiting" if is_possible else "skipped")


def _send(post: Post, now: datetime, work: UnitOfWork) -> None:
    command = SendMessage(
        community_id=post.community_id,
        channel_id=post.channel_id,
        text=post.text,
        purpose=post.kind.value,
        cause_id=post.post_id,
        expires_at=now + POST_VALID,
    )
    work.publish(command, now)
