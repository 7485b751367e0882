"""Measures what people said in the half hour after a post, and after a cold spell that was held out."""

from collections import Counter
from collections.abc import Mapping, Sequence

from services.engagement.domain.hours import hour_of
from services.engagement.domain.pulse import Watch
from services.engagement.handlers.seeding import ENGINE
from services.engagement.store import channels, posts, spells, topics
from shared.contracts.engagement import WarmupMeasured
from shared.engine import DueTimer, UnitOfWork

SPELLS = ("warmup", "held_out")


async def measure_ended(moments: Mapping[str, DueTimer], work: UnitOfWork) -> None:
    """By community: take out the watches that are over, tell of warm-ups, and teach topics and hours.

    They are taken at the next look or at midnight, whichever comes first: what counts was said before.
    """
    ended = await channels.end_watches(work.connection, {name: each.now for name, each in moments.items()})
    if not ended:
        return
    await _measure_spells([each for each in ended if each.kind in SPELLS], work)
    # nobody of a history saw what was put to them: it says nothing of topics and hours
    seen = [each for each in ended if each.kind != "held_out" and each.channel[0] not in work.histories]
    await _teach_topics([each for each in seen if each.topic_id], work)
    hours: dict[tuple[str, str, int], Counter[str]] = {}
    for watch in seen:
        zone = moments[watch.channel[0]].profile.time_zone
        tally = hours.setdefault((*watch.channel, hour_of(watch.since, zone).cell % 24), Counter())
        tally.update(posts=1, answered=int(watch.messages > 0), replies=watch.messages)
    await posts.add_answers(
        work.connection,
        [(*key, tally["posts"], tally["answered"], tally["replies"]) for key, tally in hours.items()],
    )


async def _measure_spells(ended: Sequence[Watch], work: UnitOfWork) -> None:
    if not ended:
        return
    expected = await spells.measure_spells(
        work.connection,
        [(each.channel[0], each.subject_id, each.until, each.messages, len(each.members)) for each in ended],
    )
    for each in ended:
        community_id = each.channel[0]
        fact = WarmupMeasured(
            community_id=community_id,
            warmup_id=each.subject_id,
            channel_id=each.channel[1],
            held_out=each.kind == "held_out",
            messages=each.messages,
            members=len(each.members),
            expected_messages=round(expected.get((community_id, each.subject_id), 0.0), 3),
        )
        work.publish(fact, each.until)


async def _teach_topics(ended: Sequence[Watch], work: UnitOfWork) -> None:
    if not ended:
        return
    known = {
        (topic.community_id, topic.topic_id): topic
        for topic in await topics.named_topics(
            work.connection, [(each.channel[0], each.topic_id or "") for each in ended]
        )
    }
    for each in ended:
        key = each.channel[0], each.topic_id or ""
        if key in known:
            known[key] = known[key].measure(each.messages, len(each.members))
    await topics.save_topics(work.connection, known.values(), ENGINE)
