"""A month in the life of a community: everything that happens, as events in order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from connectors.imports.reading import Parsed
from shared.contracts.profiles import Channel, CommunityProfile
from tools.simulator import rhythm, wording
from tools.simulator.people import ROBOT, Person, Role, make_people
from tools.simulator.session import Session
from tools.simulator.spam import Spammer
from tools.simulator.stage import Speaker, Stage
from tools.simulator.talk import converse, speaker
from tools.simulator.themes import CHANNELS, THEMES
from tools.simulator.troubles import Troubles

SOURCE = "/simulator"
"""CloudEvents source; part of every id."""
MEMBERS_MIN = 30
CONVERSATIONS_PER_MEMBER = 0.092
"""A day; a community of 300 has about 28 of them."""
GREETINGS_PER_MEMBER = 0.05
MEMBERS_PER_SPAMMER = 20
CAPABILITIES = ("delete", "mute", "remove", "send", "reply", "direct")


@dataclass(frozen=True, slots=True)
class Settings:
    """Which life. The same settings give the same events, byte for byte."""

    community_id: str
    start: date
    days: int = 31
    seed: int = 1
    members: int = 300
    time_zone: str = "Asia/Shanghai"
    name: str = "山茶茶馆"

    @property
    def zone(self) -> ZoneInfo:
        """The community's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return rhythm.at(self.start + timedelta(days=self.days), 0, self.zone)

    @property
    def session_at(self) -> datetime:
        """Eight in the evening of the first Saturday in its second half."""
        middle = self.start + timedelta(days=self.days // 2)
        return rhythm.at(middle + timedelta(days=(5 - middle.weekday()) % 7), 20, self.zone)


def profile(settings: Settings, revision: int) -> CommunityProfile:
    """The community with its channels, and what a connector can do in them."""
    return CommunityProfile(
        community_id=settings.community_id,
        revision=revision,
        name=settings.name,
        time_zone=settings.time_zone,
        channels=tuple(
            Channel(channel_id=channel_id, name=name, capabilities=CAPABILITIES)
            for channel_id, name in CHANNELS.items()
        ),
    )


def simulate(settings: Settings) -> Iterator[Parsed]:
    """Everything that happens, in order of time."""
    people = make_people(
        settings.community_id, max(MEMBERS_MIN, settings.members), settings.days, _chance(settings, "people")
    )
    run = f"s{settings.seed}-{settings.start:%y%m%d}"
    life = _Life(settings, people, Stage(settings.community_id, run))
    for number in range(settings.days):
        life.day(number)
    life.spammers()
    life.troubles()
    if settings.session_at < settings.end:
        Session(life.stage, _chance(settings, "session")).hold(people, settings.session_at)
    yield from life.stage.events(until=settings.end)


def _chance(settings: Settings, part: str) -> Random:
    """An own source of chance for each part, so that a change in one leaves the others as they are."""
    return Random(f"{settings.seed}/{settings.community_id}/{settings.start}/{part}")  # noqa: S311


@dataclass(slots=True)
class _Life:
    """The days, one after another."""

    settings: Settings
    people: Sequence[Person]
    stage: Stage
    checkins: dict[str, int] = field(default_factory=dict)

    def day(self, number: int) -> None:
        """All that happens on one local date but spam."""
        settings = self.settings
        day = settings.start + timedelta(days=number)
        chance = _chance(settings, f"day-{number}")
        present = [person for person in self.people if person.is_there(number)]
        is_cold = number > 0 and chance.random() < rhythm.COLD_SHARE
        scale = rhythm.busyness(day, is_cold, chance) * len(self.people)
        for _ in range(round(scale * CONVERSATIONS_PER_MEMBER)):
            converse(self.stage, present, rhythm.moment(day, is_cold, settings.zone, chance), chance)
        talkers = [person for person in present if person.role is not Role.LURKER]
        for person in chance.choices(talkers, k=round(scale * GREETINGS_PER_MEMBER)):
            at = rhythm.moment(day, is_cold, settings.zone, chance)
            self.stage.say(speaker(person), "hall", chance.choice(wording.GREETINGS), at)
        self._check_in(day, present, chance)
        self._come_and_go(number, day, present, chance)
        self._operate(day, chance)

    def _check_in(self, day: date, present: Sequence[Person], chance: Random) -> None:
        for person in present:
            habit = person.habit
            if habit is None or chance.random() > habit.faithful:
                continue
            count = self.checkins[person.member_id] = self.checkins.get(person.member_id, 0) + 1
            at = rhythm.at(day, habit.hour + chance.uniform(-0.4, 0.35), self.settings.zone)
            for _ in range(2 if chance.random() < 0.05 else 1):
                text = wording.checkin(habit.channel_id, count, chance)
                said = self.stage.say(speaker(person), habit.channel_id, text, at)
                if chance.random() < 0.2:
                    other = chance.choice(present)
                    self.stage.react(
                        said, other.member_id, "👍", at + timedelta(seconds=chance.randint(20, 900))
                    )
                at += timedelta(minutes=chance.uniform(1, 30))

    def _come_and_go(self, number: int, day: date, present: Sequence[Person], chance: Random) -> None:
        for person in self.people:
            if person.joins_on == number:
                at = rhythm.at(day, chance.uniform(8.5, 22.0), self.settings.zone)
                self.stage.join(person.member_id, person.name, at, person.invited_by)
                if person.role is not Role.LURKER and chance.random() < 0.6:
                    self._introduce(person, present, at, chance)
            if person.leaves_on == number:
                self.stage.leave(person.member_id, rhythm.at(day, chance.uniform(9, 23), self.settings.zone))

    def _introduce(self, person: Person, present: Sequence[Person], at: datetime, chance: Random) -> None:
        inviter = next((each.name for each in present if each.member_id == person.invited_by), "朋友")
        at += timedelta(minutes=chance.uniform(1, 40))
        words = {
            "name": person.name,
            "name_from": inviter,
            "theme": person.themes[0].name,
            "other": person.themes[-1].name,
            "city": person.city,
            "job": person.job,
        }
        text = chance.choice(wording.INTRODUCTIONS).format_map(words)
        introduction = self.stage.say(speaker(person), "hall", text, at)
        for other in chance.sample(list(present), min(len(present), chance.choice((0, 1, 2, 2, 3)))):
            at += timedelta(seconds=chance.uniform(10, 240))
            welcome = chance.choice(wording.WELCOMES).format_map(words)
            self.stage.say(speaker(other), "hall", welcome, at, introduction)

    def _operate(self, day: date, chance: Random) -> None:
        """The robot's morning post, and a few words of an operator."""
        key, name = ROBOT
        robot = Speaker(f"{self.settings.community_id}:{key}", name, is_bot=True)
        theme = chance.choice(THEMES)
        at = rhythm.at(day, 8.0, self.settings.zone)
        self.stage.say(robot, "hall", f"早安！{day.month}月{day.day}日，今日话题：{theme.name}", at)
        operators = [person for person in self.people if person.role is Role.OPERATOR]
        if day.weekday() in (1, 4) and operators:
            at = rhythm.at(day, chance.uniform(19.5, 20.5), self.settings.zone)
            text = f"周六晚八点分享会：聊聊{theme.name}，欢迎大家来。{chance.choice(wording.CHECKIN_TALK)}"
            self.stage.say(speaker(chance.choice(operators)), "hall", text, at)

    def spammers(self) -> None:
        """Strangers who advertise, on any day and at any hour."""
        chance = _chance(self.settings, "spam")
        operator = next(person for person in self.people if person.role is Role.OPERATOR)
        for number in range(max(3, len(self.people) // MEMBERS_PER_SPAMMER)):
            member_id = f"{self.settings.community_id}:x{number:02d}"
            who = Speaker(member_id, f"客服{chance.randint(100, 999)}")
            day = self.settings.start + timedelta(days=chance.randrange(self.settings.days))
            at = rhythm.at(day, chance.uniform(0.0, 23.0), self.settings.zone)
            Spammer(who, self.stage, chance).visit(at, operator.member_id)

    def troubles(self) -> None:
        """What happens once in a month: spread over its days, the last of it shortly before the end."""
        chance = _chance(self.settings, "troubles")
        troubles = Troubles(self.settings.community_id, self.stage, chance)
        troubles.never_stops(self.people, self._evening(0.2, chance))
        troubles.gang(self._evening(0.4, chance))
        troubles.raid(self._evening(0.6, chance))
        troubles.misjudged(self.people, self._evening(0.95, chance))

    def _evening(self, share: float, chance: Random) -> datetime:
        """Of the day behind this share of all days."""
        day = self.settings.start + timedelta(days=int(self.settings.days * share))
        return rhythm.at(day, chance.uniform(19.5, 20.5), self.settings.zone)
