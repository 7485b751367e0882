"""Files members' appeals: each against the newest decision that is open to one."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from services.moderation import metrics
from services.moderation.domain.asking import Asked
from services.moderation.handlers.answers import Speaker
from services.moderation.store import appeals as store
from services.moderation.store.appeals import Appeal, Asking, Open
from services.moderation.store.cases import add_history
from shared.contracts.chat import MessagePosted
from shared.contracts.identity import event_id
from shared.contracts.moderation import AppealFiled
from shared.engine import Event, Timer, UnitOfWork
from shared.i18n import Catalogue

APPEAL_DUE = "appeal_due"
OPEN_FOR = timedelta(days=7)
"""So long after a decision may its member appeal."""
PURPOSE, ANSWER = "moderation_appeal", "moderation_appeal_answer"


class Heard(NamedTuple):
    """A message by which a member asks for something."""

    number: int
    """Its place in the batch."""
    event: Event[MessagePosted]
    asked: Asked

    @property
    def cause_id(self) -> str:
        """Names the message, however often it is delivered."""
        data = self.event.data
        return event_id(self.event.occurred_at, self.asked.wish, data.community_id, data.message_id)


async def file_appeals(
    heard: Sequence[Heard], opened: Mapping[str, int], within: timedelta, texts: Catalogue, work: UnitOfWork
) -> None:
    """File what can be filed, tell operators, and answer everybody whose message is not stale.

    `opened`: which event of the batch would open a case of this id; a case opened later is not appealed.
    """
    connection = work.connection
    known = await store.known(connection, [_message(each) for each in heard])
    fresh = [each for each in heard if _message(each) not in known]
    if not fresh:
        return
    open_to = await store.appealable(connection, [_asking(place, each) for place, each in enumerate(fresh)])
    waiting = await store.waiting(connection, {_member(each) for each in fresh})
    wanted = _wanted(fresh, open_to, opened)
    versions = await store.raise_cases(connection, {case.case_id for case in wanted.values()})
    filed = {place: case for place, case in wanted.items() if case.case_id in versions}
    appeals = {place: _appeal(fresh[place], case, within) for place, case in filed.items()}
    await store.file_appeals(connection, list(appeals.values()))
    await add_history(
        connection,
        [(each.case_id, versions[each.case_id], each.filed_at, each.member_id, "appealed", each.said)
         for each in appeals.values()],
    )  # fmt: skip
    for place, each in enumerate(fresh):
        speaker = Speaker(texts, each.event.profile, each.event.now, work)
        if place in appeals:
            _announce(appeals[place], filed[place], each, speaker)
            waiting.add(_member(each))
        elif not each.event.is_stale and each.asked.is_plain:
            _answer("appeal.waiting" if _member(each) in waiting else "appeal.nothing", each, speaker)


def _wanted(
    heard: Sequence[Heard], open_to: Mapping[int, Sequence[Open]], opened: Mapping[str, int]
) -> dict[int, Open]:
    """The newest case for each that no other takes and that is older than its message."""
    wanted: dict[int, Open] = {}
    taken: set[str] = set()
    for place, each in enumerate(heard):
        for case in open_to.get(place, ()):
            if case.case_id not in taken and opened.get(case.case_id, -1) < each.number:
                wanted[place] = case
                taken.add(case.case_id)
                break
    return wanted


def _message(heard: Heard) -> tuple[str, str]:
    return heard.event.data.community_id, heard.event.data.message_id


def _member(heard: Heard) -> tuple[str, str]:
    return heard.event.data.community_id, heard.event.data.member_id


def _asking(place: int, heard: Heard) -> Asking:
    event = heard.event
    return Asking(place, *_member(heard), event.occurred_at, event.now - OPEN_FOR)


def _appeal(heard: Heard, case: Open, within: timedelta) -> Appeal:
    event, data = heard.event, heard.event.data
    return Appeal(
        heard.cause_id, data.community_id, case.case_id, data.member_id, data.message_id, data.channel_id,
        heard.asked.said, event.now, event.now + within,
    )  # fmt: skip


def _announce(appeal: Appeal, case: Open, heard: Heard, speaker: Speaker) -> None:
    """The fact, the deadline, and word to both sides."""
    work = speaker.work
    fact = AppealFiled(
        community_id=appeal.community_id,
        appeal_id=appeal.appeal_id,
        member_id=appeal.member_id,
        sanction_id=case.sanction_id,
        case_id=appeal.case_id,
        decide_by=appeal.decide_by,
    )
    work.publish(fact, appeal.filed_at)
    work.set_timer(Timer(appeal.community_id, APPEAL_DUE, appeal.decide_by, appeal.appeal_id))
    metrics.APPEALS.labels("filed").inc()
    if heard.event.is_stale:
        return
    until = f"{appeal.decide_by.astimezone(speaker.profile.zone):%Y-%m-%d %H:%M}"
    name = heard.event.data.member_name or appeal.member_id
    text = speaker.say("alert.appeal", member=name, rule=speaker.rule(case.rule), until=until)
    speaker.to_operators(text, PURPOSE, appeal.appeal_id)
    _answer("appeal.filed", heard, speaker, until=until)


def _answer(key: str, heard: Heard, speaker: Speaker, **values: object) -> None:
    data = heard.event.data
    text = speaker.say(key, **values)
    speaker.to_member(data.member_id, text, ANSWER, heard.cause_id, data.channel_id, data.message_id)
