"""Members of a month as people: the facts of linked accounts are those of their main account."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

LEFT = "left"


class Same(NamedTuple):
    """An account of a month whose facts are those of another account of the same person."""

    account_id: str
    member_id: str
    """The main account."""
    twice: int = 0
    """Check-ins of the account that count already by another account of the person."""


def excluded_people(excluded: Mapping[str, str], people: Iterable[Same]) -> dict[str, str]:
    """By person why they are no candidate: for what any account did; as gone, when all of them are."""
    accounts: dict[str, list[str]] = {}
    for each in people:
        accounts.setdefault(each.member_id, [each.member_id]).append(each.account_id)
    linked = {name for names in accounts.values() for name in names}
    found = {member: why for member, why in excluded.items() if member not in linked}
    for member, names in accounts.items():
        told = [excluded.get(name) for name in sorted(names)]
        because = [why for why in told if why and why != LEFT]
        if because:
            found[member] = because[0]
        elif all(told):
            found[member] = LEFT
    return found
