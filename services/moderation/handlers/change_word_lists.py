"""Changes a community's own word lists; what would leave its policy without a list is refused."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.moderation.domain.lexicon import Entry
from services.moderation.domain.own_lists import LISTS_MAX, WORDS_MAX, OwnLists
from services.moderation.handlers.change_lists import TooMany
from services.moderation.handlers.rulebooks import RuleBooks, build, read_lists
from services.moderation.store import word_lists as store
from services.moderation.store.word_lists import ListVersion
from shared.engine import UnitOfWork


class OtherListVersion(Exception):
    """Somebody changed the list meanwhile: `version` is its newest one, 0 where there is none."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the list is at version {version}")
        self.version = version


async def change_word_list(
    work: UnitOfWork,
    books: RuleBooks,
    community_id: str,
    name: str,
    seen: int,
    entries: Sequence[Entry] | None,
    by: str,
    reason: str,
) -> int:
    """Make these the list's entries, or take it away (None); returns the version that this makes.

    Raises `OtherListVersion` when it was made for another version than `seen`, `TooMany`, and `BadPolicy`
    where the policy that judges cannot be built with the lists as they would be.
    """
    connection = work.connection
    await store.take_turn(connection, community_id)
    newest = await store.load_list(connection, community_id, name)
    held = newest.version if newest and newest.entries is not None else 0
    if seen != held:
        raise OtherListVersion(held)
    lists = dict(read_lists(community_id, await store.load_lists(connection, community_id)))
    lists.pop(name, None)
    if entries is not None:
        lists[name] = entries
    _check_size(lists)
    book = (await books.of(connection, [community_id]))[community_id]
    resources = replace(book.resources, lists=await asyncio.to_thread(OwnLists.of, lists))
    await build(book.policy, resources)
    words = 0 if entries is None else len(entries)
    text = None if entries is None else store.written(entries)
    change = ListVersion(community_id, 0, name, text, words, work.now, by, reason)
    return await store.add_version(connection, change)


def _check_size(lists: Mapping[str, Sequence[Entry]]) -> None:
    if len(lists) > LISTS_MAX:
        raise TooMany(LISTS_MAX)
    if sum(map(len, lists.values())) > WORDS_MAX:
        raise TooMany(WORDS_MAX)
