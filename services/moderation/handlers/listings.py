"""What communities' lists hold, read once for each version of a list."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import asyncpg

from services.moderation.domain.listing import NO_LISTING, Listing
from services.moderation.domain.message import Key
from services.moderation.store import lists as store
from shared.postgres.connection import Connection

LISTINGS_MAX = 500
"""Combinations of lists that are kept."""
Followed = tuple[tuple[str, int], ...]
"""Lists with their versions."""


@dataclass(frozen=True, slots=True)
class Exemptions:
    """Whom and what the lists of a batch's communities allow and deny."""

    listings: Mapping[str, Listing]
    allowed: frozenset[Key]
    """Members whom a list allows and none denies."""

    def of(self, community_id: str) -> Listing:
        """Hosts and words of a community."""
        return self.listings.get(community_id, NO_LISTING)


@dataclass(slots=True)
class Listings:
    """Hosts and words of lists; what it keeps follows from the database alone."""

    _kept: dict[Followed, Listing] = field(default_factory=dict)

    async def of(
        self, connection: Connection, communities: Collection[str], members: Collection[Key]
    ) -> Exemptions:
        """What holds for these communities and members; one statement where nobody follows a list."""
        rows = await store.lists_of(connection, communities)
        if not rows:
            return Exemptions({}, frozenset())
        followed: dict[str, list[asyncpg.Record]] = {}
        for row in rows:
            followed.setdefault(row["community_id"], []).append(row)
        listings = {each: await self._listing(connection, lists) for each, lists in followed.items()}
        listed = await store.listed_members(
            connection, [member for member in members if member[0] in followed]
        )
        effects: dict[Key, set[str]] = {}
        for entry in listed:
            effects.setdefault((entry.community_id, entry.member_id), set()).add(entry.effect)
        allowed = frozenset(member for member, found in effects.items() if found == {"allow"})
        return Exemptions(listings, allowed)

    async def _listing(self, connection: Connection, lists: Collection[asyncpg.Record]) -> Listing:
        key = tuple((row["list_id"], row["version"]) for row in lists)
        if key not in self._kept:
            effects = {row["list_id"]: row["effect"] for row in lists}
            entries = await store.read_entries(connection, list(effects))
            while len(self._kept) >= LISTINGS_MAX:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = Listing.of(
                (effects[row["list_id"]], row["kind"], row["read"]) for row in entries
            )
        return self._kept[key]
