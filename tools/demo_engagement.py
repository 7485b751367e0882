"""What engagement did in the demo's month, asked over HTTP; and the operator who plans a session in it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.demo_moderation import Pages
from tools.simulator import session
from tools.simulator.community import Settings

Ask = Callable[[str, str], Awaitable[dict[str, Any]]]
"""One document of a service's path."""
Offer = Callable[[str, Mapping[str, Any]], Awaitable[str]]
"""Post to engagement; the slug of what is refused, or nothing."""

SESSION = "saturday-session"
PLACES = 6
WAIT_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.25
NOT_YET = "event-in-the-past"
"""Until the community's clock is at the month's beginning."""


@dataclass(frozen=True, slots=True)
class Warmed:
    """A warm-up that was answered."""

    text: str
    messages: int
    members: int


@dataclass(frozen=True, slots=True)
class EngagementFacts:
    """What the summary tells of it."""

    cold_spells: int
    warmups: int
    revived: int
    held_out: int
    """By lot, to compare with."""
    seeded: int
    """Topics put to channels."""
    said: Mapping[str, int]
    """What Hearth said by itself, by kind."""
    unsaid: int
    announcements: int
    """Of the session."""
    going: int
    """Who attended without asking for a place is among them."""
    waiting: int
    attended: int
    queued: int
    """Questions to the speakers."""
    newcomers: int
    welcomed: int
    introduced: int
    questions: int
    first_answer_seconds: float | None
    warmed: tuple[Warmed, ...]
    """The most answered."""


async def plan_session(settings: Settings, offer: Offer) -> str:
    """Plan the month's session as soon as its clock runs; returns why that is not possible, or nothing."""
    starts_at = settings.session_at
    body = {
        "event_id": SESSION, "title": session.TITLE, "channel_id": session.CHANNEL, "is_session": True,
        "host_id": f"{settings.community_id}:yunshan", "speaker_ids": [f"{settings.community_id}:linjie"],
        "starts_at": starts_at.isoformat(), "ends_at": (starts_at + session.LASTS).isoformat(),
        "capacity": PLACES,
    }  # fmt: skip
    refused = ""
    for _ in range(int(WAIT_SECONDS_MAX / LOOK_SECONDS)):
        refused = await offer("events", body)
        if refused != NOT_YET:
            break
        await asyncio.sleep(LOOK_SECONDS)
    return "" if refused == "event-exists" else refused


async def engagement_facts(pages: Pages, ask: Ask) -> EngagementFacts:
    """Ask everything."""
    spells = await pages("engagement", "cold-spells", {})
    posts = await pages("engagement", "posts", {})
    newcomers = await pages("engagement", "newcomers", {})
    topics = await pages("engagement", "topics", {})
    guests = (await ask("engagement", f"events/{SESSION}/guests"))["items"]
    queue = (await ask("engagement", f"events/{SESSION}/questions"))["items"]
    stats = await ask("engagement", "questions/stats")
    sent = [each for each in posts if each["state"] == "sent"]
    states = Counter(each["state"] for each in guests)
    return EngagementFacts(
        cold_spells=len(spells),
        warmups=sum(each["outcome"] == "sent" for each in spells),
        revived=sum(each["outcome"] == "sent" and bool(each["messages"]) for each in spells),
        held_out=sum(each["outcome"] == "held_out" for each in spells),
        seeded=sum(each["seeded"] for each in topics),
        said=Counter(each["kind"] for each in sent),
        unsaid=len(posts) - len(sent),
        announcements=sum(each["kind"] == "announcement" for each in sent),
        going=states["going"],
        waiting=states["waiting"],
        attended=sum(bool(each["attended_at"]) for each in guests),
        queued=len(queue),
        newcomers=len(newcomers),
        welcomed=sum(bool(each["welcomed_at"]) for each in newcomers),
        introduced=sum(bool(each["introduced_at"]) for each in newcomers),
        questions=stats["asked"],
        first_answer_seconds=stats["median_seconds"],
        warmed=_warmed(spells, sent),
    )


def _warmed(spells: list[dict[str, Any]], sent: list[dict[str, Any]]) -> tuple[Warmed, ...]:
    texts = {each["subject_id"]: each["text"] for each in sent if each["kind"] == "warmup"}
    answered = [each for each in spells if each["spell_id"] in texts and each["messages"]]
    best = sorted(answered, key=lambda each: (-each["members"], -each["messages"], each["spell_id"]))[:2]
    return tuple(Warmed(texts[each["spell_id"]], each["messages"], each["members"]) for each in best)


def engagement_problems(told: EngagementFacts) -> tuple[tuple[bool, str], ...]:
    """What a working engagement would have shown: whether it did, and what is wrong if not."""
    return (
        (told.warmups > 0, "no cold channel was warmed up"),
        (told.revived > 0, "no warm-up was answered"),
        (told.seeded >= told.warmups, "a warm-up had no topic"),
        (told.announcements == 3, f"the session was announced {told.announcements} times instead of three"),
        (told.going >= PLACES and told.waiting > 0, "the session's places were not given away"),
        (told.attended > 0, "nobody attended the session"),
        (told.welcomed > 0, "no newcomer was welcomed"),
        (told.introduced > 0, "no newcomer introduced themselves"),
    )
