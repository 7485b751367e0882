"""Ads (广告): a way to be reached outside the community beside a word that invites or sells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.moderation.domain.contacts import ANY_CONTACT, COMPILED, SURE_CONTACT, Contact, Needs
from services.moderation.domain.message import SPANS_MAX, Match, Message
from services.moderation.domain.rules.kind import Kind
from services.moderation.domain.selling import (
    ANY_WORDS,
    COMPILED_DOUBT,
    COMPILED_INVITES,
    COMPILED_SALES,
    COMPILED_WARNING,
    Words,
)
from shared.text import Normalised, Pattern

WORDS_OR_SURE = Pattern(f"{ANY_WORDS.expression}|{SURE_CONTACT.expression}")
"""Occurs in every text that may be an ad."""
MATCHES_MAX = 8
"""Places of one pattern that are looked at."""
SCORE_FIRST = 0.6
SCORE_STEP = 0.1

Span = tuple[int, int]
Found = tuple[str, Span]
"""The name of a contact or of a group of words, and where."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The words of a text that may make its contact an ad."""

    adding: tuple[Found, ...]
    asking: tuple[Found, ...]
    sales: tuple[Found, ...]
    sales_weight: int
    is_doubtful: bool
    """It warns of ads or tells of trouble: only what sells or asks to be added by an address counts then."""
    is_warning: bool
    """It warns of ads, and may quote one."""

    @classmethod
    def of(cls, text: str) -> "Beside":
        """All that the text holds."""
        adding, asking = (_first(words, pattern, text) for words, pattern in COMPILED_INVITES)
        found = [(words, _first(words, pattern, text)) for words, pattern in COMPILED_SALES]
        sales = tuple(each for _, places in found for each in places)
        weight = sum(words.weight for words, places in found if places)
        is_doubtful, is_warning = (
            any(pattern.spans(text, MATCHES_MAX)) for pattern in (COMPILED_DOUBT, COMPILED_WARNING)
        )
        return cls(adding, asking, sales, weight, is_doubtful, is_warning)

    @property
    def found(self) -> tuple[Found, ...]:
        """All of them."""
        return (*self.adding, *self.asking, *self.sales)

    def meet(self, needs: Needs) -> bool:
        """Whether they are what such a contact needs."""
        sure = not self.is_doubtful
        match needs:
            case Needs.NOTHING:
                return True
            case Needs.INVITE_OR_SALE:
                return bool(self.sales or self.adding or (self.asking and sure))
            case Needs.INVITE_OR_SALE_UNWARNED:
                return not self.is_warning and self.meet(Needs.INVITE_OR_SALE)
            case Needs.SALE:
                return sure and bool(self.sales)
            case Needs.ADDING_AND_SALE_OR_TWO:
                return sure and (self.sales_weight > 1 or bool(self.adding and self.sales))
            case Needs.ADDING_AND_SALE:
                return sure and bool(self.adding and self.sales)
            case Needs.TWO_SALES:
                return sure and self.sales_weight > 1


def _first(words: Words, pattern: Pattern, text: str) -> tuple[Found, ...]:
    return tuple((words.name, span) for span in pattern.spans(text, 1))


@dataclass(frozen=True, slots=True)
class ContactAd:
    """A contact and what it needs beside it; see `contacts` and `selling` for the words.

    Ordinary talk (微信支付, a phone number in a report) lacks one of the two. A mention that is written so
    that filters miss it (`微❤信`, `ｗｅｉｘｉｎ`) needs no more beside it than an address does.
    """

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """The ads."""
        # these words are rarer than what may be a contact, such as @somebody
        places = WORDS_OR_SURE.may_occur_in([each.text.text for each in messages])
        return {place: match for place in places if (match := self.judge(messages[place].text))}

    def judge(self, read: Normalised) -> Match | None:
        """What a text shows."""
        if not any(pattern.occurs_in(read.text) for pattern in ANY_CONTACT):
            return None
        if not ANY_WORDS.occurs_in(read.text) and not SURE_CONTACT.occurs_in(read.text):
            return None
        words = Beside.of(read.text)
        held = [(contact.name, span) for contact, needs, span in _contacts(read) if words.meet(needs)]
        return self._match(read, held, words.found) if held else None

    def _match(self, read: Normalised, contacts: Sequence[Found], words: Sequence[Found]) -> Match:
        found = [*contacts, *words]
        names = list(dict.fromkeys(name for name, _ in found))
        spans = sorted({read.span(*span) for _, span in found})[:SPANS_MAX]
        score = min(1.0, SCORE_FIRST + SCORE_STEP * (len(names) - 1))
        return Match(round(score, 3), tuple(spans), " + ".join(names))


def _contacts(read: Normalised) -> Iterator[tuple[Contact, Needs, Span]]:
    for contact, pattern in COMPILED:
        for start, end in pattern.spans(read.text, MATCHES_MAX):
            disguised = contact.needs is Needs.ADDING_AND_SALE and _is_disguised(read, start, end)
            yield contact, Needs.INVITE_OR_SALE if disguised else contact.needs, (start, end)


def _is_disguised(read: Normalised, start: int, end: int) -> bool:
    """Whether the original writes the match with anything but its own letters, 繁 and 简 being the same."""
    text, written = read.text[start:end], read.written(start, end).lower()
    if len(text) != len(written):
        return True
    return any(a != b and (b.isascii() or not _is_han(b)) for a, b in zip(text, written, strict=True))


def _is_han(character: str) -> bool:
    return "㐀" <= character <= "鿿" or character >= "\U00020000"


CONTACT_AD = Kind("contact_ad", ContactAd, lambda params, _: params)
