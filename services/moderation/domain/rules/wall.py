"""Walls (刷屏): one message that takes the whole screen by length, lines, emoji or mentions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.moderation.domain.message import Match, Message
from services.moderation.domain.rules.kind import Kind
from shared.text import count_emoji


@dataclass(frozen=True, slots=True)
class Wall:
    """More than this many of anything in one message; code and logs are long, hence generous limits."""

    characters_max: int = 10_000
    lines_max: int = 300
    emoji_max: int = 20
    mentions_max: int = 5

    def __post_init__(self) -> None:
        if min(self.characters_max, self.lines_max, self.emoji_max, self.mentions_max) < 1:
            raise ValueError("a wall's limits are 1 or more")

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """Those over a limit."""
        long, mentions_max, emoji_max = (
            min(self.characters_max, self.lines_max), self.mentions_max, self.emoji_max,
        )  # fmt: skip
        found = {}
        for place, each in enumerate(messages):
            text = each.text.original
            length = len(text)
            # lines and emoji are characters, too: hardly a message needs counting
            if (
                length >= long
                or len(each.mentions) > mentions_max
                or (length > emoji_max and not text.isascii())
            ) and (match := self._judge(each)):
                found[place] = match
        return found

    def _judge(self, message: Message) -> Match | None:
        original = message.text.original
        length, lines, mentions = len(original), original.count("\n") + 1, len(message.mentions)
        emoji = 0 if original.isascii() else self._emoji(original)
        if (
            length <= self.characters_max
            and lines <= self.lines_max
            and mentions <= self.mentions_max
            and emoji <= self.emoji_max
        ):
            return None
        counted = (
            ("characters", length, self.characters_max),
            ("lines", lines, self.lines_max),
            ("mentions", mentions, self.mentions_max),
            ("emoji", emoji, self.emoji_max),
        )
        over = [(what, count, most) for what, count, most in counted if count > most]
        score = max(count / (2 * most) for _, count, most in over)
        evidence = "; ".join(f"{count} {what}, more than {most}" for what, count, most in over)
        return Match(round(min(1.0, score), 3), ((0, len(original)),), evidence)

    def _emoji(self, text: str) -> int:
        """Its emoji, or 0 where they cannot be too many: each takes two bytes more than it has characters."""
        if len(text.encode("utf-8", "surrogatepass")) - len(text) <= 2 * self.emoji_max:
            return 0
        return count_emoji(text)


WALL = Kind("wall", Wall, lambda params, _: params)
