"""The monthly award: who is no candidate, what it waits for, who chooses what and when."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from services.rewards.api.keys import Keys
from services.rewards.handlers.choosing import GIFT_CHOICE
from shared.contracts.chat import MemberJoined, MemberLeft, MemberUpdated
from shared.contracts.commands import SendMessage
from shared.contracts.moderation import SanctionApplied, SanctionLifted
from shared.contracts.rewards import GiftChosen, GiftOffered, MonthClosed
from shared.engine import Event
from tests.builders import at, event, posted
from tests.rewards_gifts import AWARD, active_month, close, gift, stock
from tests.rewards_http import OSCAR, TEA, Site, opened
from tests.rewards_world import words
from tests.servers import ServiceDatabase

MONTH = f"{TEA}/months/2024-03"
RESOLVED = """
    UPDATE dead_letter
    SET status = 'replayed', resolved_by = 'lin', resolved_for = 'mended', resolved_at = now()
"""
DEAD = """
    INSERT INTO dead_letter (consumer_group, topic, partition, "offset", event_id, reason, detail,
        headers, key)
    VALUES ('hearth.rewards', 'chat.events', 0, $1, $2::uuid, 'refused', '', '[]', convert_to($3, 'UTF8'))
"""


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=29))
        yield site


async def top(site: Site) -> list[str]:
    return [each["member_id"] for each in (await site.json(MONTH))["top"]]


async def places(site: Site) -> list[tuple[str, str, str | None]]:
    return [(each["member_id"], each["state"], each["gift_id"]) for each in await site.json(AWARD)]


def sanction(member: str, kind: str = "mute", name: str = "s1") -> Event[Any]:
    data = SanctionApplied(community_id="tea", sanction_id=name, member_id=member, kind=kind, rule="ads")
    return event(data, at(60))


def lifted(member: str, by: str | None, name: str = "s1") -> Event[Any]:
    data = SanctionLifted(community_id="tea", sanction_id=name, member_id=member, lifted_by=by)
    return event(data, at(90))


async def test_staff_those_who_left_and_the_sanctioned_are_no_candidates_and_the_result_says_why(
    site: Site,
) -> None:
    await active_month(site, "eve", "cat", "dan", "ann", "ben")
    await site.world.tell(
        posted(words(900), at(99), member="eve", member_roles=("operator",)),
        event(MemberLeft(community_id="tea", member_id="cat"), at(99)),
        sanction("dan"),
    )
    await close(site)
    shown = await site.json(MONTH)
    assert await top(site) == ["ann", "ben"]
    assert shown["excluded"] == {"cat": "left", "dan": "sanctioned", "eve": "staff"}
    assert shown["candidates"] == 2
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_who_came_back_was_demoted_or_had_a_sanction_lifted_by_a_person_is_a_candidate(
    site: Site,
) -> None:
    await active_month(site, "ann", "ben", "cat")
    await site.world.tell(
        lifted("ann", by="olivia"),
        sanction("ann"),
        sanction("ben", "warning", "s2"),
        event(MemberLeft(community_id="tea", member_id="ben"), at(70)),
        event(MemberJoined(community_id="tea", member_id="ben"), at(80)),
        posted(words(901), at(100), member="cat", member_roles=("operator",)),
        event(MemberUpdated(community_id="tea", member_id="cat", member_roles=("member",)), at(110)),
    )
    await close(site)
    assert await top(site) == ["ann", "ben", "cat"]


async def test_an_older_word_about_roles_that_comes_late_changes_nothing(site: Site) -> None:
    await active_month(site, "ann", "ben", "cat")
    for minute in (100, 120):
        said = posted(words(900 + minute), at(minute), member="cat", member_roles=("operator",))
        await site.world.tell(said)
    late = MemberUpdated(community_id="tea", member_id="cat", member_roles=("member",))
    await site.world.tell(event(late, at(110)))
    await close(site)
    assert await top(site) == ["ann", "ben"]


async def test_a_sanction_whose_time_passed_still_excludes(site: Site) -> None:
    await active_month(site, "ann", "ben")
    await site.world.tell(sanction("ann"), lifted("ann", by=None))
    await close(site)
    assert await top(site) == ["ben"]


async def test_a_close_waits_for_what_was_set_aside_of_its_month_and_not_for_ever(site: Site) -> None:
    await active_month(site, "ann")
    inside = posted(words(5), at(days=3)).id
    await site.world.connection.execute(DEAD, 1, inside, "tea")
    first = site.world.timer("2024-03")
    await close(site)
    assert (await site.json(MONTH))["state"] == "closing"
    again = site.world.timer("2024-03")
    assert again.due_at == first.due_at + timedelta(hours=1)
    await site.world.tell(posted(words(6), at(days=4), member="ben"))
    await site.world.connection.execute(RESOLVED)
    await close(site)
    assert (await site.json(MONTH))["state"] == "published"
    assert await top(site) == ["ann", "ben"]


async def test_what_is_never_sent_again_delays_a_close_by_three_days_and_is_told(site: Site) -> None:
    await active_month(site, "ann")
    await site.world.connection.execute(DEAD, 1, None, "tea")
    due = site.world.timer("2024-03").due_at
    await close(site)
    await close(site, now=due + timedelta(hours=71))
    assert (await site.json(MONTH))["state"] == "closing"
    await close(site, now=due + timedelta(hours=72))
    shown = await site.json(MONTH)
    assert (shown["state"], shown["dead_letters"]) == ("published", 1)


async def test_what_was_set_aside_of_another_month_or_community_delays_nothing(site: Site) -> None:
    await active_month(site, "ann")
    await site.world.connection.execute(DEAD, 1, posted(words(5), at(days=40)).id, "tea")
    await site.world.connection.execute(DEAD, 2, posted(words(5)).id, "mokka")
    await close(site)
    assert (await site.json(MONTH))["state"] == "published"


async def test_the_text_to_publish_names_places_and_honours_and_goes_to_the_channel_for_it(
    site: Site,
) -> None:
    rules = {"award": {"channel_id": "hall"}}
    await active_month(site, "ann", "ben")
    await site.world.tell(posted(words(77), at(minutes=50), member="ben", mentions=("ann", "cat")))
    await site.clock(at(hours=2))
    await site.post(f"{TEA}/rules", rules, "PUT", version=1, reason="x")
    await close(site)
    text = (await site.json(MONTH))["text"]
    assert text.splitlines() == [
        "2024-03 活跃之星：",
        "第 1 名 ben，活跃分 7",
        "第 2 名 ann，活跃分 4",
        "发言之星：ann",
        "连接之星：ben",
    ]
    (said,) = site.world.heard(SendMessage)
    assert (said.channel_id, said.text) == ("hall", text)


async def test_winners_choose_in_the_order_of_their_ranks_from_stock_set_aside(site: Site) -> None:
    await gift(site, "book", for_award=True, stock=1, cost=30)
    await gift(site, "mug", for_award=True, stock=9, cost=20)
    await active_month(site, "ann", "ben", "cat", "dan")
    await close(site)
    assert (await stock(site, "book"), await stock(site, "mug")) == ((1, 1), (9, 3))
    assert await places(site) == [
        ("ann", "choosing", None),
        ("ben", "waiting", None),
        ("cat", "waiting", None),
    ]
    assert await site.refused(f"{AWARD}/ben/choice", {"gift_id": "mug"}) == (409, "not-on-turn")
    assert await site.refused(f"{AWARD}/dan/choice", {"gift_id": "mug"}) == (404, "prize-unknown")
    await site.post(f"{AWARD}/ann/choice", {"gift_id": "book"})
    assert await site.refused(f"{AWARD}/ann/choice", {"gift_id": "mug"}) == (409, "not-on-turn")
    assert await site.refused(f"{AWARD}/ben/choice", {"gift_id": "book"}) == (409, "gift-gone")
    for member in ("ben", "cat"):
        await site.post(f"{AWARD}/{member}/choice", {"gift_id": "mug"})
    assert await places(site) == [
        ("ann", "chosen", "book"),
        ("ben", "chosen", "mug"),
        ("cat", "chosen", "mug"),
    ]
    assert (await stock(site, "book"), await stock(site, "mug")) == ((0, 0), (7, 0))
    (offer,) = site.world.heard(GiftOffered)
    assert (offer.member_id, offer.gift_ids) == ("ann", ("book", "mug"))


async def test_at_the_deadline_the_default_is_given_and_the_choice_goes_on(site: Site) -> None:
    await gift(site, "parcel", for_award=True, cost=90, needs_address=True, kind="physical")
    await gift(site, "voucher", for_award=True, cost=10)
    await active_month(site, "ann", "ben")
    await close(site)
    timer = site.world.timers["tea", GIFT_CHOICE, "2024-03:ann"]
    assert timer.due_at == site.world.timer("2024-03").due_at + timedelta(days=7)
    await site.world.fire(timer)
    await site.world.fire(timer)
    assert await places(site) == [("ann", "chosen", "voucher"), ("ben", "choosing", None)]
    (chosen,) = site.world.heard(GiftChosen)
    assert (chosen.member_id, chosen.chosen_by) == ("ann", "default")


async def test_without_a_default_the_choice_rolls_down_and_unclaimed_stock_returns(site: Site) -> None:
    await gift(site, "parcel", for_award=True, needs_address=True, kind="physical", stock=2)
    await active_month(site, "ann", "ben")
    await close(site)
    for member in ("ann", "ben"):
        await site.world.fire(site.world.timers["tea", GIFT_CHOICE, f"2024-03:{member}"])
    assert await places(site) == [("ann", "unclaimed", None), ("ben", "unclaimed", None)]
    assert await stock(site, "parcel") == (2, 0)
    assert (await site.json(MONTH))["state"] == "fulfilled"


async def test_a_member_chooses_after_the_deadline_in_vain(site: Site) -> None:
    await gift(site, "parcel", for_award=True, needs_address=True, kind="physical")
    await active_month(site, "ann")
    await close(site)
    await site.world.connection.execute("UPDATE prize SET choose_by = '2024-04-01'")
    token = Keys(b"k" * 32).link("tea", site.world.heard(MonthClosed)[0].month, "ann")
    assert await site.refused("/v1/gift-choices", {"token": token, "gift_id": "parcel"}) == (
        403,
        "link-invalid",
    )
    ours = (await site.json(f"{AWARD}/ann/link"))["token"]
    assert await site.refused("/v1/gift-choices", {"token": ours, "gift_id": "parcel"}) == (
        409,
        "not-on-turn",
    )


async def test_a_signed_link_chooses_for_its_winner_only(site: Site) -> None:
    await gift(site, "book", for_award=True)
    await active_month(site, "ann", "ben")
    await close(site)
    token = (await site.json(f"{AWARD}/ann/link"))["token"]
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for wrong in (forged, "x", "", token + "A" * 9):
        assert (await site.refused("/v1/gift-choices", {"token": wrong, "gift_id": "book"}))[
            1
        ] == "link-invalid"
    chosen = await site.post("/v1/gift-choices", {"token": token, "gift_id": "book"})
    assert (chosen["member_id"], chosen["state"], chosen["chosen_by"]) == ("ann", "chosen", "member")


async def test_disqualification_is_audited_and_moves_only_the_next_up(site: Site) -> None:
    await gift(site, "book", for_award=True, stock=3)
    await active_month(site, "ann", "ben", "cat", "dan", "eve")
    await close(site)
    await site.post(f"{AWARD}/ann/choice", {"gift_id": "book"})
    before = await site.json(MONTH)
    await site.post(f"{AWARD}/ann/disqualify", {"reason": "two accounts"}, by=OSCAR)
    await site.post(f"{AWARD}/ann/disqualify", {"reason": "again"}, by=OSCAR)
    assert await places(site) == [
        ("ann", "disqualified", None),
        ("ben", "choosing", None),
        ("cat", "waiting", None),
        ("dan", "waiting", None),
    ]
    assert (await site.json(MONTH))["evidence_hash"] == before["evidence_hash"]
    acts = (await site.json(f"{TEA}/acts"))["items"]
    assert [(act["actor"], act["act"], act["subject"], act["reason"]) for act in acts[:1]] == [
        (OSCAR, "disqualify", "ann", "two accounts")
    ]
    for member in ("ben", "cat", "dan"):
        await site.post(f"{AWARD}/{member}/choice", {"gift_id": "book"})
    assert await stock(site, "book") == (0, 0)


async def test_an_award_without_gifts_is_opened_when_there_are_some(site: Site) -> None:
    await active_month(site, "ann")
    assert await site.refused(f"{AWARD}/open") == (409, "month-not-closed")
    await close(site)
    assert await site.refused(f"{AWARD}/open") == (409, "month-without-gifts")
    await gift(site, "book", for_award=True)
    await site.post(f"{AWARD}/open")
    assert await places(site) == [("ann", "choosing", None)]
