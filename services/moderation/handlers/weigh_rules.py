"""Lets a rule fall back to review when people overturn it too often, and tells operators once."""

import json
from datetime import datetime, timedelta

from services.moderation.domain.policy import Mode, Policy, Rule
from services.moderation.domain.precision import VERDICTS_MAX, must_fall_back
from services.moderation.store import verdicts as store
from services.moderation.store.cases import ENGINE_ACTOR
from services.moderation.store.heads import load_heads
from services.moderation.store.policies import PolicyVersion, add_version, load_version
from shared.contracts.commands import SendMessage
from shared.engine import Community, UnitOfWork
from shared.i18n import Catalogue, match

COMMAND_VALID = timedelta(days=1)
PURPOSE = "moderation_rule_fallback"
TRIES = 3


async def weigh_rule(
    rule_id: str, version: int, policy: Policy, community: Community, texts: Catalogue, work: UnitOfWork
) -> bool:
    """After a verdict about this version of a rule; whether the rule fell back."""
    community_id = community.profile.community_id
    rule = policy.rule(rule_id)
    if rule is None or rule.version != version or Mode.ENFORCE not in (rule.mode, rule.newcomer_mode):
        return False
    counted = await store.recent_verdicts(work.connection, community_id, rule_id, version, VERDICTS_MAX)
    if not must_fall_back(*counted):
        return False
    now = community.now(work.now)
    name = rule.names.get(match(community.profile.locale)) or texts.say(
        community.profile.locale, f"rule.{rule.kind}"
    )
    reason = texts.say(
        community.profile.locale, "alert.rule_fallback",
        rule=name, judged=counted.judged, overturned=counted.overturned,
    )  # fmt: skip
    await store.note_fallback(work.connection, community_id, rule_id, now, version, counted)
    await _to_review(rule, policy, community_id, now, reason, work)
    if community.profile.operators_channel_id:
        command = SendMessage(
            community_id=community_id,
            channel_id=community.profile.operators_channel_id,
            text=reason,
            purpose=PURPOSE,
            cause_id=rule_id,
            expires_at=now + COMMAND_VALID,
        )
        work.publish(command, now)
    return True


async def _to_review(
    rule: Rule, policy: Policy, community_id: str, now: datetime, reason: str, work: UnitOfWork
) -> None:
    """A new version of the policy on top of whichever is the newest."""
    versions = {each.id: each.version for each in policy.rules}
    for _ in range(TRIES):
        head = (await load_heads(work.connection, [community_id]))[community_id].policy
        stored = await load_version(work.connection, community_id, head) if head else None
        document = json.dumps(_document(stored, rule))
        known = versions | (stored.rule_versions if stored else {})
        next_version = PolicyVersion(community_id, head + 1, document, known, now, ENGINE_ACTOR, reason)
        if await add_version(work.connection, next_version):
            return
    raise RuntimeError(f"the policy of {community_id} changes faster than it can be read")


def _document(stored: PolicyVersion | None, rule: Rule) -> dict[str, object]:
    document = json.loads(stored.document) if stored else {}
    rules = list(document.get("rules", ()))
    mine = next((each for each in rules if each.get("id") == rule.id), None)
    if mine is None:
        mine = {"id": rule.id}
        rules.append(mine)
    if rule.mode is Mode.ENFORCE:
        mine["mode"] = Mode.REVIEW.value
    if rule.newcomer_mode is Mode.ENFORCE:
        mine["newcomer_mode"] = Mode.REVIEW.value
    return {**document, "rules": rules}
