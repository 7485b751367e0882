"""What a service set aside is sent again by `hearth dead-letters`, applied once, and accounted for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.chat import MessagePosted
from shared.contracts.profiles import CommunityProfile
from tests.connector_world import new_name
from tests.e2e.stack_fixtures import Pipeline

REFUSED_TEXT = "这一条数据库不收"
# A cause that can be mended: reporting's table of facts takes nothing from this member.
BREAK = "ALTER TABLE reporting.member ADD CONSTRAINT broken CHECK (member_id <> 'unlucky') NOT VALID"
MEND = "ALTER TABLE reporting.member DROP CONSTRAINT IF EXISTS broken"
FACTS = "SELECT count(*) FROM reporting.fact WHERE community_id = $1 AND type = 'message.posted'"
RESOLVED = """
    SELECT status, resolved_by, resolved_for, resolved_at IS NOT NULL FROM reporting.dead_letter
    WHERE key = convert_to($1, 'UTF8')
"""
FORGOTTEN = "UPDATE reporting.dead_letter SET status = 'dead' WHERE key = convert_to($1, 'UTF8')"
WHO = ("--by", "lin", "--why", "the constraint is mended")


async def letters_of(live: Pipeline, community: str) -> list[dict[str, Any]]:
    """Open ones of reporting that the broken table refused, each shown to hold what the community sent."""
    found = await live.hearth_json("dead-letters", "list", "--service", "reporting")
    broken = [each for each in found if "broken" in each["detail"]]
    for each in broken:
        code, out, err = await live.hearth("dead-letters", "show", "reporting", each["place"])
        assert (code, community in out) == (0, True), err
    return broken


async def count(live: Pipeline, community: str) -> int:
    return int(await live.database.fetchval(FACTS, community))


@pytest.fixture
async def community(live: Pipeline) -> str:
    """Reporting's database refuses its member `unlucky`, who said something, as did another."""
    name = new_name("letters")
    now = datetime.now(UTC)
    said = [
        MessagePosted(
            community_id=name, channel_id="hall", message_id=f"m-{who}", member_id=who, text=REFUSED_TEXT
        )
        for who in ("unlucky", "ann")
    ]
    await live.publish(
        [(CommunityProfile(community_id=name, name=name, revision=1), now - timedelta(seconds=9))]
    )
    await live.database.execute(BREAK)
    try:
        await live.publish([(each, now) for each in said])
        await live.drain()
    finally:
        await live.database.execute(MEND)
    return name


async def test_a_dead_letter_replayed_twice_applies_once_and_says_who_did_it_and_why(
    live: Pipeline, community: str
) -> None:
    assert await count(live, community) == 1, "the neighbour was kept"
    (letter,) = await letters_of(live, community)
    assert (letter["reason"], letter["status"]) == ("refused", "dead")
    place = letter["place"]

    (told,) = await live.hearth_json("dead-letters", "replay", "reporting", place, *WHO)
    assert told["place"] == place
    await live.drain()
    assert await count(live, community) == 2
    assert await letters_of(live, community) == []

    code, _, err = await live.hearth("dead-letters", "replay", "reporting", place, *WHO)
    assert (code, "dealt with already" in err) == (1, True)
    await live.database.execute(FORGOTTEN, community)  # as if the command had died between sending and noting
    await live.hearth_json("dead-letters", "replay", "reporting", place, *WHO)
    await live.drain()
    assert await count(live, community) == 2, "the id is known"
    assert [tuple(row) for row in await live.database.fetch(RESOLVED, community)] == [
        ("replayed", "lin", "the constraint is mended", True)
    ]


async def test_a_dead_letter_is_given_up_by_somebody_with_a_reason(live: Pipeline, community: str) -> None:
    (letter,) = await letters_of(live, community)
    code, _, err = await live.hearth("dead-letters", "discard", "reporting", letter["place"], "--by", "lin")
    assert (code, "--why" in err) == (2, True)
    await live.hearth_json(
        "dead-letters", "discard", "reporting", letter["place"], "--by", "lin", "--why", "a test"
    )
    assert await letters_of(live, community) == []
    assert [tuple(row) for row in await live.database.fetch(RESOLVED, community)] == [
        ("discarded", "lin", "a test", True)
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "cooking", "chat.events/2/13"), "is no service"),
        (("show", "rewards", "here"), "is no place"),
        (("show", "rewards", "chat.events/2/999999999"), "set nothing aside"),
        (("replay", "rewards", *WHO), "name places"),
        (("replay", "rewards", "chat.events/2/13", "--all-of", "refused", *WHO), "name places"),
    ],
)
async def test_a_mistake_is_said_in_a_sentence(live: Pipeline, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = await live.hearth("dead-letters", *arguments)
    assert (code, out, says in err, err.count("\n")) == (1, "", True, 1)
