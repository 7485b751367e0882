"""Spammers: they come, chat a little, advertise past the filters or flood, and go or are removed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tools.simulator.stage import Speaker, Stage
from tools.simulator.themes import CHANNELS
from tools.simulator.wording import GREETINGS

ZERO_WIDTH = "\u200b"
OFFERS = (
    "兼职日结{n}00，在家就能做，{contact}",
    "免费领取理财资料，老师一对一带，{contact}",
    "低价出一手货源，{contact}，量大从优",
    "需要贷款的朋友看过来，秒批放款，{contact}",
    "点赞员招人，日入{n}00，详情{contact}",
    "代开发票，安全可靠，{contact}",
    "内部优惠券群，每天更新，{contact}",
    "高薪招聘宝妈，手机就能做，{contact}",
)
FLOODS = (
    "顶顶顶！走过路过不要错过",
    "刷屏刷屏刷屏",
    "快来看直播啦啦啦啦",
    "红包红包红包抢红包",
    "转发转发扩散扩散",
)
ACCOUNTS = ("mai{n}8866", "xy{n}2024", "kk{n}520a", "abc{n}168", "lucky{n}99", "zs{n}777")


def _plain(account: str) -> str:
    return f"加微信 {account}"


def _spaced(account: str) -> str:
    return f"加 微 信 {account}"


def _zero_width(account: str) -> str:
    return f"加{ZERO_WIDTH}微{ZERO_WIDTH}信{ZERO_WIDTH}：{account}"


def _heart(account: str) -> str:
    return f"加薇❤信{account}"


def _wide(account: str) -> str:
    wide = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in account)
    return f"加ｖｘ：{wide}"


def _homoglyph(account: str) -> str:
    looks = str.maketrans("aeocx", "аеосх")
    return f"加微信：{account.translate(looks)}"


def _circled(account: str) -> str:
    circled = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")
    return f"微信{account.translate(circled)} 加我"


def _group(account: str) -> str:
    return f"进群 https://t.me/{account}"


EVASIONS: tuple[Callable[[str], str], ...] = (
    _plain,
    _spaced,
    _zero_width,
    _heart,
    _wide,
    _homoglyph,
    _circled,
    _group,
)


@dataclass(frozen=True, slots=True)
class Spammer:
    """One visit."""

    speaker: Speaker
    stage: Stage
    chance: Random

    def visit(self, at: datetime, operator_id: str) -> None:
        """From joining to being gone."""
        chance = self.chance
        self.stage.join(self.speaker.member_id, self.speaker.name, at)
        at += timedelta(minutes=chance.uniform(2, 240))
        if chance.random() < 0.4:
            self.stage.say(self.speaker, "hall", chance.choice(GREETINGS), at)
            at += timedelta(minutes=chance.uniform(1, 30))
        acts = (self._advertise, self._flood) if chance.random() < 0.3 else (chance.choice(self._acts),)
        for act in acts:
            at = act(at) + timedelta(minutes=chance.uniform(0.5, 4))
        at += timedelta(minutes=chance.uniform(1, 40))
        self.stage.leave(self.speaker.member_id, at, operator_id if chance.random() < 0.6 else None)

    @property
    def _acts(self) -> tuple[Callable[[datetime], datetime], ...]:
        return (self._advertise, self._advertise, self._flood)

    def _advertise(self, at: datetime) -> datetime:
        """The same offer in several channels, written differently each time."""
        chance = self.chance
        account = chance.choice(ACCOUNTS).format(n=chance.randint(1, 9))
        for channel_id in chance.sample(sorted(CHANNELS), chance.randint(2, len(CHANNELS))):
            contact = chance.choice(EVASIONS)(account)
            offer = chance.choice(OFFERS).format(n=chance.randint(2, 9), contact=contact)
            self.stage.say(self.speaker, channel_id, offer, at)
            at += timedelta(seconds=chance.uniform(12, 90))
        return at

    def _flood(self, at: datetime) -> datetime:
        """A dozen and more of nearly the same within seconds."""
        chance = self.chance
        line = chance.choice(FLOODS)
        for number in range(chance.randint(11, 22)):
            self.stage.say(self.speaker, "hall", line + "！" * (number % 3), at)
            at += timedelta(seconds=chance.uniform(0.3, 1.1))
        return at
