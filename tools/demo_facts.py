"""What happened in the demo's month, asked of the services over HTTP as any client would."""

import asyncio
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

from connectors.imports.reading import Parsed
from shared.contracts.chat import MessagePosted
from shared.i18n.catalogue import LOCALES
from tools.addresses import Addresses
from tools.demo_moderation import OPERATOR, ModerationFacts, decide_appeals, moderation_facts
from tools.feed_summary import reconciles
from tools.log_position import Positions

REQUEST_SECONDS_MAX = 30.0
PAGE_ITEMS = 100
PAGES_MAX = 100
CLOSE_SECONDS_MAX = 90.0
LOOK_SECONDS = 0.5
EXAMPLES_PER_RULE = 2
BOARD_PLACES = 30


class DemoFailed(Exception):
    """Something did not work; the text says what, for people."""


@dataclass(slots=True)
class Heard:
    """What was said, by message, so that the summary can show whom and what an id means."""

    names: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def keep(self, parsed: Parsed) -> None:
        """Note one event."""
        if isinstance(event := parsed.event, MessagePosted):
            self.names[event.member_id] = event.member_name or event.member_id
            self.texts[event.message_id] = event.text


@dataclass(frozen=True, slots=True)
class Example:
    """A removed message and why."""

    rule: str
    member_id: str
    message_id: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Place:
    """One of the month's three."""

    rank: int
    member_id: str
    score: int
    parts: Mapping[str, list[tuple[str, int]]]
    """By locale: where the score comes from."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the summary tells."""

    totals: Mapping[str, int]
    """Reporting's metrics of the month."""
    removals: Mapping[str, int]
    """By rule."""
    examples: tuple[Example, ...]
    streak_member: str | None
    streak_days: int
    top: tuple[Place, ...]
    candidates: int
    ledger_entries: int
    ledger_consistent: bool
    records: int
    """Handled by all services together."""
    reconciles: bool
    dead_letters: int
    moderation: ModerationFacts


