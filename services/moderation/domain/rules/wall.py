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
        return {place: match for place, each in enumerate(messages) if (match := self._judge(each))}

    def _judge(self, message: Message) -> Match | None:
        original = message.text.original
        counted = [
            ("characters", len(original), self.characters_max),
            ("lines", original.count("\n") + 1, self.lines_max),
            ("mentions", len(message.mentions), self.mentions_max),
        ]
        if not original.isascii() and len(original) > self.emoji_max:
            counted.append(("emoji", count_emoji(original), self.emoji_max))
        over = [(what, count, most) for what, count, most in counted if count > most]
        if not over:
            return None
        score = max(count / (2 * most) for _, count, most in over)
        evidence = "; ".join(f"{count} {what}, more than {most}" for what, count, most in over)
        return Match(round(min(1.0, score), 3), ((0, len(original)),), evidence)


WALL = Kind("wall", Wall, lambda params, _: params)
