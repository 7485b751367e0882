"""What follows when a post is decided: a topic was put to a channel, a cold spell was answered."""

from collections.abc import Sequence

from services.engagement.domain.attention import PostKind
from services.engagement.domain.post import Post
from services.engagement.store import spells, topics
from services.engagement.store.topics import Seeded
from shared.contracts.engagement import TopicSeeded, WarmupSent
from shared.engine import UnitOfWork

ENGINE = "hearth"
OUTCOMES = {"sent": "sent", "approval": "approval", "waiting": "approval", "skipped": "skipped"}


async def settle(posts: Sequence[Post], work: UnitOfWork) -> None:
    """Announce seedings and warm-ups of what was sent; note of the others that they were not."""
    seeded = [post for post in posts if post.state == "sent" and post.topic_id]
    if seeded:
        await _seed(seeded, work)
    warmups = {(post.community_id, post.subject_id): post for post in posts if post.kind is PostKind.WARMUP}
    if not warmups:
        return
    rows = await spells.settle_spells(
        work.connection, [(*key, OUTCOMES[post.state], post.reason) for key, post in warmups.items()]
    )
    for row in sorted(rows, key=lambda each: (each["community_id"], each["spell_id"])):
        post = warmups[row["community_id"], row["spell_id"]]
        if post.state == "sent" and post.decided_at:
            silent = post.decided_at - row["silent_since"]
            fact = WarmupSent(
                community_id=post.community_id,
                warmup_id=post.subject_id,
                channel_id=post.channel_id,
                topic_id=post.topic_id,
                silent_minutes=int(silent.total_seconds() // 60),
                usual_gap_minutes=round(row["usual_gap_minutes"], 1),
            )
            work.publish(fact, post.decided_at)


async def _seed(posts: Sequence[Post], work: UnitOfWork) -> None:
    keys = {(post.community_id, post.topic_id or ""): post for post in posts}
    known = {
        (topic.community_id, topic.topic_id): topic
        for topic in await topics.named_topics(work.connection, keys)
    }
    seedings = []
    for post in posts:
        topic = known.get((post.community_id, post.topic_id or ""))
        if topic is None or post.decided_at is None:
            continue
        known[topic.community_id, topic.topic_id] = topic.seed(post.decided_at)
        seedings.append(
            Seeded(
                post.community_id, post.subject_id, topic.topic_id, post.channel_id, post.decided_at,
                topic.tags,
            )
        )  # fmt: skip
        fact = TopicSeeded(
            community_id=post.community_id, seed_id=post.subject_id, topic_id=topic.topic_id,
            channel_id=post.channel_id, tags=topic.tags,
        )  # fmt: skip
        work.publish(fact, post.decided_at)
    await topics.save_topics(work.connection, known.values(), ENGINE)
    await topics.save_seedings(work.connection, seedings)
