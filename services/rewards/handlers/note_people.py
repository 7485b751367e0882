"""Notes what makes a member no candidate of the month: roles, leaving, sanctions."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.rewards.store import people
from services.rewards.store.people import Presence, Roles
from shared.contracts.chat import MemberJoined, MemberLeft, MemberUpdated, MessagePosted
from shared.contracts.moderation import SanctionApplied, SanctionLifted
from shared.engine import Event, UnitOfWork

Word = MessagePosted | MemberUpdated | MemberJoined | MemberLeft | SanctionApplied | SanctionLifted


@dataclass(frozen=True, slots=True)
class NotePeople:
    """Roles are told by updates and by messages of those who have any."""

    async def __call__(self, batch: Sequence[Event[Word]], work: UnitOfWork) -> None:
        """Keep the newest word about each member, and every sanction."""
        await people.save_roles(work.connection, _roles(batch))
        others = [event for event in batch if event.data.__class__ is not MessagePosted]
        if not others:
            return
        await people.save_presence(work.connection, _presence(others))
        await people.save_applied(work.connection, [_applied(each) for each in others if _is_applied(each)])
        lifted = [
            (each.data.community_id, each.data.sanction_id, each.data.member_id, each.data.lifted_by or "")
            for each in others
            if isinstance(each.data, SanctionLifted)
        ]
        await people.save_lifted(work.connection, lifted)


def _roles(batch: Sequence[Event[Word]]) -> list[Roles]:
    return [
        Roles(data.community_id, data.member_id, people.STAFF in data.member_roles, event.occurred_at)
        for event in batch
        # nearly all messages say nothing of roles
        if ((data := event.data).__class__ is MessagePosted and data.member_roles)
        or isinstance(data, MemberUpdated)
    ]


def _presence(batch: Sequence[Event[Word]]) -> list[Presence]:
    told = []
    for event in batch:
        match event.data:
            case MemberJoined(community_id=community_id, member_id=member_id):
                told.append(Presence(community_id, member_id, event.occurred_at, None))
            case MemberLeft(community_id=community_id, member_id=member_id):
                told.append(Presence(community_id, member_id, None, event.occurred_at))
    return told


def _is_applied(event: Event[Word]) -> bool:
    return isinstance(event.data, SanctionApplied)


def _applied(event: Event[Word]) -> tuple[object, ...]:
    data = event.data
    assert isinstance(data, SanctionApplied)
    return data.community_id, data.sanction_id, data.member_id, data.kind, event.occurred_at, data.until
