"""A day of a community, told by all publishers: enough of everything that handlers exist for.

What a story lacks is taken from the golden examples, so that every contract has a sample.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.contracts.chat import (
    ClockSet,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
)
from shared.contracts.contract import Contract
from shared.contracts.engagement import CheckinRecorded, CheckinRevoked
from shared.contracts.envelope import seal, write
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.contracts.profiles import CommunityProfile
from shared.contracts.progress import CommunityProgress
from shared.contracts.registry import BY_TYPE
from tests.contract.examples import examples_of

COMMUNITY, HALL = "tea", "hall"
NOON = datetime(2024, 3, 5, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai, where a community without a profile lives."""
DAY = date(2024, 3, 5)
SUBSTANCE = "今天下午三点我们一起去湖边喝茶"
AD = "兼职日结，加 微 信 abc12345"


@dataclass(frozen=True, slots=True)
class Sample:
    """A record that is not in a log yet."""

    contract: type[Contract]
    topic: str
    headers: Sequence[tuple[str, bytes]]
    value: bytes
    event_id: str


def sample(data: Contract, occurred_at: datetime, source: str = "/law", topic: str | None = None) -> Sample:
    """An event as its publisher writes it."""
    envelope = seal(data, source, occurred_at)
    headers, value = write(data, envelope)
    return Sample(type(data), topic or data.TOPIC, headers, value, envelope.id)


def at(seconds: float = 0, **more: float) -> datetime:
    """A moment after noon."""
    return NOON + timedelta(seconds=seconds, **more)


def _about(message: str, member: str = "ann", **fields: Any) -> dict[str, Any]:
    return {
        "community_id": COMMUNITY,
        "channel_id": HALL,
        "message_id": message,
        "member_id": member,
        **fields,
    }


def _said(text: str, seconds: float, message: str, member: str = "ann", **fields: Any) -> Sample:
    return sample(MessagePosted(**_about(message, member), text=text, **fields), at(seconds))


def _chat() -> Iterator[Sample]:
    yield sample(MemberJoined(community_id=COMMUNITY, member_id="cat", invited_by="ann"), at(-60))
    yield _said(SUBSTANCE, 0, "m1")
    yield _said(f"@ann {SUBSTANCE}，算我一个", 20, "m2", "ben", mentions=("ann",), reply_to="m1",
                reply_to_member="ann")  # fmt: skip
    yield _said("早安！今日话题是春天的茶", 30, "m3", "robot", is_bot=True)
    yield _said("签到", 60, "c1")
    yield _said("打卡", 70, "c2")
    yield _said("check in", 80, "c3", "ben")
    yield _said(AD, 90, "ad1", "cat")
    yield _said("有没有人周末去爬山，我们约一个时间", 95, "e1", "cat")
    yield sample(MessageEdited(**_about("e1", "cat"), text=AD), at(100))
    for number in range(10):
        yield _said(chr(0x4E00 + 97 * number) * 9, 110 + number / 2, f"f{number}", "dan")
    yield _said("公告：今晚八点分享会，欢迎大家都来", 130, "o1", "eve", member_roles=("operator",))
    yield sample(ReactionAdded(**_about("m1", "ben"), reaction="👍", author_id="ann"), at(140))
    yield sample(ReactionRemoved(**_about("m1", "ben"), reaction="👍", author_id="ann"), at(141))
    yield sample(ReactionAdded(**_about("m1", "eve"), reaction="👍", author_id="ann"), at(142))
    yield _said("谢谢你的回答！", 145, "t1", "ann", reply_to="m2", reply_to_member="ben")
    for number, member in enumerate(("ann", "ben")):
        yield _said("举报", 150 + number, f"r{number}", member, reply_to="f0", reply_to_member="dan")
    yield _said("申诉", 160, "a1", "cat")
    yield _said("积分", 170, "q1", "ann")
    yield _said("兑换 1", 180, "q2", "ben")
    yield _said("绑定", 185, "l1", "ben")
    yield _said("绑定 123456", 187, "l2", "dan")
    yield _said(SUBSTANCE + "，说好了不见不散", 200, "m4")
    yield sample(MessageDeleted(**_about("m2", "ben"), deleted_by="eve"), at(210))
    yield sample(MessageDeleted(**_about("c3", "ben"), deleted_by="ben"), at(220))
    yield _said(AD, 2 * 3600, "ad2", "cat")
    yield _said("签到", 24 * 3600, "c4")
    yield _said(SUBSTANCE + "，第二天也来", 24 * 3600 + 60, "m5", "ben")
    yield sample(MemberLeft(community_id=COMMUNITY, member_id="cat", removed_by="eve"), at(25 * 3600))
    yield sample(MemberLeft(community_id=COMMUNITY, member_id="ben"), at(24.5 * 3600))
    yield from _night()


