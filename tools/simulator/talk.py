"""Conversations: somebody opens one, others answer, opinion leaders most; some ask, some thank."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tools.simulator.people import Person, Role
from tools.simulator.stage import Said, Speaker, Stage
from tools.simulator.theme import Theme
from tools.simulator.themes import THEMES
from tools.simulator.wording import REACTIONS, SHORT, THANKS, varied

LEADER_OPENS = 0.34
QUESTION_OPENS = 0.3
USUAL_LENGTH = 10
LENGTH_MAX = 45
LEADER_PULL = 1.5
"""How much longer people stay when a leader opened."""
GAP_SECONDS = (4.0, 48.0, 600.0)
"""Least, usual and most between two messages."""
REPLY_SHARE = 0.45
EDITED_SHARE, DELETED_SHARE = 0.012, 0.007


def speaker(person: Person) -> Speaker:
    """The person as the platform shows them."""
    roles = ("operator",) if person.role is Role.OPERATOR else ()
    return Speaker(person.member_id, person.name, roles)


@dataclass(slots=True)
class Conversation:
    """One conversation about one theme, at a table of a few people."""

    stage: Stage
    theme: Theme
    table: Sequence[Person]
    at: datetime
    chance: Random
    used: set[str] = field(default_factory=set)
    """Phrases of this conversation: nobody says what was just said."""

    def run(self, opener: Person) -> None:
        """From the opening to when nobody answers any more."""
        chance = self.chance
        is_question = chance.random() < QUESTION_OPENS
        bank = self.theme.questions if is_question else self.theme.openers
        first = self._say(opener, self._fresh(bank))
        pull = LEADER_PULL if opener.role is Role.LEADER else 1.0
        length = min(LENGTH_MAX, int(chance.expovariate(1 / (USUAL_LENGTH * pull))))
        recent = [first]
        for _ in range(length):
            self._pause()
            recent.append(self._answer(recent, first, is_question, opener))
        if is_question and length:
            self._thank(opener, recent)

    def _answer(self, recent: list[Said], first: Said, is_question: bool, opener: Person) -> Said:
        chance = self.chance
        person = self._next_to(recent[-1])
        to_first = chance.random() < (0.6 if opener.role is Role.LEADER or is_question else 0.25)
        target: Said | None = first if to_first else chance.choice(recent[-4:])
        if chance.random() > REPLY_SHARE:
            target = first if is_question and len(recent) < 3 else None
        return self._say(person, self._words(is_question and len(recent) < 6), target)

    def _words(self, answers: bool) -> str:
        chance = self.chance
        if answers and chance.random() < 0.7:
            return varied(self._fresh(self.theme.answers), chance)
        if chance.random() < 0.24:
            return chance.choice(SHORT)
        bank = self.theme.questions if chance.random() < 0.07 else self.theme.remarks
        return varied(self._fresh(bank), chance)

    def _fresh(self, bank: Sequence[str]) -> str:
        """A phrase that was not used yet, or a short one when there is none: only gangs repeat each other."""
        unused = [phrase for phrase in bank if phrase not in self.used]
        if not unused:
            return self.chance.choice(SHORT)
        phrase = self.chance.choice(unused)
        self.used.add(phrase)
        return self.theme.say(phrase, self.chance)

    def _thank(self, opener: Person, recent: list[Said]) -> None:
        helpful = next((said for said in recent if said.speaker.member_id != opener.member_id), None)
        if helpful and self.chance.random() < 0.75:
            self._pause()
            self._say(opener, self.chance.choice(THANKS).format(name=helpful.speaker.name), helpful)

    def _say(self, person: Person, text: str, target: Said | None = None) -> Said:
        chance = self.chance
        mentions: tuple[str, ...] = ()
        if target and target.speaker.member_id == person.member_id:
            target = None
        if target and chance.random() < 0.15:
            text, mentions = f"@{target.speaker.name} {text}", (target.speaker.member_id,)
        said = self.stage.say(speaker(person), self.theme.channel_id, text, self.at, target, mentions)
        self._after(said, text, person)
        return said

    def _after(self, said: Said, text: str, person: Person) -> None:
        """Reactions, second thoughts and regrets."""
        chance = self.chance
        if chance.random() < (0.4 if person.role is Role.LEADER else 0.11):
            for other in chance.sample(self.table, min(len(self.table), chance.randint(1, 4))):
                if other.member_id != person.member_id:
                    reaction = chance.choice(REACTIONS)
                    self.stage.react(said, other.member_id, reaction, _later(said.at, 5, 900, chance))
        fate = chance.random()
        if fate < EDITED_SHARE:
            self.stage.edit(said, f"{text}（打错字了，改一下）", _later(said.at, 10, 200, chance))
        elif fate < EDITED_SHARE + DELETED_SHARE:
            self.stage.delete(said, _later(said.at, 10, 120, chance))

    def _next_to(self, said: Said) -> Person:
        """Somebody else than who spoke last, the talkative rather."""
        others = [person for person in self.table if person.member_id != said.speaker.member_id]
        return self.chance.choices(others, [person.activity for person in others])[0]

    def _pause(self) -> None:
        least, usual, most = GAP_SECONDS
        self.at += timedelta(seconds=min(most, least + self.chance.expovariate(1 / usual)))


def converse(stage: Stage, present: Sequence[Person], at: datetime, chance: Random) -> None:
    """A conversation among those present."""
    theme = chance.choice(THEMES)
    weights = [person.activity * (4 if theme in person.themes else 1) for person in present]
    table = list(dict.fromkeys(chance.choices(present, weights, k=chance.randint(4, 11))))
    leaders = [person for person in present if person.role is Role.LEADER]
    opener = chance.choice(leaders) if leaders and chance.random() < LEADER_OPENS else table[0]
    if opener not in table:
        table.append(opener)
    if len(table) > 1:
        Conversation(stage, theme, table, at, chance).run(opener)


def _later(at: datetime, least: int, most: int, chance: Random) -> datetime:
    return at + timedelta(seconds=chance.uniform(least, most))
