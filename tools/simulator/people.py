"""Who lives in the community: leaders, regulars, lurkers, newcomers, spammers, and their habits."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

from tools.simulator.theme import Theme, words
from tools.simulator.themes import THEMES
from tools.simulator.wording import CITIES, JOBS

FIRST = words("""
    阿紫 山里来的风 小满 老周 木木 一只橘子 晚风 南方姑娘 豆浆不加糖 北鼻 七月 林深见鹿 石头 阿May 大鱼 慢慢
    小鹿 云朵 半糖 青柠 老李 胖达 落落 阿杰 星河 米粒 苏打 土豆 小北 江南 阿宽 初一 安安 十三 瓜子 葡萄 糖糖
    阿布 静水 小白 夏天 知了 老王 麦子 松果 水手 阿花 西西 海盐 栗子
""")
LAST = ["", *words("同学 在路上 爱喝茶 不加班 _hz 妈妈 爸爸 先生 的日常 要早睡 2号 很忙")]
LEADERS = (("yunshan", "读书会老云"), ("dapeng", "跑团大鹏"), ("linjie", "会做饭的林姐"))
OPERATORS = (("keeper", "茶馆掌柜"), ("helper", "店小二"))
ROBOT = ("robot", "茶馆小助手")


class Role(Enum):
    """How somebody lives in the community."""

    LEADER = "leader"
    OPERATOR = "operator"
    REGULAR = "regular"
    CASUAL = "casual"
    LURKER = "lurker"


ACTIVITY = {Role.LEADER: 9.0, Role.OPERATOR: 3.0, Role.REGULAR: 5.0, Role.CASUAL: 1.0, Role.LURKER: 0.02}


@dataclass(frozen=True, slots=True)
class Habit:
    """Checks in on most days, around an hour."""

    hour: float
    faithful: float
    """Share of the days."""
    channel_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A member. `joins_on` and `leaves_on` count days from the beginning; None: before, and not at all."""

    member_id: str
    name: str
    role: Role
    activity: float
    """How much of the talk is theirs, relative to others."""
    themes: tuple[Theme, ...]
    city: str
    job: str
    is_owl: bool
    """Rather late than early."""
    habit: Habit | None = None
    joins_on: int | None = None
    leaves_on: int | None = None
    invited_by: str | None = None

    def is_there(self, day: int) -> bool:
        """Whether they can talk on that day."""
        return (self.joins_on is None or self.joins_on < day) and (
            self.leaves_on is None or day < self.leaves_on
        )


def make_people(community_id: str, count: int, days: int, chance: Random) -> tuple[Person, ...]:
    """A cast of `count` members, without spammers and robots."""
    known = [
        *(_person(community_id, key, name, Role.LEADER, chance) for key, name in LEADERS),
        *(_person(community_id, key, name, Role.OPERATOR, chance) for key, name in OPERATORS),
    ]
    newcomers = count * 18 // 100
    settled = max(0, count - newcomers - len(known))
    names = _names(settled + newcomers, chance)
    for number in range(settled):
        role = _role(number, settled)
        leaves_on = chance.randrange(days) if role is Role.CASUAL and chance.random() < 0.08 else None
        name = names[number]
        known.append(_person(community_id, f"u{number:03d}", name, role, chance, leaves_on=leaves_on))
    arrivals = sorted(chance.randrange(days) for _ in range(newcomers))
    for number, day in enumerate(arrivals, start=settled):
        known.append(_newcomer(community_id, f"u{number:03d}", names[number], day, known, chance))
    return tuple(known)


def _role(number: int, settled: int) -> Role:
    """Settled members by their number: an eighth regulars, a third casual, the rest lurks."""
    if number < settled // 8:
        return Role.REGULAR
    return Role.CASUAL if number < settled // 8 + settled // 3 else Role.LURKER


def _newcomer(
    community_id: str, key: str, name: str, day: int, known: Sequence[Person], chance: Random
) -> Person:
    talkers = [person for person in known if person.role in (Role.LEADER, Role.REGULAR)]
    inviter = chance.choice(talkers).member_id if chance.random() < 0.6 else None
    role = chance.choices((Role.REGULAR, Role.CASUAL, Role.LURKER), (1, 5, 4))[0]
    leaves_on = day + chance.randint(1, 6) if chance.random() < 0.15 else None
    return _person(
        community_id, key, name, role, chance, joins_on=day, leaves_on=leaves_on, invited_by=inviter
    )


def _person(
    community_id: str,
    key: str,
    name: str,
    role: Role,
    chance: Random,
    *,
    joins_on: int | None = None,
    leaves_on: int | None = None,
    invited_by: str | None = None,
) -> Person:
    return Person(
        member_id=f"{community_id}:{key}",
        name=name,
        role=role,
        activity=ACTIVITY[role] * chance.uniform(0.4, 1.8),
        themes=tuple(chance.sample(THEMES, chance.randint(2, 4))),
        city=chance.choice(CITIES),
        job=chance.choice(JOBS),
        is_owl=chance.random() < 0.4,
        habit=_habit(role, chance),
        joins_on=joins_on,
        leaves_on=leaves_on,
        invited_by=invited_by,
    )


def _habit(role: Role, chance: Random) -> Habit | None:
    share = {Role.LEADER: 0.7, Role.REGULAR: 0.55, Role.CASUAL: 0.22, Role.LURKER: 0.02}.get(role, 0.0)
    if chance.random() >= share:
        return None
    hour = chance.choice((chance.uniform(6.0, 8.5), chance.uniform(12.0, 13.5), chance.uniform(20.5, 23.6)))
    return Habit(hour, chance.uniform(0.45, 0.99), chance.choice(("books", "sports", "life")))


def _names(count: int, chance: Random) -> list[str]:
    """Different names, as people choose them."""
    every = [f"{first}{last}" for first in FIRST for last in LAST]
    if count > len(every):
        every += [f"{name}{number}" for number in range(2, 2 + count // len(every)) for name in every[:count]]
    return chance.sample(every, count)