def _night() -> Iterator[Sample]:
    """Two come late; what is owed to them and to others waits for the morning."""
    eleven, midnight = 35 * 3600, 36 * 3600
    yield sample(MemberJoined(community_id=COMMUNITY, member_id="hal", member_name="Hal"), at(eleven))
    yield sample(MemberJoined(community_id=COMMUNITY, member_id="ivy", member_name="Ivy"), at(midnight))
    yield _said("大家好，我叫小艾，新来的，多多关照", midnight + 60, "i1", "ivy")
    yield _said("请问明天的茶会在哪里集合？", midnight + 120, "q1", "ben")
    yield _said("生日 3-9", midnight + 180, "b1")
    yield _said(AD, midnight + 240, "ad3", "dan")


def _moderation() -> Iterator[Sample]:
    def removed(message: str, member: str, seconds: float, decision: int = 1) -> Sample:
        data = MessageRemoved(
            **_about(message, member), rule="contact_ad", decision=decision, posted_at=at(seconds)
        )
        return sample(data, at(seconds + 1), "/hearth/moderation")

    yield removed("ad1", "cat", 90)
    yield removed("m4", "ann", 200)
    yield removed("c1", "ann", 60)
    restored = MessageRestored(**_about("m4"), decision=2, posted_at=at(200), restored_by="eve")
    yield sample(restored, at(300), "/hearth/moderation")
    yield removed("m1", "ann", 0)
    yield removed("never", "fay", 10)


def _engagement() -> Iterator[Sample]:
    def recorded(member: str, message: str, streak: int, revision: int = 1, **fields: Any) -> Sample:
        about = _about(message, member, streak_days=streak, revision=revision, local_date=DAY, **fields)
        return sample(CheckinRecorded(**about), at(60 + revision), "/hearth/engagement")

    yield recorded("ann", "c1", 1)
    yield recorded("ben", "c3", 7)
    revoked = {"community_id": COMMUNITY, "local_date": DAY, "message_id": "c1", "member_id": "ann"}
    yield sample(CheckinRevoked(**revoked), at(70), "/hearth/engagement")
    yield recorded("ann", "c2", 1, revision=2)
    yield recorded("ann", "c2", 14, campaign_id="reading")


def _golden(known: Iterable[type[Contract]]) -> Iterator[Sample]:
    """A full example of every other contract of this community; clocks and progress are the engine's."""
    left_out = {*known, ClockSet, *(BY_TYPE[f"hearth.progress.{name}.v1"] for name in ("lane", "community"))}
    for contract in BY_TYPE.values():
        if contract not in left_out:
            example = next(each for each in examples_of(contract) if each.name == "full")
            headers, value = example.record
            yield Sample(contract, contract.TOPIC, headers, value, example.headers["ce_id"])


def opening(has_office: bool = False) -> list[Sample]:
    """The community lives on its history's clock from here on; its operators may have a channel."""
    begins = [sample(ClockSet(community_id=COMMUNITY, mode="event", run_id="law"), at(-120))]
    if has_office:
        profile = CommunityProfile(community_id=COMMUNITY, revision=1, operators_channel_id="office")
        begins.append(sample(profile, at(-120)))
    return begins


def story() -> list[Sample]:
    """Everything that happens, publisher by publisher."""
    told = [*_chat(), *_moderation(), *_engagement()]
    return [*told, *_golden({each.contract for each in told})]


def closing() -> list[Sample]:
    """Two months pass, as the chat and all services that timers may wait for say."""
    spring = datetime(2024, 5, 3, tzinfo=UTC)
    progress = [
        sample(
            CommunityProgress(community_id=COMMUNITY, service=service, mode="event", turns=1, clock=spring),
            spring, f"/hearth/{service}", topic=f"{service}.events",
        )
        for service in ("moderation", "engagement", "rewards")
    ]  # fmt: skip
    return [
        *progress,
        sample(ClockSet(community_id=COMMUNITY, mode="event", run_id="end", to=spring), spring),
    ]
