"""Forms over HTTP: open, answer, close; results, and a lottery's proof."""

import json
from datetime import datetime
from secrets import token_hex
from typing import Annotated, Any, Literal

import asyncpg
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.engagement.api.acts import (
    SERVICE,
    TEXTS,
    Body,
    CommunityId,
    ItemId,
    Name,
    Operator,
    community_now,
    refused,
)
from services.engagement.domain.form import OPTIONS_MAX, OPTIONS_MIN, Form, commit
from services.engagement.handlers.close_forms import CLOSE_FORM, opening
from services.engagement.handlers.posting import post_all
from services.engagement.store import choices
from services.engagement.store import forms as store
from shared.engine import Timer, request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class FormShown(BaseModel):
    """A form; a lottery's seed is shown once it is drawn, its hash from the beginning."""

    form_id: str
    kind: str
    title: str
    channel_id: str
    options: list[str]
    winners: int
    closes_at: datetime
    state: str
    seed_hash: str | None
    seed: str | None
    result: dict[str, Any] | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "FormShown":
        """A row of the store."""
        return cls(**{**row, "result": json.loads(row["result"]) if row["result"] else None})


class NewForm(Body):
    """A form to open in a channel."""

    form_id: Name
    kind: Literal["poll", "quiz", "survey", "lottery", "ideas"]
    title: Name
    channel_id: Name
    options: Annotated[list[Option], Field(max_length=OPTIONS_MAX)] = []
    answer: Annotated[int, Field(ge=1)] | None = None
    """Of a quiz, the number of the right option."""
    winners: Annotated[int, Field(ge=0, le=1000)] = 1
    """Of a lottery; of a quiz, how many of the quickest are named."""
    closes_at: AwareDatetime


class Entrants(BaseModel):
    """Who takes part in a lottery: with the published seed all that is needed to recompute the draw."""

    form_id: str
    entrants: list[str]


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}/forms`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}/forms", tags=["forms"])

    @routes.get("")
    async def forms(community_id: CommunityId, paging: PagingQuery) -> Page[FormShown]:
        """Forms, the last to close first."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.forms(pool, community_id, after, paging.rows)
        return paging.page(rows, FormShown.of, lambda row: [row["closes_at"].isoformat(), row["form_id"]])

    @routes.post("", status_code=201)
    async def begin(community_id: CommunityId, new: NewForm, by: Operator) -> FormShown:
        """Open a form: it is posted to its channel, and a lottery's seed is committed to."""
        async with request_work(pool, SERVICE, community_id) as work:
            community, now = await community_now(work.connection, community_id)
            form = _form(community_id, new, now)
            if not await store.add_form(work.connection, form, by):
                raise refused("form-exists", Kind.CONFLICT)
            mine = (await choices.load_choices(work.connection, [community_id]))[community_id][0]
            await post_all([opening(form, now, community.profile, mine, TEXTS)], work)
            work.set_timer(Timer(community_id, CLOSE_FORM, form.closes_at, key=form.form_id))
        values = {**new.model_dump(exclude={"answer"}), "state": "open", "seed_hash": form.seed_hash}
        return FormShown(**values, seed=None, result=None)

    @routes.get("/{form_id}/entrants")
    async def entrants(community_id: CommunityId, form_id: ItemId) -> Entrants:
        """Everybody whose ticket is in a lottery's draw."""
        given = await store.answers(pool, community_id, form_id)
        return Entrants(form_id=form_id, entrants=sorted({each.member_id for each in given}))

    return routes


def _form(community_id: str, new: NewForm, now: datetime) -> Form:
    if new.closes_at <= now:
        raise refused("form-closes-early", Kind.INVALID)
    asks = new.kind in ("poll", "quiz", "survey")
    if asks and len(set(new.options)) < OPTIONS_MIN:
        raise refused("form-options", Kind.INVALID, least=OPTIONS_MIN)
    if new.kind == "quiz" and not (new.answer and new.answer <= len(new.options)):
        raise refused("form-answer", Kind.INVALID)
    if new.kind == "lottery" and new.winners < 1:
        raise refused("form-winners", Kind.INVALID)
    seed = token_hex(32) if new.kind == "lottery" else None
    return Form(
        community_id, new.form_id, new.kind, new.title, new.channel_id, tuple(new.options) if asks else (),
        new.answer, new.winners, new.closes_at, "open", seed, commit(seed) if seed else None,
    )  # fmt: skip
