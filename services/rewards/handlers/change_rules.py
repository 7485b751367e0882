"""Adds versions of rules, for the time to come: what was earned is never judged again."""

from datetime import datetime

from services.rewards.domain.rules import RuleSet
from services.rewards.store import acts
from services.rewards.store import rules as store
from shared.engine import UnitOfWork, load_community


class TooEarly(Exception):
    """The moment has passed already."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.now = now


class OtherVersion(Exception):
    """The rules were changed meanwhile."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


async def change_rules(
    work: UnitOfWork,
    community_id: str,
    seen: int,
    document: bytes,
    effective_from: datetime | None,
    by: str,
    reason: str,
) -> RuleSet:
    """Add the version after `seen`. Raises `TooEarly`, `OtherVersion` and pydantic's `ValidationError`."""
    rules = store.parse(document, seen + 1)
    now = (await load_community(work.connection, community_id)).now(work.now)
    since = effective_from or now
    if since < now:
        raise TooEarly(now)
    newest = await store.newest(work.connection, community_id)
    written = document.decode("utf-8")
    if newest != seen or not await store.add_version(
        work.connection, community_id, seen + 1, since, written, work.now, by, reason
    ):
        raise OtherVersion(newest)
    await acts.note(work.connection, acts.Act(community_id, work.now, by, "rules", str(seen + 1), reason))
    return rules
