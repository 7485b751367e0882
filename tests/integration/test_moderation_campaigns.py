"""Campaigns (广告团伙) on a real database: one case, one decision for all copies, each member struck once."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.contracts.chat import MemberJoined, MessageEdited
from shared.engine import Event
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import at, event, posted, profile
from tests.moderation_world import MakeDatabase, World, cut, emptied, fresh_effects

OFFER = "全新理财平台上线每天稳定收益百分之五名额有限先到先得"
VARIANTS = [OFFER, OFFER + "！", OFFER.replace("每天", "每日"), OFFER + "哦", OFFER + "呀"]
MEMBERS = ["ann", "bob", "cat", "dan", "eve"]


@pytest.fixture
async def service_pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    """A fresh database."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    yield pool
    await pool.close()


@pytest.fixture
async def world(service_pool: Pool) -> AsyncIterator[World]:
    """Moderation on it."""
    async with service_pool.acquire() as connection:
        yield World(connection)


def gang(count: int, step: float = 60, texts: Sequence[str] = VARIANTS, **fields: Any) -> list[Event[Any]]:
    """So many members, each with a variant in a channel of its own, `step` seconds apart."""
    return [
        posted(
            texts[n % len(texts)], at(n * step), member=MEMBERS[n], message=f"m{n}", channel=f"c{n}", **fields
        )
        for n in range(count)
    ]


def settled(*members: str) -> list[Event[Any]]:
    """Members who came long ago and have spoken."""
    joined = [
        event(MemberJoined(community_id="tea", member_id=each), at(days=-9), now=at(days=-9))
        for each in members
    ]
    words = ["大家好", "早上好呀", "今天天气不错"]
    return joined + [
        posted(text, at(minutes=10 * n, days=-8), member=each, message=f"{each}{n}")
        for each in members
        for n, text in enumerate(words)
    ]


async def cases(world: World) -> list[tuple[Any, ...]]:
    """Kind, member and number of messages of all cases."""
    rows = await world.connection.fetch("""
        SELECT kind, member_id, (SELECT count(*) FROM case_message m WHERE m.case_id = c.case_id) AS messages
        FROM moderation_case c ORDER BY kind, member_id
    """)
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_campaign_is_one_case_and_one_decision_for_all(world: World, at_once: bool) -> None:
    for batch in [gang(3)] if at_once else [[each] for each in gang(3)]:
        await world.handle(*batch)
    assert await cases(world) == [("campaign", None, 3)]
    assert await world.removed() == ["m0", "m1", "m2"]
    assert {each["member_id"] for each in world.told("delete_message")} == {"ann", "bob", "cat"}
    (opened,) = world.told("case.opened")
    assert opened["message_ids"] == ["m0", "m1", "m2"]


