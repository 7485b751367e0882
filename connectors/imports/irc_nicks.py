"""Who is behind a nick in one IRC log: a person who changes nick stays the same member."""

from dataclasses import dataclass, field

NICKS_MAX = 100_000


@dataclass(slots=True)
class Nicks:
    """People by their present nick; a person is named by the first nick in this log."""

    _person: dict[str, str] = field(default_factory=dict)

    def knows(self, nick: str) -> bool:
        """Whether somebody by this nick was there before."""
        return nick in self._person

    def whose(self, nick: str) -> str | None:
        """The person by this nick, if there is one."""
        return self._person.get(nick)

    def spoke(self, nick: str) -> str:
        """The person who speaks by this nick."""
        if len(self._person) >= NICKS_MAX and nick not in self._person:
            del self._person[next(iter(self._person))]
        return self._person.setdefault(nick, nick)

    def came(self, nick: str) -> str:
        """Whoever comes in by a nick is its owner, whoever borrowed it before."""
        self._person.pop(nick, None)
        return self.spoke(nick)

    def went(self, nick: str) -> str:
        """The person who left; the nick is free again."""
        person = self.spoke(nick)
        self._person[nick] = nick
        return person

    def renamed(self, nick: str, other: str) -> str:
        """The person after a change of nick: one who returns to a known nick is again who had it."""
        person = self.spoke(nick)
        self._person[nick] = nick
        self._person[other] = self._person.get(other, person)
        return self._person[other]
