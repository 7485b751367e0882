"""Order in a hosted session (控场): who neither hosts nor speaks sends no links, ads or floods meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.moderation.domain.message import Match, Message, Recent
from services.moderation.domain.policy import Action, Rule
from services.moderation.domain.rules.flood import SECOND_US, SECONDS_MAX, burst
from services.moderation.domain.rules.kind import Kind


@dataclass(frozen=True, slots=True)
class SessionOrder:
    """More than `messages_max` messages in `rate_seconds` in the channel, a link, or a finding of `kinds`.

    The first offence of a member in a session is only pointed out, with what else comes within
    `grace_seconds` of it; what follows is the rule's own action.
    """

    messages_max: int = 4
    rate_seconds: int = 10
    grace_seconds: int = 10
    links: bool = True
    kinds: tuple[str, ...] = ("contact_ad", "link", "wall")
    """Their findings count here, also where they alone would only be observed or reviewed."""

    def __post_init__(self) -> None:
        if self.messages_max < 1 or not 1 <= self.rate_seconds <= SECONDS_MAX:
            raise ValueError(f"a session's limit is 1 message or more in 1 to {SECONDS_MAX} seconds")
        if not 0 <= self.grace_seconds <= 3600:
            raise ValueError("the first offence covers 0 to 3600 seconds")

    def judge(self, message: Message, recent: Sequence[Recent], kinds: frozenset[str]) -> Match | None:
        """What disturbs; `recent` are the member's messages with this one, `kinds` what rules found in it."""
        parts = [f"{kind} in a session" for kind in self.kinds if kind in kinds]
        if self.links and message.links and not parts:
            parts.append(f"{message.links} links in a session")
        here = [each for each in recent if each.channel_id == message.channel_id]
        at = next((n for n, each in enumerate(here) if each.message_id == message.message_id), None)
        if at is not None and len(here) > self.messages_max:
            weights = [1] * len(here)
            found = burst(here, at, self.rate_seconds * SECOND_US, weights, self.messages_max)
            if found:
                parts.append(f"{len(found)} messages, more than {self.messages_max} in {self.rate_seconds} s")
        return Match(0.7, (), "; ".join(parts)) if parts else None


def pointed_out(rule: Rule) -> Rule:
    """The rule for a first offence: the member is told, no more."""
    return replace(rule, action=Action.REMIND)


SESSION = Kind("session", SessionOrder, lambda params, _: params, crosses_members=True)
