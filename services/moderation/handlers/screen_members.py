"""Looks at who comes in and who asks to: lists decide, then the answers, then an operator."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.moderation import metrics
from services.moderation.domain.joining import NO_QUESTIONS, JoinMode, JoinPolicy, Question, Verdict
from services.moderation.domain.message import Key
from services.moderation.store import joins as store
from services.moderation.store.joins import Arrival, Request
from services.moderation.store.lists import Listed, listed_members
from shared.contracts.chat import JoinRequested, MemberJoined
from shared.contracts.commands import AnswerJoinRequest, SendMessage
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue

ALERT = "join_alert"
ANSWER = "join_request"
ALERT_VALID = timedelta(minutes=10)
ANSWER_VALID = timedelta(days=1)

Coming = MemberJoined | JoinRequested


@dataclass(frozen=True, slots=True)
class ScreenMembers:
    """One handler for both: a community has the same lists for those who ask and those who are in already."""

    texts: Catalogue

    async def __call__(self, batch: Sequence[Event[Coming]], work: UnitOfWork) -> None:
        """Load lists and policies, save who is new, and tell of those who are denied or wait."""
        members = {(event.community_id, event.data.member_id) for event in batch}
        listed: dict[Key, list[Listed]] = {}
        for each in await listed_members(work.connection, members):
            listed.setdefault((each.community_id, each.member_id), []).append(each)
        policies = await _policies(batch, work)
        requests = {
            number: _request(event, event.data, policies, listed)
            for number, event in enumerate(batch)
            if isinstance(event.data, JoinRequested)
        }
        new_requests = await store.save_requests(work.connection, list(requests.values()))
        arrived = await store.save_arrivals(work.connection, _arrivals(batch))
        for number, event in enumerate(batch):
            key = event.community_id, event.data.member_id
            if number in requests:
                request = requests[number]
                if (event.community_id, request.request_id) in new_requests:
                    new_requests.discard((event.community_id, request.request_id))
                    self._answer(request, event, work)
            elif (*key, event.occurred_at) in arrived:
                arrived.discard((*key, event.occurred_at))
                self._watch(event, listed.get(key, ()), work)

    def _answer(self, request: Request, event: Event[Coming], work: UnitOfWork) -> None:
        """What is decided goes to the connector, what waits to the operators."""
        metrics.JOIN_REQUESTS.labels(request.state).inc()
        if request.state == Verdict.WAITING:
            invited_by = request.invited_by or self.texts.say(event.profile.locale, "join.nobody")
            text = self.texts.say(
                event.profile.locale, "join.waiting",
                member=request.member_name or request.member_id, invited_by=invited_by,
            )  # fmt: skip
            self._alert(text, event, work)
            return
        accept = request.state == Verdict.ACCEPTED
        work.publish(
            AnswerJoinRequest(
                community_id=request.community_id,
                request_id=request.request_id,
                member_id=request.member_id,
                accept=accept,
                purpose=ANSWER,
                cause_id=event.id,
                expires_at=event.now + ANSWER_VALID,
                reason="" if accept else self.texts.say(event.profile.locale, "join.refused"),
            ),
            event.now,
        )

    def _watch(self, event: Event[Coming], listed: Sequence[Listed], work: UnitOfWork) -> None:
        """Operators hear of somebody who is denied and has come in all the same."""
        denied = [each.name for each in listed if each.effect == "deny"]
        if denied:
            member = event.data.member_name or event.data.member_id
            text = self.texts.say(event.profile.locale, "join.denied", member=member, lists=", ".join(denied))
            self._alert(text, event, work)

    def _alert(self, text: str, event: Event[Coming], work: UnitOfWork) -> None:
        if event.is_stale or not event.profile.operators_channel_id:
            return
        work.publish(
            SendMessage(
                community_id=event.community_id,
                channel_id=event.profile.operators_channel_id,
                text=text,
                purpose=ALERT,
                cause_id=event.id,
                expires_at=event.now + ALERT_VALID,
            ),
            event.now,
        )


async def _policies(batch: Sequence[Event[Coming]], work: UnitOfWork) -> dict[str, JoinPolicy]:
    asked = sorted({event.community_id for event in batch if isinstance(event.data, JoinRequested)})
    rows = await store.join_policies(work.connection, asked) if asked else {}
    return {community_id: policy_of(row["document"]) for community_id, row in rows.items()}


def policy_of(document: str) -> JoinPolicy:
    """A stored policy (JSON)."""
    known = json.loads(document)
    questions = tuple(Question(each["question"], tuple(each["keywords"])) for each in known["questions"])
    return JoinPolicy(JoinMode(known["mode"]), questions)


def _request(
    event: Event[Coming],
    data: JoinRequested,
    policies: Mapping[str, JoinPolicy],
    listed: Mapping[Key, Sequence[Listed]],
) -> Request:
    """The request with its verdict; one that came late is never refused by a machine."""
    answers = [(each.question, each.answer) for each in data.answers]
    effects = {each.effect for each in listed.get((data.community_id, data.member_id), ())}
    verdict = policies.get(data.community_id, NO_QUESTIONS).judge(answers, effects)
    if event.is_stale:
        verdict = Verdict.WAITING
    return Request(
        data.community_id, data.request_id, data.member_id, data.member_name,
        json.dumps(answers, ensure_ascii=False), data.invited_by, event.occurred_at, verdict.value,
        None if verdict is Verdict.WAITING else event.now, "",
    )  # fmt: skip


def _arrivals(batch: Sequence[Event[Coming]]) -> list[Arrival]:
    return [
        Arrival(event.community_id, event.data.member_id, event.occurred_at, event.data.invited_by)
        for event in batch
        if isinstance(event.data, MemberJoined) and not event.data.is_bot
    ]
