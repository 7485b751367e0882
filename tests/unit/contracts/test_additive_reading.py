"""Contracts are read with care for what is new and without mercy for what is wrong."""

import pytest
from pydantic import ValidationError

from shared.contracts.chat import MessagePosted
from shared.contracts.contract import TEXT_CHARACTERS_MAX, Contract
from shared.contracts.profiles import CommunityProfile
from shared.contracts.registry import BY_TYPE, CONTRACTS, is_unknown_version
from shared.contracts.topics import TOPICS

POSTED = {"community_id": "tea", "channel_id": "hall", "message_id": "1", "member_id": "ann"}
TYPES = [pytest.param(each, id=each.TYPE) for each in CONTRACTS]


def test_unknown_fields_are_ignored_and_not_carried_on() -> None:
    read = MessagePosted.model_validate({**POSTED, "mood": "warm"})

    assert read == MessagePosted.model_validate(POSTED)
    assert "mood" not in read.model_dump()


def test_fields_that_are_absent_have_their_defaults_and_are_not_written() -> None:
    read = MessagePosted.model_validate(POSTED)

    assert (read.text, read.mentions, read.is_bot) == ("", (), False)
    assert read.model_dump(exclude_defaults=True) == POSTED


@pytest.mark.parametrize(
    "wrong",
    [
        {"community_id": ""},
        {"member_id": "m" * 256},
        {"message_id": None},
        {"message_id": 7},
        {"text": "字" * (TEXT_CHARACTERS_MAX + 1)},
        {"text": ["a"]},
        {"mentions": ["ann"] * 201},
        {"attachments": [{"kind": "spell"}]},
    ],
    ids=str,
)
def test_what_breaks_a_promise_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MessagePosted.model_validate({**POSTED, **wrong})


def test_the_longest_text_is_read() -> None:
    longest = "字" * TEXT_CHARACTERS_MAX

    assert MessagePosted.model_validate({**POSTED, "text": longest}).text == longest


def test_a_time_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="Asia/Peking"):
        CommunityProfile(community_id="tea", revision=1, time_zone="Asia/Peking")


def test_what_a_channel_says_of_itself_decides_what_it_can_do() -> None:
    profile = CommunityProfile.model_validate(
        {
            "community_id": "tea",
            "revision": 1,
            "channels": [{"channel_id": "hall", "capabilities": ["delete"]}, {"channel_id": "silent"}],
        }
    )

    assert profile.can("hall", "delete")
    assert not profile.can("hall", "mute")
    assert profile.can("silent", "mute")
    assert profile.can("unheard of", "mute")


@pytest.mark.parametrize("contract", TYPES)
def test_every_contract_is_frozen_registered_and_identified_by_its_own_fields(
    contract: type[Contract],
) -> None:
    assert BY_TYPE[contract.ce_type()] is contract
    assert contract.model_config.get("frozen")
    assert set(contract.IDENTITY) <= set(contract.model_fields)
    assert contract.__doc__
    assert contract.TOPIC in {"", *(topic.name for topic in TOPICS)}


def test_no_two_contracts_share_a_type() -> None:
    assert len(BY_TYPE) == len(CONTRACTS)


@pytest.mark.parametrize(
    ("ce_type", "unknown"),
    [
        ("hearth.message.posted.v1", False),
        ("hearth.message.posted.v2", True),
        ("hearth.message.posted.v10", True),
        ("hearth.message.posted", False),
        ("hearth.message.posted.vNext", False),
        ("hearth.message.posted.v²", False),
        ("hearth.message.sung.v2", False),
        ("com.example.v2", False),
    ],
)
def test_only_a_known_type_can_have_an_unknown_version(ce_type: str, unknown: bool) -> None:
    assert is_unknown_version(ce_type) is unknown
