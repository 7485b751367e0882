"""Which messages are paid: the cooldown and the daily cap, in event time.

A message that is paid holds a *slot*: its moment. A message wins a slot when its local day has one left and
no slot of the member lies nearer than the cooldown, before or after, in whatever order the messages arrive.
It must also differ from the last five paid messages of its day (`similar`).
Slots are given in log order and never handed on: a message that is removed, before or after it wins, keeps
its slot and is not paid. So who wins depends on the order of the chat alone, never on when moderation spoke.
"""

from collections.abc import Iterable
from enum import StrEnum

from services.rewards.domain.rules import MessageRule


class NoSlot(StrEnum):
    """Why a substantive message is not paid."""

    CAP = "cap"
    COOLDOWN = "cooldown"
    SIMILAR = "similar"


def refuse_slot(
    at_ms: int, same_day: list[int], beside: Iterable[list[int]], rule: MessageRule
) -> NoSlot | None:
    """Whether anything speaks against a slot at this moment; all times are milliseconds since 1970."""
    if len(same_day) >= rule.paid_per_day_max:
        return NoSlot.CAP
    cooldown_ms = rule.cooldown_seconds * 1000
    opens, closes = at_ms - cooldown_ms, at_ms + cooldown_ms
    for slot in same_day:
        if opens < slot < closes:
            return NoSlot.COOLDOWN
    for day in beside:
        for slot in day:
            if opens < slot < closes:
                return NoSlot.COOLDOWN
    return None
