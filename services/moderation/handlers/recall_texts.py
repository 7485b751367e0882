"""Brings texts into a case that were not at hand when it was opened: of reported messages, of bursts."""

from dataclasses import dataclass, field
from datetime import datetime

from services.moderation.handlers.forget_members import TEXT_KEPT, forgetting
from services.moderation.handlers.open_cases import TEXT_CHARACTERS_MAX
from services.moderation.store.case_pages import Papers
from services.moderation.store.cases import fill_texts
from services.moderation.store.communities import load_community
from services.moderation.store.recorded_log import RecordedLog
from shared.engine import request_work
from shared.postgres.connection import Pool

TRIED_MAX = 10_000


@dataclass(slots=True)
class RecallTexts:
    """Asks the log once for each case; what the log has forgotten stays unread."""

    pool: Pool
    log: RecordedLog
    _tried: dict[str, int] = field(default_factory=dict)
    """Cases that were looked up, with how many texts were missing then."""

    async def __call__(self, papers: Papers, now: datetime) -> bool:
        """Fill in what the log still has; whether the case has changed."""
        case_id, community_id = papers.case["case_id"], papers.case["community_id"]
        missing = {row["message_id"]: row["posted_at"] for row in papers.messages if not row["text"]}
        if not missing or self._tried.get(case_id) == len(missing):
            return False
        async with self.pool.acquire() as connection:
            community = await load_community(connection, community_id)
        if papers.case["opened_at"] < community.now(now) - TEXT_KEPT:
            return False
        texts = await self.log.texts(community_id, missing)
        found = {name: text[:TEXT_CHARACTERS_MAX] for name, text in texts.items() if text}
        while len(self._tried) >= TRIED_MAX:
            self._tried.pop(next(iter(self._tried)))
        self._tried[case_id] = len(missing) - len(found)
        if not found:
            return False
        async with request_work(self.pool, "moderation", case_id) as work:
            await fill_texts(work.connection, case_id, found)
            work.set_timer(forgetting(community_id, community.now(work.now)))
        return True
