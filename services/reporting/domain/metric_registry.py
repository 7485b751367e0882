"""The metrics: each declared once, with its name, titles, definition, unit and how it is computed.

The API, the reports and docs read them from here; nothing else knows what a metric means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CHINESE, ENGLISH = "zh-CN", "en"


@dataclass(frozen=True, slots=True)
class Term:
    """Facts of one type, added or subtracted."""

    type: str
    sign: Literal[1, -1] = 1
    of: Literal["events", "amount"] = "events"
    bots: bool = False
    """Whose facts: those of bots, or those of people and of Hearth itself."""

    def __str__(self) -> str:
        measure = "count" if self.of == "events" else "sum"
        who = ", bots" if self.bots else ""
        return f"{'+' if self.sign > 0 else '-'}{measure}({self.type}{who})"


@dataclass(frozen=True, slots=True)
class Sum:
    """Adds up over days: a longer period has the sum of its days."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " ".join(str(term) for term in self.terms).removeprefix("+")


@dataclass(frozen=True, slots=True)
class DistinctMembers:
    """Members who wrote, each once however long the period: never the sum of its days."""

    def __str__(self) -> str:
        return "count(distinct member of message.posted, no bots)"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    unit: str
    """A key of UNITS."""
    how: Sum | DistinctMembers
    titles: Mapping[str, str]
    """By locale."""
    definitions: Mapping[str, str]
    """By locale; one sentence."""


UNITS: Mapping[str, Mapping[str, str]] = {
    "messages": {CHINESE: "条", ENGLISH: "messages"},
    "members": {CHINESE: "人", ENGLISH: "members"},
    "times": {CHINESE: "次", ENGLISH: "times"},
    "points": {CHINESE: "分", ENGLISH: "points"},
}


def _metric(
    name: str, unit: str, how: Sum | DistinctMembers, chinese: tuple[str, str], english: tuple[str, str]
) -> Metric:
    titles = {CHINESE: chinese[0], ENGLISH: english[0]}
    return Metric(name, unit, how, titles, {CHINESE: chinese[1], ENGLISH: english[1]})


METRICS: tuple[Metric, ...] = (
    _metric(
        "messages",
        "messages",
        Sum((Term("message.posted"),)),
        ("消息数", "当天成员发出的消息，不含机器人；之后被撤下的也计入。"),
        (
            "Messages",
            "Messages that people wrote that day, bots left out; those removed later are counted too.",
        ),
    ),
    _metric(
        "active_members",
        "members",
        DistinctMembers(),
        ("活跃成员", "期间至少发过一条消息的成员，每人只计一次，不含机器人。"),
        ("Active members", "Members who wrote at least one message in the period, each once, bots left out."),
    ),
    _metric(
        "joins",
        "times",
        Sum((Term("member.joined"),)),
        ("加入", "当天加入社群的次数，不含机器人；退出后再加入算两次。"),
        ("Joins", "Times that somebody came in that day, bots left out; who comes back counts again."),
    ),
    _metric(
        "leaves",
        "times",
        Sum((Term("member.left"),)),
        ("退出", "当天离开社群的次数，包括被移出的。"),
        ("Leaves", "Times that somebody left that day, by choice or removed."),
    ),
    _metric(
        "checkins",
        "times",
        Sum((Term("checkin.recorded"), Term("checkin.revoked", -1))),
        ("打卡", "为当天记下的打卡减去之后撤销的。"),
        ("Check-ins", "Check-ins recorded for that day, less those revoked since."),
    ),
    _metric(
        "removals",
        "messages",
        Sum((Term("message.removed"), Term("message.restored", -1))),
        ("撤下消息", "当天发出、被管理撤下且未恢复的消息。"),
        ("Removals", "Messages written that day that moderation removed and nobody restored."),
    ),
    _metric(
        "reactions",
        "times",
        Sum((Term("reaction.added"),)),
        ("表情回应", "当天给出的表情回应；之后收回的仍计入。"),
        ("Reactions", "Reactions given that day; those taken back later are counted too."),
    ),
    _metric(
        "points_issued",
        "points",
        Sum((Term("points.awarded", of="amount"),)),
        ("发放积分", "当天发放的积分，未减去之后收回的。"),
        ("Points issued", "Points awarded that day, before anything is reversed."),
    ),
    _metric(
        "points_reversed",
        "points",
        Sum((Term("points.reversed", of="amount"),)),
        ("收回积分", "当天收回的积分，不论何时发放。"),
        ("Points reversed", "Points taken back that day, whenever they were awarded."),
    ),
    _metric(
        "bot_messages",
        "messages",
        Sum((Term("message.posted", bots=True),)),
        ("机器人消息", "当天机器人发出的消息，与成员消息分开计。"),
        ("Bot messages", "Messages that bots wrote that day, counted apart from those of people."),
    ),
)
BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
