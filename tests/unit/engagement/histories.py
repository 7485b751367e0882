"""Histories of check-ins for law tests: what happened, and what must come of it in whatever order."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

ZONES = {"tea": ZoneInfo("Asia/Shanghai"), "york": ZoneInfo("America/New_York")}
OPENS = datetime(2024, 3, 8, tzinfo=UTC)
"""Two days before New York's clocks go forward; the histories span five days."""


def law(examples: int) -> settings:
    """How often to try; a busy machine is no failure."""
    calm = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples, deadline=None, suppress_health_check=calm)


class Post(NamedTuple):
    """A member writes 打卡."""

    community: str
    message: str
    member: str
    at: datetime


class Delete(NamedTuple):
    """A message is gone from the chat."""

    community: str
    message: str
    at: datetime


class Decide(NamedTuple):
    """Moderation removes or restores a message."""

    community: str
    message: str
    number: int
    is_removed: bool
    at: datetime


Act = Post | Delete | Decide


class Outcome(NamedTuple):
    """The check-ins that count and their runs."""

    owners: dict[tuple[str, str, date], str]
    """Message id by community, member and local date."""
    runs: set[tuple[str, str, date, date]]


def moments() -> st.SearchStrategy[datetime]:
    """Both communities' midnights from both sides, winter and summer time, and an hour between."""
    hours = [day * 24 + hour for day in range(5) for hour in (16, 28, 29, 36)]
    return st.sampled_from(
        [OPENS + timedelta(hours=hour, milliseconds=-late) for hour in hours for late in (0, 1)]
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Act]:
    """A few members of two communities, up to 8 messages each told once or more, and what befell them."""
    acts: list[Act] = []
    for number in range(draw(st.integers(1, 8))):
        community = draw(st.sampled_from(sorted(ZONES)))
        message = f"m{number}"
        post = Post(community, message, draw(st.sampled_from(["ann", "bob"])), draw(moments()))
        acts += [post] * draw(st.sampled_from([1, 1, 1, 2]))
        if draw(st.integers(0, 7)) == 0:
            acts.append(post._replace(at=draw(moments())))
        if draw(st.integers(0, 2)) == 0:
            acts.append(Delete(community, message, draw(moments())))
        for _ in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
            decision, is_removed = draw(st.integers(1, 3)), draw(st.booleans())
            acts.append(Decide(community, message, decision, is_removed, draw(moments())))
    return draw(st.permutations(acts))


def expected(acts: Iterable[Act]) -> Outcome:
    """The law itself, from the set of acts alone and without looking at their order."""
    known = set(acts)
    posts: dict[tuple[str, str], Post] = {}
    for act in known:
        if isinstance(act, Post):
            earlier = posts.get(act[:2], act)
            posts[act[:2]] = min(act, earlier, key=lambda post: (post.at, post.member))
    owners: dict[tuple[str, str, date], str] = {}
    for post in sorted(posts.values(), key=lambda post: (post.at, post.message)):
        if not _is_void(post, known):
            owners.setdefault((post.community, post.member, _date(post.community, post.at)), post.message)
    return Outcome(owners, _runs(owners))


def _is_void(post: Post, known: set[Act]) -> bool:
    about = [act for act in known if act[:2] == post[:2]]
    decisions = [(act.number, act.is_removed) for act in about if isinstance(act, Decide)]
    if decisions:
        return max(decisions)[1]
    deleted = [_date(act.community, act.at) for act in about if isinstance(act, Delete)]
    return any(day <= _date(post.community, post.at) for day in deleted)


def _date(community: str, moment: datetime) -> date:
    return moment.astimezone(ZONES[community]).date()


def _runs(owners: Iterable[tuple[str, str, date]]) -> set[tuple[str, str, date, date]]:
    runs = set()
    dates = set(owners)
    for community, member, day in dates:
        if (community, member, day - timedelta(days=1)) in dates:
            continue
        last = day
        while (community, member, last + timedelta(days=1)) in dates:
            last += timedelta(days=1)
        runs.add((community, member, day, last))
    return runs


def cut(acts: Sequence[Act], places: Iterable[int]) -> list[Sequence[Act]]:
    """The same acts in the same order, as batches that end at these places."""
    ends = sorted({place % (len(acts) + 1) for place in places} | {len(acts)})
    batches, begin = [], 0
    for end in ends:
        batches.append(acts[begin:end])
        begin = end
    return [batch for batch in batches if batch]
