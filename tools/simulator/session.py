"""A hosted session on a Saturday evening: who wants to come, who cannot after all, what is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tools.simulator.people import Person, Role
from tools.simulator.stage import Stage
from tools.simulator.talk import speaker

TITLE = "分享会"
CHANNEL = "hall"
COMERS = 9
LASTS = timedelta(hours=1)
QUESTIONS = ("提问 第一次泡岩茶水温多少合适", "提问 茶席上最不能省的是哪一样", "提问 入门买多大的盖碗")
WORDS = ("记下来了", "这个讲得透", "原来要先温杯", "图很清楚", "下次带朋友来听", "坐等下一期")


@dataclass(frozen=True, slots=True)
class Session:
    """Members say so when they come, most of them on its day."""

    stage: Stage
    chance: Random

    def hold(self, people: Sequence[Person], starts_at: datetime) -> None:
        """From the first who wants to come to the last word."""
        settled = [
            each for each in people
            if each.joins_on is None and each.leaves_on is None and each.role in (Role.REGULAR, Role.CASUAL)
        ]  # fmt: skip
        comers = self.chance.sample(settled, min(COMERS, len(settled)))
        for person in comers:
            at = starts_at - timedelta(hours=self.chance.uniform(2, 11))
            self.stage.say(speaker(person), CHANNEL, f"报名 {TITLE}", at)
        gone, *present = comers
        self.stage.say(speaker(gone), CHANNEL, f"取消报名 {TITLE}", starts_at - timedelta(hours=1.5))
        for person, text in zip(present, (*QUESTIONS, *WORDS), strict=False):
            at = starts_at + timedelta(minutes=self.chance.uniform(5, 50))
            self.stage.say(speaker(person), CHANNEL, text, at)
