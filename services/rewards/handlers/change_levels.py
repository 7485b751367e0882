"""Brings levels along with what members earn; the connector gets titles and privileges as commands."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.rewards import metrics
from services.rewards.domain.ledger import Movement, Owner, Purse
from services.rewards.domain.level import Standing, end_grace, settle_level
from services.rewards.domain.rules import RuleSet
from services.rewards.store import levels as store
from services.rewards.store.rules import load_books
from shared.contracts.commands import GrantTitle
from shared.contracts.identity import event_id
from shared.contracts.rewards import LevelChanged
from shared.engine import DueTimer, Timer, UnitOfWork

LEVEL_GRACE = "level_grace"
PURPOSE = "rewards_level"
TITLE_VALID = timedelta(days=7)


async def change_levels(
    work: UnitOfWork, purses: Mapping[Owner, Purse], movements: Sequence[Movement]
) -> None:
    """Members whose points cross a threshold rise at once; who falls below keeps the level for a while.

    Movement by movement, so that it does not matter how many come at once.
    """
    earning = {owner: purse.earned for owner, purse in purses.items() if purse.lowest < purse.highest}
    if not earning:
        return
    books = await load_books(work.connection, {owner[0] for owner in earning})
    at = movements[-1].announced_at
    steps = {
        name: [level.points for level in books.at(name, at).levels] for name in {each[0] for each in earning}
    }
    crossed = {owner for owner in earning if _crosses(purses[owner], steps[owner[0]])}
    if not crossed:
        return
    known = await store.load_levels(work.connection, crossed)
    changed: dict[Owner, Standing] = {}
    for each in movements:
        if (owner := each[1:3]) not in crossed or each.does is not None:
            continue
        now = each.announced_at
        rules = books.at(owner[0], now)
        earning[owner] += -each.points if each.reverses is not None else each.points
        before = changed.get(owner) or known.get(owner) or Standing(owner)
        after = settle_level(
            before, rules.level_of(earning[owner]), now, timedelta(days=rules.level_grace_days)
        )
        if after != before:
            changed[owner] = after
            _tell(work, before, after, rules, now)
    await store.save_levels(work.connection, changed.values())


def _crosses(purse: Purse, steps: Sequence[int]) -> bool:
    """Whether a threshold lies in what the batch moves, on the way or in the end."""
    return bisect_right(steps, purse.lowest) != bisect_right(steps, purse.highest)


@dataclass(frozen=True, slots=True)
class EndGrace:
    """A level whose points did not come back in time is lost."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Load the standings and what was earned; lower, tell, save."""
        moments = {(each.community_id, each.timer.key): each.now for each in due}
        known = await store.load_levels(work.connection, moments)
        earned = await store.earned(work.connection, list(moments))
        books = await load_books(work.connection, {owner[0] for owner in moments})
        changed = []
        for owner, before in known.items():
            now = moments[owner]
            rules = books.at(owner[0], now)
            after = end_grace(before, rules.level_of(earned[owner]), now)
            if after != before:
                changed.append(after)
                _tell(work, before, after, rules, now)
        await store.save_levels(work.connection, changed)


def _tell(work: UnitOfWork, before: Standing, after: Standing, rules: RuleSet, now: datetime) -> None:
    community_id, member_id = after.owner
    if after.grace_until is not None:
        work.set_timer(Timer(community_id, LEVEL_GRACE, after.grace_until, member_id))
        return
    work.cancel_timer(community_id, LEVEL_GRACE, member_id)
    if after.level == before.level:
        return
    fact = LevelChanged(
        community_id=community_id, member_id=member_id, level=after.level, previous_level=before.level,
        change=after.change,
    )  # fmt: skip
    work.publish(fact, now)
    level = rules.levels[min(after.level, len(rules.levels)) - 1] if after.level and rules.levels else None
    work.publish(
        GrantTitle(
            community_id=community_id,
            member_id=member_id,
            level=after.level,
            title=level.title if level else "",
            privileges=level.privileges if level else (),
            purpose=PURPOSE,
            cause_id=event_id(now, "level", community_id, member_id, str(after.change)),
            expires_at=now + TITLE_VALID,
        ),
        now,
    )
    metrics.LEVELS_CHANGED.labels("up" if after.level > before.level else "down").inc()
