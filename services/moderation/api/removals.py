"""Messages that were taken away, and texts to try the rules on, over HTTP."""

import json
from collections.abc import Sequence
from datetime import datetime

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.moderation.api.acts import CommunityId
from services.moderation.domain.check import check_all
from services.moderation.domain.listing import NO_LISTING
from services.moderation.domain.policy import Mode
from services.moderation.domain.rulebook import Hit
from services.moderation.handlers.listings import Listings
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.store import findings as store
from shared.contracts.contract import TEXT_CHARACTERS_MAX, Id
from shared.http.pages import Page, PagingQuery
from shared.postgres.connection import Pool


class Place(BaseModel):
    """Characters `start` (inclusive) to `end` (exclusive) of the original text."""

    start: int
    end: int


class Removal(BaseModel):
    """A message that was taken away, and why."""

    message_id: str
    decision: int
    member_id: str
    channel_id: str
    rule: str
    rule_version: int
    score: float
    """0 to 1: how sure the rule was."""
    evidence: str
    """What the rule counted or matched, in numbers and names of patterns."""
    places: list[Place]
    """What matched, in the original text; none where a rule counts messages."""
    posted_at: datetime
    removed_at: datetime
    deletion: str
    """`asked` of the connector, `unable` where the channel cannot, `gone` where it was deleted already."""


class Text(BaseModel):
    """A text to try the rules on."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    text: str = Field(max_length=TEXT_CHARACTERS_MAX)
    community_id: Id | None = None
    """Whose rules, word lists and followed lists; else the shipped rules alone."""
    channel_id: Id | None = None
    """Where: for rules that hold in some channels only."""


class Finding(BaseModel):
    """What a rule says of a text."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    rule: str
    rule_version: int
    mode: Mode
    """What becomes of it when somebody who is known writes so."""
    score: float
    evidence: str
    places: list[Place]


class Checked(BaseModel):
    """A text as rules read it, and what they find in it alone."""

    normalised: str
    findings: list[Finding]


def router(pool: Pool, books: RuleBooks) -> APIRouter:
    """The routes under `/v1`."""
    router = APIRouter(prefix="/v1", tags=["moderation"])
    listings = Listings()

    @router.get("/communities/{community_id}/removals")
    async def removals(community_id: CommunityId, paging: PagingQuery) -> Page[Removal]:
        """The community's removed messages, newest first."""
        after = paging.after(datetime.fromisoformat, str, int)
        rows = await store.removals_of(pool, community_id, after, paging.rows)
        return paging.page(rows, _removal, _removal_key)

    @router.post("/check")
    async def try_rules(text: Text) -> Checked:
        """What the rules would say of a message with this text; nothing is stored, nobody is told."""
        book, listing = books.shipped, NO_LISTING
        if (community_id := text.community_id) is not None:
            async with pool.acquire() as connection:
                book = (await books.of(connection, [community_id]))[community_id]
                listing = (await listings.of(connection, [community_id], ())).of(community_id)
        (checked,) = check_all([text.text], book, listing, text.channel_id or "")
        return Checked(normalised=checked.normalised, findings=[_finding(each) for each in checked.hits])

    return router


def _removal(row: asyncpg.Record) -> Removal:
    fields = dict(row)
    places = _places(json.loads(fields.pop("spans")))
    return Removal(**fields, places=places)


def _removal_key(row: asyncpg.Record) -> tuple[object, ...]:
    return row["removed_at"].isoformat(), row["message_id"], row["decision"]


def _finding(hit: Hit) -> Finding:
    finding = hit.finding
    return Finding(
        rule=finding.rule,
        rule_version=finding.version,
        mode=hit.rule.mode_for(is_new=True),
        score=finding.score,
        evidence=finding.evidence,
        places=_places(finding.spans),
    )


def _places(spans: Sequence[Sequence[int]]) -> list[Place]:
    return [Place(start=start, end=end) for start, end in spans]
