"""A word list as large as operators import them, and the shipped rules with it."""

from dataclasses import replace
from random import Random

from services.moderation.domain.lexicon import Entry
from services.moderation.domain.own_lists import OwnLists
from services.moderation.domain.policy import Policy
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.domain.rules.lexicon import LexiconParams
from services.moderation.store.models import shipped_model
from services.moderation.store.policy_documents import default_policy

WORDS = 60_000
HAN_SHARE = 0.75
HAN = tuple(bytes((row, cell)).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFA))
"""The 3 500 most usual characters."""
LETTERS = "etaoinshrdlucmfwygpb"
LIST = "own"


def own_words() -> list[Entry]:
    """Of 2 to 4 characters or 6 to 10 letters; the same every time."""
    chance = Random(60)
    words: set[str] = set()
    while len(words) < WORDS:
        is_han = chance.random() < HAN_SHARE
        signs, length = (HAN, chance.randint(2, 4)) if is_han else (LETTERS, chance.randint(6, 10))
        words.add("".join(chance.choices(signs, k=length)))
    return [Entry(word, LIST) for word in sorted(words)]


def book_with_own_words() -> RuleBook:
    """All shipped rules, and one more that reads the list."""
    shipped = default_policy()
    pattern = next(rule for rule in shipped.rules if rule.id == "spam_words")
    own = replace(pattern, id="own_words", params=LexiconParams((LIST,)))
    policy = Policy((*shipped.rules, own), shipped.ladder)
    return RuleBook.compile(policy, Resources(lists=OwnLists.of({LIST: own_words()}), model=shipped_model()))
