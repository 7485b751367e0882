"""Who is not to be named: forgotten members go by an alias for ever; texts are kept only where allowed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from services.reporting.domain.fact import Fact
from services.reporting.handlers.report_settings import DEFAULT
from services.reporting.store import settings as store
from shared.postgres.connection import Connection

ALIAS_HEXADECIMALS = 20


def alias_of(community_id: str, member_id: str) -> str:
    """Under which a forgotten member's counts stay.

    It follows from the id, so that events which come late or again meet the same alias in any order. Who
    knows the id can compute it; who has only the alias cannot go back.
    """
    digest = sha256(f"{community_id}\0{member_id}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"forgotten-{digest[:ALIAS_HEXADECIMALS]}"


@dataclass(slots=True)
class Privacy:
    """What the communities of a batch want of us."""

    text_days: dict[str, int] = field(default_factory=dict)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    forgotten: dict[str, set[str]] = field(default_factory=dict)
    """By community: aliases."""

    @classmethod
    async def load(cls, connection: Connection, communities: Iterable[str]) -> "Privacy":
        """One statement, whatever the batch."""
        found = cls()
        for row in await store.privacy(connection, sorted(communities)):
            if row.kind == "days":
                found.text_days[row.community_id] = int(row.value)
            elif row.kind == "out":
                found.opted_out.add((row.community_id, row.value))
            else:
                found.forget(row.community_id, row.value)
        return found

    def forget(self, community_id: str, alias: str) -> None:
        """From here on the member behind the alias is not named."""
        self.forgotten.setdefault(community_id, set()).add(alias)

    def keeps_text(self, community_id: str, member_id: str) -> bool:
        """Whether what this member writes may be kept for content analysis."""
        is_named = self.named(community_id, member_id) == member_id
        days = self.text_days.get(community_id, DEFAULT.text_days)
        return days > 0 and is_named and (community_id, member_id) not in self.opted_out

    def named(self, community_id: str, member_id: str | None) -> str | None:
        """The member's id, or the alias of one who was forgotten."""
        aliases = self.forgotten.get(community_id)
        if not aliases or member_id is None:
            return member_id
        alias = alias_of(community_id, member_id)
        return alias if alias in aliases else member_id

    def applied(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """The facts, without the names of those who were forgotten."""
        if not self.forgotten:
            return facts
        return [
            fact._replace(
                member_id=self.named(fact.community_id, fact.member_id),
                other_member_id=self.named(fact.community_id, fact.other_member_id),
            )
            if fact.community_id in self.forgotten
            else fact
            for fact in facts
        ]