@dataclass(slots=True)
class Desk:
    """An open client of all services."""

    addresses: Addresses
    community_id: str
    month: str
    """2026-03"""
    _client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.addresses.api_token}"}
        self._client = httpx.AsyncClient(headers=headers, timeout=REQUEST_SECONDS_MAX, trust_env=False)

    async def __aenter__(self) -> "Desk":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def until_closed(self) -> None:
        """Wait until rewards has closed the month. Raises DemoFailed when it does not."""
        for _ in range(int(CLOSE_SECONDS_MAX / LOOK_SECONDS)):
            if (await self._month("zh-CN"))["state"] not in ("open", "closing"):
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise DemoFailed(f"rewards did not close {self.month} within {CLOSE_SECONDS_MAX:.0f} s")

    async def decide_appeals(self) -> None:
        """As an operator: every open appeal is overturned."""
        await decide_appeals(self._pages, self._post)

    async def facts(self, positions: Positions) -> Facts:
        """Ask everything; `positions` is the last look at the log."""
        removals = await self._pages("moderation", "removals", {})
        by_rule = Counter(str(removal["rule"]) for removal in removals)
        streak_member, streak_days = await self._longest_streak()
        months = {locale: await self._month(locale) for locale in LOCALES}
        ledger = await self._get("rewards", "ledger/check")
        return Facts(
            totals=await self._totals(),
            removals=dict(by_rule),
            examples=_examples(removals, by_rule),
            streak_member=streak_member,
            streak_days=streak_days,
            top=_top(months),
            candidates=months["en"]["candidates"],
            ledger_entries=ledger["entries"],
            ledger_consistent=ledger["consistent"],
            records=sum(service.handled for service in positions.services),
            reconciles=reconciles(positions),
            dead_letters=sum(sum(service.dead_letters.values()) for service in positions.services),
            moderation=await moderation_facts(self._pages, self._case),
        )

    async def reports(self) -> dict[str, str]:
        """The month's report, for people, in both languages, as a page and as text: by file name."""
        found = {}
        for locale in LOCALES:
            for form in ("html", "md"):
                wanted = {"period": self.month, "format": form, "locale": locale}
                found[f"{self.month}.{locale}.{form}"] = (await self._ask("reporting", "report", wanted)).text
        return found

    async def _totals(self) -> dict[str, int]:
        year, month = (int(part) for part in self.month.split("-"))
        last = monthrange(year, month)[1]
        span = {"from": f"{self.month}-01", "to": f"{self.month}-{last}", "by": "month"}
        answer = await self._get("reporting", "metrics", span)
        return {each["metric"]["name"]: each["total"] for each in answer["series"]}

    async def _pages(self, service: str, path: str, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        """All items of a path."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(PAGES_MAX):
            more = {"cursor": cursor} if cursor else {}
            page = await self._get(service, path, {**wanted, "limit": str(PAGE_ITEMS), **more})
            found += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                break
        return found

    async def _case(self, case_id: str) -> dict[str, Any]:
        url = f"{self.addresses.api_urls['moderation']}/v1/cases/{case_id}"
        document: dict[str, Any] = (await self._answer("moderation", "GET", url)).json()
        return document

    async def _post(self, path: str, body: Mapping[str, str]) -> None:
        url = self.addresses.api_urls["moderation"] + path
        await self._answer("moderation", "POST", url, json=dict(body), headers={"X-Operator": OPERATOR})

    async def _longest_streak(self) -> tuple[str | None, int]:
        wanted = {"month": self.month, "limit": str(BOARD_PLACES)}
        board = await self._get("engagement", "checkins/board", wanted)
        best: tuple[str | None, int] = (None, 0)
        for place in board["items"]:
            answer = await self._get("engagement", f"members/{place['member_id']}/checkins")
            if answer["longest_streak_days"] > best[1]:
                best = (place["member_id"], answer["longest_streak_days"])
        return best

    async def _month(self, locale: str) -> dict[str, Any]:
        return await self._get("rewards", f"months/{self.month}", {}, locale)

    async def _get(
        self, service: str, path: str, wanted: Mapping[str, str] | None = None, locale: str = "zh-CN"
    ) -> dict[str, Any]:
        document: dict[str, Any] = (await self._ask(service, path, wanted or {}, locale)).json()
        return document

    async def _ask(
        self, service: str, path: str, wanted: Mapping[str, str], locale: str = "zh-CN"
    ) -> httpx.Response:
        url = f"{self.addresses.api_urls[service]}/v1/communities/{self.community_id}/{path}"
        headers = {"Accept-Language": locale}
        return await self._answer(service, "GET", url, params=dict(wanted), headers=headers)

    async def _answer(self, service: str, method: str, url: str, **request: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, url, **request)
        except httpx.HTTPError as error:
            raise DemoFailed(f"{service} does not answer at {url}: {error!r}") from error
        if not answer.is_success:
            raise DemoFailed(f"{service} answers {answer.status_code} at {url}: {answer.text[:300]}")
        return answer


def _examples(removals: list[dict[str, Any]], rules: Counter[str]) -> tuple[Example, ...]:
    """The first removals of each rule, of different members where there are."""
    chosen = []
    for rule in sorted(rules):
        mine = {each["member_id"]: each for each in reversed(removals) if each["rule"] == rule}
        for each in list(mine.values())[:EXAMPLES_PER_RULE]:
            chosen.append(Example(rule, each["member_id"], each["message_id"], each["evidence"]))
    return tuple(chosen)


def _top(months: Mapping[str, Mapping[str, Any]]) -> tuple[Place, ...]:
    places = []
    for number, standing in enumerate(months["en"]["top"]):
        parts = {
            locale: [(part["text"], part["score"]) for part in month["top"][number]["parts"]]
            for locale, month in months.items()
        }
        places.append(Place(standing["rank"], standing["member_id"], standing["score"], parts))
    return tuple(places)
