"""Sends posts that waited: for the end of quiet hours, for a day's budget, or for a person who agreed."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.engagement.handlers.posting import Wanted, post_all
from services.engagement.store import choices
from services.engagement.store import posts as store
from shared.engine import DueTimer, UnitOfWork


@dataclass(frozen=True, slots=True)
class SendPosts:
    """A timer's key is the post."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Judge them again; those that somebody decided about meanwhile are left alone."""
        moments = {(each.community_id, each.timer.key): each for each in due}
        chosen = await choices.load_choices(work.connection, sorted({each.community_id for each in due}))
        wanted = []
        for post in await store.load_posts(work.connection, moments):
            if post.state == "waiting":
                at = moments[post.community_id, post.post_id]
                wanted.append(Wanted(post, at.now, at.profile, chosen[post.community_id][0]))
        await post_all(wanted, work)
