"""Policies over HTTP: what is in force, every version, changes, contradictions, the text for members."""

import json
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import ValidationError

from services.moderation.api.acts import CommunityId, Locale, Operator, Reason, refused
from services.moderation.api.policy_documents import (
    BODY,
    Linted,
    PolicyShown,
    SeenVersion,
    VersionShown,
    WantsYaml,
    parsed,
    read_policy,
)
from services.moderation.api.readable import readable
from services.moderation.api.texts import TEXTS
from services.moderation.domain.contradictions import Contradiction, contradictions
from services.moderation.domain.policy import BadPolicy, Policy
from services.moderation.domain.rules.listed import LISTED_KIND
from services.moderation.handlers.change_policies import (
    Current,
    OtherVersion,
    change_of,
    change_policy,
    current_policy,
    document_of,
)
from services.moderation.handlers.rulebooks import RuleBooks, build
from services.moderation.store import lists
from services.moderation.store.communities import load_community
from services.moderation.store.policies import PolicyVersion, load_version, load_versions
from services.moderation.store.policy_documents import (
    PolicyDocument,
    compose,
    write_yaml,
)
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Connection, Pool

VersionNumber = Annotated[int, Path(ge=0, le=2**31 - 2)]
ReasonAsked = Annotated[Reason, Query()]
PREFIX = "/v1/communities/{community_id:path}/policy"


def router(pool: Pool, books: RuleBooks) -> APIRouter:
    """The routes under a community's policy."""
    routes = APIRouter(prefix=PREFIX, tags=["policy"])
    _add_reading(routes, pool, books)
    _add_history(routes, pool)
    _add_changes(routes, pool, books)
    return routes


def _add_reading(routes: APIRouter, pool: Pool, books: RuleBooks) -> None:
    shipped = books.shipped.policy

    @routes.get("", response_model=PolicyShown)
    async def policy(community_id: CommunityId, as_yaml: WantsYaml) -> Response:
        """The policy in force, whole, as JSON or YAML; its version is the ETag."""
        async with pool.acquire() as connection:
            current = await _current(connection, shipped, community_id)
            book = (await books.of(connection, [community_id]))[community_id]
        return _shown(current.policy, as_yaml, book.policy.version)

    @routes.get("/text", response_class=PlainTextResponse)
    async def text(
        community_id: CommunityId, locale: Annotated[str | None, Query(max_length=35)] = None
    ) -> str:
        """The rules (群规) for members, in the community's language or the one asked for."""
        async with pool.acquire() as connection:
            known = await load_community(connection, community_id)
            current = await _current(connection, shipped, community_id)
            policy = await _without_idle(connection, community_id, current.policy)
        return readable(policy, known.profile, locale or known.profile.locale)

    @routes.post("/lint", openapi_extra=BODY)
    async def lint(community_id: CommunityId, request: Request, locale: Locale) -> Linted:
        """What would be wrong with a policy; nothing is saved."""
        async with pool.acquire() as connection:
            try:
                composed = compose(shipped, await read_policy(request), version=0)
                await build(composed, await books.resources(connection, community_id))
            except BadPolicy as error:
                return Linted(valid=False, errors=list(error.complaints), warnings=[])
            found = await _contradictions(connection, community_id, composed)
        return Linted(valid=True, errors=[], warnings=[_sentence(each, locale) for each in found])


