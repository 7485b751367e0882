"""What moderation did in the demo's month, asked over HTTP; and the operator who decides appeals."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Pages = Callable[[str, str, Mapping[str, str]], Awaitable[list[dict[str, Any]]]]
"""All items of a service's path."""
Case = Callable[[str], Awaitable[dict[str, Any]]]
Post = Callable[[str, Mapping[str, str]], Awaitable[None]]

OPERATOR = "demo-operator"
REASON = "转述骗子的话，不是广告 · a warning that quotes an ad"
BURST_RULE, CAMPAIGN_RULE, WAVE_RULE = "flood", "campaign", "join_wave"


@dataclass(frozen=True, slots=True)
class Appealed:
    """A decision that was appealed, and what came of it."""

    member_id: str
    said: str
    outcome: str
    points_back: int


@dataclass(frozen=True, slots=True)
class ModerationFacts:
    """What the summary tells of cases."""

    cases: Mapping[str, int]
    """By rule."""
    largest_burst: int
    """Messages of one flood, removed as one case."""
    campaign_members: int
    steps: Mapping[str, int]
    """Steps of the ladder."""
    mutes: int
    """Of any length."""
    mutes_ended: int
    """By their timers."""
    waves: int
    warnings: int
    appeals: tuple[Appealed, ...]


async def decide_appeals(pages: Pages, post: Post) -> None:
    """Overturn every open appeal."""
    for appeal in await pages("moderation", "appeals", {"state": "open"}):
        await post(f"/v1/appeals/{appeal['appeal_id']}/decision", {"outcome": "overturned", "reason": REASON})


async def moderation_facts(pages: Pages, case: Case) -> ModerationFacts:
    """Ask everything."""
    cases = await pages("moderation", "cases", {"state": "all", "order": "time"})
    by_rule: dict[str, list[str]] = {}
    for each in cases:
        by_rule.setdefault(each["rule"], []).append(each["case_id"])
    bursts = [await case(case_id) for case_id in by_rule.get(BURST_RULE, ())]
    campaigns = [await case(case_id) for case_id in by_rule.get(CAMPAIGN_RULE, ())]
    sanctions = await pages("moderation", "sanctions", {"state": "all"})
    appeals = await pages("moderation", "appeals", {"state": "decided"})
    return ModerationFacts(
        cases={rule: len(ids) for rule, ids in by_rule.items()},
        largest_burst=max((len(each["messages"]) for each in bursts), default=0),
        campaign_members=max((len(_members(each)) for each in campaigns), default=0),
        steps=Counter(each["step"] for each in sanctions),
        mutes=sum(bool(each["until"]) for each in sanctions),
        mutes_ended=sum(_ended_by_timer(each) for each in sanctions),
        waves=len(by_rule.get(WAVE_RULE, ())),
        warnings=len(await pages("moderation", "warnings", {})),
        appeals=tuple([await _appealed(pages, each) for each in appeals]),
    )


async def _appealed(pages: Pages, appeal: Mapping[str, Any]) -> Appealed:
    """With the points that came from its decision on."""
    statement = await pages("rewards", f"members/{appeal['member_id']}/statement", {})
    decided_at = datetime.fromisoformat(appeal["decided_at"]) - timedelta(seconds=1)
    points = sum(
        line["points"] for line in statement if datetime.fromisoformat(line["occurred_at"]) >= decided_at
    )
    return Appealed(appeal["member_id"], appeal["said"], appeal["outcome"], points)


def _members(case: Mapping[str, Any]) -> set[str]:
    return {each["member_id"] for each in case["messages"]}


def _ended_by_timer(sanction: Mapping[str, Any]) -> bool:
    return bool(sanction["until"] and sanction["lifted_at"] and not sanction["lifted_by"])
