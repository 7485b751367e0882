"""What replaces an act that a platform lacks, and which command is whose."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.sdk.buckets import Buckets, Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import CAPABILITIES, Ability, shortened, step_for
from shared.contracts.commands import (
    AnswerJoinRequest,
    BanMember,
    Command,
    DeleteMessage,
    GrantTitle,
    MuteMember,
    PinMessage,
    RemoveMember,
    SendMessage,
    UnbanMember,
    UnmuteMember,
)
from tests.builders import NOON

ALL = Ability(CAPABILITIES)
ACTS = (
    DeleteMessage,
    MuteMember,
    UnmuteMember,
    RemoveMember,
    BanMember,
    UnbanMember,
    PinMessage,
    AnswerJoinRequest,
    GrantTitle,
    SendMessage,
)


def command(contract: type[Command], **fields: Any) -> Command:
    filled = {"channel_id": "hall", "member_id": "ann", "message_id": "m", "text": "你好", "request_id": "r"}
    filled |= {"until": NOON + timedelta(hours=1), "accept": True}
    return contract(
        **{
            "community_id": "tea",
            "purpose": "test",
            "cause_id": "c",
            "expires_at": NOON,
            **{name: value for name, value in filled.items() if name in contract.model_fields},
            **fields,
        }
    )


@pytest.mark.parametrize("act", ACTS)
def test_a_platform_that_can_does_what_is_asked(act: type[Command]) -> None:
    asked = command(act)
    assert step_for(asked, ALL, NOON).command == asked
    assert step_for(asked, ALL, NOON).downgraded_to is None


@pytest.mark.parametrize("act", ACTS)
def test_a_platform_that_can_nothing_does_nothing(act: type[Command]) -> None:
    told = act in (DeleteMessage, MuteMember, RemoveMember, BanMember, AnswerJoinRequest)
    step = step_for(command(act), Ability(frozenset()), NOON)
    assert step.command is None
    assert step.downgraded_to == ("told_operators" if told else None)


def test_a_ban_falls_back_to_removal() -> None:
    step = step_for(command(BanMember), Ability(frozenset({"remove"})), NOON)
    assert (type(step.command), step.downgraded_to) == (RemoveMember, "remove")


def test_a_mute_is_cut_to_the_platforms_longest() -> None:
    short = Ability(CAPABILITIES, mute_seconds_max=600)
    step = step_for(command(MuteMember), short, NOON)
    assert isinstance(step.command, MuteMember)
    assert (step.command.until, step.downgraded_to) == (NOON + timedelta(seconds=600), "shorter_mute")
    exact = command(MuteMember, until=NOON + timedelta(seconds=600))
    assert step_for(exact, short, NOON).downgraded_to is None


def test_an_answer_becomes_a_plain_text_where_nothing_can_be_answered() -> None:
    step = step_for(command(SendMessage, reply_to="m1"), Ability(frozenset({"send"})), NOON)
    assert isinstance(step.command, SendMessage)
    assert (step.command.reply_to, step.downgraded_to) == (None, "send")


def test_a_private_text_never_becomes_public() -> None:
    step = step_for(command(SendMessage, channel_id=None), Ability(CAPABILITIES - {"direct"}), NOON)
    assert step.command is None


def test_a_capability_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="levitate"):
        Ability(frozenset({"levitate"}))


def test_a_claim_holds_what_carries_its_namespace() -> None:
    claim = Claim("tea", "qq")
    assert claim.holds("tea", "qq:1", "tg:2")
    assert claim.holds("tea", None, "qq:2")
    assert not claim.holds("tea", "tg:1", "qq:2")
    assert not claim.holds("rice", "qq:1", None)
    assert not claim.holds("tea", None, None)
    assert claim.platform_id(claim.name("a:b")) == "a:b"


def test_claims_meet_where_one_command_would_be_done_by_both() -> None:
    whole = Claim("tea")
    assert whole.meets(Claim("tea", "qq"))
    assert not Claim("tea", "tg").meets(Claim("tea", "qq"))
    assert not Claim("tea").meets(Claim("rice"))
    assert not Claim("tea", channels=frozenset("a")).meets(Claim("tea", channels=frozenset("b")))
    assert Claim("tea", channels=frozenset("ab")).meets(Claim("tea", channels=frozenset("b")))


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    now = [0.0]
    buckets = Buckets((Rate(3, 3.0), Rate(4, 60.0)), lambda: now[0])
    for _ in range(3):
        assert buckets.wait_seconds("hall") == 0
        buckets.take("hall")
    assert buckets.wait_seconds("hall") == pytest.approx(1.0)
    assert buckets.wait_seconds("garden") == 0
    now[0] = 1.0
    buckets.take("hall")
    now[0] = 4.0
    assert 10 < buckets.wait_seconds("hall") < 15, "the slower rate holds too"
    buckets.close("hall", 100)
    assert buckets.wait_seconds("hall") == pytest.approx(100)


@pytest.mark.parametrize(
    ("text", "units", "cut"),
    [
        ("茶茶茶茶", 4, "茶茶茶茶"),
        ("茶茶茶茶茶", 4, "茶茶茶…"),
        ("🍵🍵", 4, "🍵🍵"),
        ("🍵🍵🍵", 5, "🍵🍵…"),
        ("🍵🍵🍵", 4, "🍵…"),
        ("a🍵", 2, "a…"),
    ],
)
def test_a_text_that_is_too_long_is_cut_between_characters(text: str, units: int, cut: str) -> None:
    assert shortened(text, units) == cut
    assert len(cut.encode("utf-16-le")) <= 2 * units


def test_a_cut_text_is_told_unless_more_was_changed() -> None:
    brief = Ability(frozenset({"send", "direct"}), text_units_max=4)
    long = command(SendMessage, text="茶茶茶茶茶")
    step = step_for(long, brief, NOON)
    assert isinstance(step.command, SendMessage)
    assert (step.command.text, step.downgraded_to) == ("茶茶茶…", "shorter_text")
    assert step_for(command(SendMessage, text="茶", reply_to="m"), brief, NOON).downgraded_to == "send"
    assert step_for(command(SendMessage, text="茶"), brief, NOON).downgraded_to is None