async def test_each_member_of_a_campaign_is_struck_and_told_once(world: World) -> None:
    await world.handle(*gang(4), posted(OFFER, at(250), member="ann", message="again"))
    strikes = await world.connection.fetch("SELECT member_id, points FROM strike ORDER BY 1")
    assert [tuple(row) for row in strikes] == [("ann", 2), ("bob", 2), ("cat", 2), ("dan", 2)]
    assert len(await world.rows("sanction")) == 4
    assert await cases(world) == [("campaign", None, 5)]
    assert {each["member_id"] for each in world.told("send_message")} == {"ann", "bob", "cat", "dan"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_whatever_order_copies_come_in_the_same_go(world: World, order: tuple[int, ...]) -> None:
    copies = gang(3)
    for number in order:
        await world.handle(copies[number])
    assert await world.removed() == ["m0", "m1", "m2"]


@pytest.mark.parametrize(("step", "gone"), [(300, []), (299, ["m0", "m1", "m2"])])
async def test_ten_minutes_are_the_limit(world: World, step: float, gone: list[str]) -> None:
    await world.handle(*gang(3, step=step))
    assert await world.removed() == gone


async def test_two_members_are_no_campaign_however_often_they_say_it(world: World) -> None:
    await world.handle(*(posted(OFFER, at(n * 40), member=MEMBERS[n % 2], message=f"m{n}") for n in range(6)))
    assert world.told("message.removed", "case.opened") == []


@pytest.mark.parametrize(
    "text",
    [
        "签到", "打卡", "+1", "哈哈", "收到", "早", "哈" * 40, "大家早上好，新的一天开始啦",
        "打卡第十二天，今天读完了第三章和第四章", "#接龙 周六下午三点湖边喝茶 1. 小安 2. 小波",
        "祝大家新年快乐万事如意身体健康阖家幸福", "/weather shanghai tomorrow",
    ],
)  # fmt: skip
async def test_what_many_say_by_custom_is_no_campaign(world: World, text: str) -> None:
    await world.handle(*gang(5, step=20, texts=[text]))
    assert world.told("message.removed", "finding.recorded", "case.opened") == []


async def test_known_members_who_say_the_same_wait_for_a_person(world: World) -> None:
    await world.handle(*settled("ann", "bob", "cat"))
    await world.handle(*gang(4))
    assert await cases(world) == [("campaign", None, 4)]
    assert world.told("message.removed", "sanction.applied", "send_message") == []
    assert len(world.told("finding.recorded")) == 4


async def test_what_the_ad_rule_took_already_gives_no_second_strike(world: World) -> None:
    await world.handle(*gang(3, texts=[OFFER + "，加微信 abc12345"]))
    assert len(await world.rows("strike")) == 3
    assert sorted(case[0] for case in await cases(world)) == ["campaign", "decision", "decision", "decision"]


async def test_a_copy_that_was_stale_on_arrival_goes_and_is_not_punished(world: World) -> None:
    copies = gang(3)
    late = copies[0]._replace(now=at(minutes=11))
    await world.handle(late, *copies[1:])
    assert await world.removed() == ["m0", "m1", "m2"]
    assert {row[1] for row in await world.rows("strike")} == {"bob", "cat"}
    assert {each["member_id"] for each in world.told("send_message")} == {"bob", "cat"}


async def test_after_a_verdict_a_further_copy_is_another_case(world: World) -> None:
    await world.handle(*gang(3))
    await world.connection.execute(
        "UPDATE moderation_case SET state = 'resolved', verdict = 'confirmed', resolved_by = 'eve'"
    )
    await world.handle(*gang(4)[3:])
    assert [case[0] for case in await cases(world)] == ["campaign", "campaign"]
    assert len(await world.removed()) == 4


async def test_communities_do_not_mix(world: World) -> None:
    one, two, three = gang(3)
    await world.handle(one, two, three._replace(data=three.data.model_copy(update={"community_id": "club"}),
                                               profile=profile("club")))  # fmt: skip
    assert world.announced == []


async def test_the_same_events_once_more_change_nothing(world: World) -> None:
    await world.handle(*gang(4))
    before = await world.lasting()
    await world.handle(*gang(4))
    await world.handle(*gang(4)[1:])
    assert await world.lasting() == before


async def test_nothing_that_is_remembered_holds_the_text(world: World) -> None:
    await world.handle(*gang(2))
    assert "理财" not in str(await world.state())


def edited(n: int, text: str, seconds: float) -> Event[Any]:
    """What member number n makes of message mn."""
    data = MessageEdited(
        community_id="tea", channel_id=f"c{n}", message_id=f"m{n}", member_id=MEMBERS[n], text=text
    )
    return event(data, at(seconds))


INNOCENT = [
    "今天去河边走了一圈，人不多，风很舒服，拍了几张照片",
    "早",
    "晚饭想吃番茄牛腩，有没有人知道怎么炖才能更烂一些",
]


@pytest.mark.parametrize("at_once", [True, False])
async def test_innocent_messages_that_are_edited_into_an_ad_are_a_campaign(
    world: World, at_once: bool
) -> None:
    events = [*gang(3, texts=INNOCENT), *(edited(n, VARIANTS[n], 200 + n) for n in range(3))]
    for batch in [events] if at_once else [[each] for each in events]:
        await world.handle(*batch)
    assert await cases(world) == [("campaign", None, 3)]
    assert await world.removed() == ["m0", "m1", "m2"]


async def test_an_ad_that_is_edited_away_counts_still(world: World) -> None:
    first, second, third = gang(3)
    await world.handle(first, edited(0, INNOCENT[0], 5), second, edited(1, INNOCENT[2], 65), third)
    assert await world.removed() == ["m0", "m1", "m2"]
    assert len(await world.rows("strike")) == 3


async def test_who_edits_his_own_text_again_and_again_makes_no_campaign(world: World) -> None:
    await world.handle(*gang(2), *(edited(n % 2, VARIANTS[n % 5], 200 + n) for n in range(10)))
    assert world.told("message.removed", "case.opened") == []


async def test_what_operators_edit_is_nobodys_campaign(world: World) -> None:
    operators = [
        posted("大家好", at(n), member=each, message=f"{each}-0", member_roles=("operator",))
        for n, each in enumerate(MEMBERS)
    ]
    await world.handle(*operators, *(edited(n, VARIANTS[n], 200 + n) for n in range(3)))
    assert world.told("message.removed", "case.opened") == []


def spread(*communities: str, owner: str | None = "group-1", step: float = 60) -> list[Event[Any]]:
    """A gang of which each member writes in another community."""
    return [
        posted(
            VARIANTS[n], at(n * step), member=MEMBERS[n], message=f"m{n}", community=each,
            about=profile(each, owner=owner),
        )
        for n, each in enumerate(communities)
    ]  # fmt: skip


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_campaign_across_communities_of_one_owner_is_seen(world: World, at_once: bool) -> None:
    events = spread("tea", "club", "book", "tea", "club")
    for batch in [events] if at_once else [[each] for each in events]:
        await world.handle(*batch)
    assert await world.removed() == ["m0", "m1", "m2", "m3", "m4"]
    rows = await world.connection.fetch("""
        SELECT community_id, kind, string_agg(message_id, ' ' ORDER BY message_id) AS messages
        FROM moderation_case JOIN case_message USING (case_id) GROUP BY case_id ORDER BY 1, 2
    """)
    assert [tuple(row) for row in rows] == [
        ("book", "campaign", "m2"),
        ("club", "campaign", "m1 m4"), ("club", "review", "m1"),
        ("tea", "campaign", "m0 m3"), ("tea", "review", "m0"),
    ]  # fmt: skip
    assert len(world.told("case.opened")) == 5
    evidence = [each["evidence"] for each in world.told("finding.recorded")]
    assert "3 texts alike of 3 members in 3 communities within 10 minutes" in evidence


@pytest.mark.parametrize("owner", [None, "another of each"])
async def test_communities_of_several_owners_know_nothing_of_each_other(
    world: World, owner: str | None
) -> None:
    events = [
        each._replace(profile=profile(each.community_id, owner=owner and f"{owner} {each.community_id}"))
        for each in spread("tea", "club", "book", "car", "cat")
    ]
    await world.handle(*events)
    assert world.told("message.removed", "case.opened", "finding.recorded") == []


async def test_one_member_who_says_it_in_many_communities_is_no_gang(world: World) -> None:
    events = spread("tea", "club", "book", "car")
    await world.handle(
        *(each._replace(data=each.data.model_copy(update={"member_id": "ann"})) for each in events)
    )
    assert world.told("message.removed", "case.opened") == []


async def test_earlier_copies_in_other_communities_wait_for_their_people(world: World) -> None:
    await world.handle(*spread("tea", "club", "book"))
    assert await world.removed() == ["m2"]
    strikes = await world.connection.fetch("SELECT community_id, member_id FROM strike")
    assert [tuple(row) for row in strikes] == [("book", "cat")]
    rows = await world.connection.fetch("""
        SELECT c.community_id, c.member_id, h.note FROM moderation_case c JOIN case_history h USING (case_id)
        WHERE c.kind = 'review' ORDER BY 1
    """)
    note = "3 texts alike of 3 members in 3 communities within 10 minutes"
    assert [tuple(row) for row in rows] == [("club", "bob", note), ("tea", "ann", note)]
    further = spread("tea", "club", "book", "book")[3]
    await world.handle(further)
    assert len(world.told("case.opened")) == 3


async def test_a_community_that_switched_the_rule_off_is_asked_nothing(world: World) -> None:
    first, *others = spread("tea", "club", "book")
    await world.handle(first)
    off = '{"rules": [{"id": "campaign", "mode": "off", "newcomer_mode": "off"}]}'
    await world.connection.execute(
        "INSERT INTO policy (community_id, version, document, rules, changed_at, changed_by, reason)"
        " VALUES ('tea', 1, $1, '{}', now(), 'olga', 'x')",
        off,
    )
    await World(world.connection, effects=fresh_effects()).handle(*others)
    rows = await world.connection.fetch("SELECT community_id FROM moderation_case ORDER BY 1")
    assert [row["community_id"] for row in rows] == ["book", "club"]


@st.composite
def copies(draw: st.DrawFn) -> Event[Any]:
    """An ad in some community of the owner, posted or edited in."""
    seconds, community = draw(st.integers(0, 900)), draw(st.sampled_from(["tea", "club", "book"]))
    member, text = draw(st.sampled_from(MEMBERS)), draw(st.sampled_from(VARIANTS))
    about, message = profile(community, owner="group-1"), f"{member}{draw(st.integers(0, 3))}"
    if draw(st.integers(0, 3)):
        return posted(text, at(seconds), member=member, message=message, community=community, about=about)
    data = MessageEdited(
        community_id=community, channel_id="hall", message_id=message, member_id=member, text=text
    )
    return event(data, at(seconds), about=about)


def name_of(copy: Event[Any]) -> tuple[str, ...]:
    """A message is posted once, and edited as often as one likes."""
    data = copy.data
    return (copy.id,) if isinstance(data, MessageEdited) else (data.community_id, data.message_id)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    events=st.lists(copies(), min_size=5, max_size=20, unique_by=name_of),
    sizes=st.lists(st.integers(1, 6), max_size=8),
)
async def test_campaigns_across_communities_do_not_depend_on_the_cut(
    service_pool: Pool, events: list[Event[Any]], sizes: list[int]
) -> None:
    outcomes = []
    for pieces in ([], sizes, [1] * len(events)):
        await emptied(service_pool)
        async with service_pool.acquire() as connection:
            world = World(connection)
            for batch in cut(events, pieces):
                await world.handle(*batch)
            outcomes.append(await world.state())
    assert outcomes[0] == outcomes[1] == outcomes[2]
