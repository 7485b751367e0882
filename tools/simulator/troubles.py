"""Troubles of an operator's month: a gang, a raid, somebody who never stops, a misjudged member."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tools.simulator.people import Person, Role
from tools.simulator.spam import FLOODS
from tools.simulator.stage import Speaker, Stage
from tools.simulator.talk import speaker

GANG = ("心怡", "阿豪", "小曼")
GANG_TEXT = "这个平台我用了半个月，每天看看视频就有零花钱，昨天又到账了，朋友们都可以试试看{end}"
GANG_ENDS = ("", "～", "！")
RAIDERS = 54
RAID_NAMES = ("追风", "小雨", "北极星", "momo", "阿强", "静静", "Leo", "一叶", "可可")
RAID_WORDS = ("朋友转发的海报看到的", "海报上的群就是这个吧", "刚扫码进来，大家好")
FLOODED_TIMES = 3
QUOTED = "刚才有人冒充客服私聊我，原话是：加微信 abc12345 日赚三百，已经举报了，大家别信"
APPEALED = "申诉 我是在转述骗子的话提醒大家，不是广告"
SORRY = ("不好意思刚才太激动了", "以后注意，不刷屏了", "解除了，下次不敢了")


@dataclass(frozen=True, slots=True)
class Troubles:
    """Each happens once, on a day that its caller chooses."""

    community_id: str
    stage: Stage
    chance: Random

    def gang(self, at: datetime) -> None:
        """Three new accounts say the same within minutes, without any contact in it; then they are gone."""
        for number, (name, end) in enumerate(zip(GANG, GANG_ENDS, strict=True)):
            member_id = f"{self.community_id}:g{number}"
            self.stage.join(member_id, name, at + timedelta(minutes=number))
            said_at = at + timedelta(minutes=6 + number, seconds=self.chance.uniform(0, 40))
            self.stage.say(Speaker(member_id, name), "hall", GANG_TEXT.format(end=end), said_at)
            self.stage.leave(member_id, said_at + timedelta(hours=self.chance.uniform(1, 30)))

    def raid(self, at: datetime) -> None:
        """Someone posts the group's code in a large group: a wave of joins, most of whom never speak."""
        for number in range(RAIDERS):
            name = f"{self.chance.choice(RAID_NAMES)}{self.chance.randint(10, 99)}"
            member_id = f"{self.community_id}:w{number:02}"
            at += timedelta(seconds=self.chance.uniform(5, 70))
            self.stage.join(member_id, name, at)
            if number % 9 == 0:
                text = self.chance.choice(RAID_WORDS)
                said_at = at + timedelta(minutes=self.chance.uniform(2, 5))
                self.stage.say(Speaker(member_id, name), "hall", text, said_at)
            if self.chance.random() < 0.7:
                self.stage.leave(member_id, at + timedelta(hours=self.chance.uniform(6, 60)))

    def never_stops(self, people: Sequence[Person], at: datetime) -> None:
        """A member floods on three evenings, the last of which ends in a mute; the next day he is back."""
        person = _settled(people, Role.CASUAL)
        for evening in range(FLOODED_TIMES):
            said_at = at + timedelta(days=evening, minutes=self.chance.uniform(0, 40))
            for _ in range(self.chance.randint(10, 13)):
                self.stage.say(speaker(person), "hall", FLOODS[evening], said_at)
                said_at += timedelta(seconds=self.chance.uniform(0.4, 0.9))
        self.stage.say(
            speaker(person), "hall", self.chance.choice(SORRY), at + timedelta(days=FLOODED_TIMES, hours=-3)
        )

    def misjudged(self, people: Sequence[Person], at: datetime) -> None:
        """A regular warns of an ad and quotes it; the message is taken for one, and he appeals."""
        person = _settled(people, Role.REGULAR)
        self.stage.say(speaker(person), "hall", QUOTED, at)
        self.stage.say(speaker(person), "hall", APPEALED, at + timedelta(minutes=self.chance.uniform(3, 20)))


def _settled(people: Sequence[Person], role: Role) -> Person:
    """Somebody who was there before and stays."""
    return next(
        each for each in people if each.role is role and each.joins_on is None and each.leaves_on is None
    )
