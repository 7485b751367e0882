"""What replaces an act that a platform lacks: one ladder for all connectors.

| asked | needs | else | else |
|---|---|---|---|
| delete_message | delete | operators are told | unsupported |
| mute_member | mute (shortened to the platform's longest) | operators are told | unsupported |
| unmute_member | mute | unsupported | |
| remove_member | remove | operators are told | unsupported |
| ban_member | ban | remove | operators are told, unsupported |
| unban_member | ban | unsupported | |
| pin_message | pin | unsupported | |
| answer_join_request | answer_join | operators are told | unsupported |
| grant_title | title | unsupported | |
| send_message to a channel | send (reply, when it answers a message) | send without reply | unsupported |
| send_message to a member | direct | unsupported: what is private never becomes public | |
| send_message, longer than the platform takes | | cut, with … at its end (`shorter_text`) | |

`send` and `reply` are apart: where only `reply` is there, a text waits for a message that it can answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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

CAPABILITIES = frozenset(
    (
        "delete",
        "mute",
        "remove",
        "ban",
        "pin",
        "send",
        "reply",
        "direct",
        "list_members",
        "replay",
        "answer_join",
        "title",
    )
)
TOLD_OPERATORS = "told_operators"
TELLS_OPERATORS = (DeleteMessage, MuteMember, RemoveMember, BanMember, AnswerJoinRequest)
_NEEDS: dict[type[Command], str] = {
    DeleteMessage: "delete",
    MuteMember: "mute",
    UnmuteMember: "mute",
    RemoveMember: "remove",
    BanMember: "ban",
    UnbanMember: "ban",
    PinMessage: "pin",
    AnswerJoinRequest: "answer_join",
    GrantTitle: "title",
}


@dataclass(frozen=True, slots=True)
class Ability:
    """What a platform can do in one channel."""

    capabilities: frozenset[str]
    mute_seconds_max: int | None = None
    text_units_max: int | None = None
    """UTF-16 code units, by which no platform counts less; a longer text is cut."""

    def __post_init__(self) -> None:
        if unknown := self.capabilities - CAPABILITIES:
            raise ValueError(
                f"{', '.join(sorted(unknown))}: no capability; of {', '.join(sorted(CAPABILITIES))}"
            )


def common_ability(abilities: Sequence[Ability]) -> Ability:
    """What can be done in each of several channels."""
    able = frozenset.intersection(*(each.capabilities for each in abilities))
    return replace(abilities[0], capabilities=able)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about a command: `command` as it is carried out, or None where nothing can be."""

    command: Command | None
    downgraded_to: str | None = None
    """What is done instead; `told_operators` with no command: a text to the operators' channel."""


def step_for(command: Command, ability: Ability, now: datetime) -> Step:
    """The highest rung that the channel reaches."""
    if isinstance(command, SendMessage):
        return _cut(_sending(command, ability.capabilities), ability.text_units_max)
    needed = _NEEDS.get(type(command), "")
    if needed in ability.capabilities:
        return _shortened(command, ability, now) if isinstance(command, MuteMember) else Step(command)
    if isinstance(command, BanMember) and "remove" in ability.capabilities:
        fields = command.model_dump()
        return Step(RemoveMember(**fields), "remove")
    return Step(None, TOLD_OPERATORS if isinstance(command, TELLS_OPERATORS) else None)


def _sending(command: SendMessage, capabilities: frozenset[str]) -> Step:
    if command.channel_id is None:
        return Step(command if "direct" in capabilities else None)
    if command.reply_to is not None and "reply" in capabilities:
        return Step(command)
    if "send" in capabilities:
        plain = command if command.reply_to is None else command.model_copy(update={"reply_to": None})
        return Step(plain, None if command.reply_to is None else "send")
    return Step(command if "reply" in capabilities else None)


def _shortened(command: MuteMember, ability: Ability, now: datetime) -> Step:
    limit = ability.mute_seconds_max
    if limit is None or command.until - now <= timedelta(seconds=limit):
        return Step(command)
    return Step(command.model_copy(update={"until": now + timedelta(seconds=limit)}), "shorter_mute")


def _cut(step: Step, units_max: int | None) -> Step:
    if units_max is None or not isinstance(step.command, SendMessage):
        return step
    text = shortened(step.command.text, units_max)
    if text == step.command.text:
        return step
    return Step(step.command.model_copy(update={"text": text}), step.downgraded_to or "shorter_text")


def shortened(text: str, units_max: int) -> str:
    """The text, or so much of it as fits with an ellipsis; no character is halved."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * units_max:
        return text
    return units[: 2 * (units_max - 1)].decode("utf-16-le", "ignore") + "…"