def _add_history(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/versions")
    async def versions(community_id: CommunityId, paging: PagingQuery) -> Page[VersionShown]:
        """Every change with who made it and why, newest first."""
        (before,) = paging.after(int) or (None,)
        async with pool.acquire() as connection:
            rows = await load_versions(connection, community_id, before, paging.rows)
        return paging.page(rows, _version_shown, lambda row: [row.version])

    @routes.get("/versions/{number}")
    async def version(community_id: CommunityId, number: VersionNumber) -> VersionShown:
        """One change."""
        async with pool.acquire() as connection:
            found = await load_version(connection, community_id, number)
        if found is None:
            raise refused("policy-unknown", Kind.NOT_FOUND)
        return _version_shown(found)


def _add_changes(routes: APIRouter, pool: Pool, books: RuleBooks) -> None:
    @routes.put("", response_model=PolicyShown, openapi_extra=BODY)
    async def change(
        community_id: CommunityId, request: Request, operator: Operator, reason: ReasonAsked,
        seen: SeenVersion, as_yaml: WantsYaml,
    ) -> Response:  # fmt: skip
        """Replace what the community changes of the shipped set; 409 when it was changed since `version`."""
        try:
            document = await read_policy(request)
        except BadPolicy as error:
            raise refused("policy-invalid", Kind.INVALID, complaints=error.complaints) from None
        policy = await _change(pool, books, community_id, seen, document, operator, reason)
        return _shown(policy, as_yaml, policy.version)

    @routes.post("/versions/{number}/restore", response_model=PolicyShown)
    async def restore(
        community_id: CommunityId, number: VersionNumber, operator: Operator, reason: ReasonAsked,
        seen: SeenVersion, as_yaml: WantsYaml,
    ) -> Response:  # fmt: skip
        """Take up an earlier policy again, as a new version; 0 is the shipped set."""
        async with pool.acquire() as connection:
            written = await document_of(connection, community_id, number)
        if written is None:
            raise refused("policy-unknown", Kind.NOT_FOUND)
        try:
            document = PolicyDocument.model_validate_json(written)
        except ValidationError:
            raise refused("policy-unreadable", Kind.CONFLICT) from None
        policy = await _change(pool, books, community_id, seen, document, operator, reason)
        return _shown(policy, as_yaml, policy.version)


async def _change(
    pool: Pool,
    books: RuleBooks,
    community_id: str,
    seen: int,
    document: PolicyDocument,
    by: str,
    reason: str,
) -> Policy:
    try:
        async with request_work(pool, "moderation", community_id) as work:
            change = change_of(community_id, seen + 1, document, work.now, by, reason)
            return await change_policy(work.connection, books, change, document)
    except OtherVersion as error:
        raise refused("policy-changed", Kind.CONFLICT, version=error.version) from None
    except BadPolicy as error:
        raise refused("policy-invalid", Kind.INVALID, complaints=error.complaints) from None


async def _current(connection: Connection, shipped: Policy, community_id: str) -> Current:
    try:
        return await current_policy(connection, shipped, community_id)
    except BadPolicy as error:
        raise refused("policy-unreadable", Kind.CONFLICT, complaints=error.complaints) from None


async def _without_idle(connection: Connection, community_id: str, policy: Policy) -> Policy:
    """The policy without the rule about lists where the community follows none that denies anything."""
    if any(row["effect"] == "deny" for row in await lists.lists_of(connection, [community_id])):
        return policy
    return replace(policy, rules=tuple(rule for rule in policy.rules if rule.kind != LISTED_KIND))


async def _contradictions(connection: Connection, community_id: str, policy: Policy) -> list[Contradiction]:
    profile = (await load_community(connection, community_id)).profile
    torn = await lists.torn_entries(connection, community_id)
    found = contradictions(policy, [channel.channel_id for channel in profile.channels])
    return [*found, *(Contradiction("allowed_and_denied", *each) for each in torn)]


def _sentence(found: Contradiction, locale: str) -> str:
    return TEXTS.say(locale, f"lint.{found.slug}", rule=found.rule, other=found.other)


def _shown(policy: Policy, as_yaml: bool, judging: int) -> Response:
    headers = {"etag": f'"{policy.version}"'}
    written = write_yaml(policy)
    if as_yaml:
        return Response(written, headers=headers, media_type="application/yaml")
    versions = {rule.id: rule.version for rule in policy.rules}
    shown = PolicyShown(
        version=policy.version, judging=judging, policy=parsed(written), rule_versions=versions
    )
    return Response(shown.model_dump_json(), headers=headers, media_type="application/json")


def _version_shown(row: PolicyVersion) -> VersionShown:
    return VersionShown(
        version=row.version,
        changed_at=row.changed_at.isoformat(),
        changed_by=row.changed_by,
        reason=row.reason,
        rule_versions=row.rule_versions,
        document=json.loads(row.document),
    )
