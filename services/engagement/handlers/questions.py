"""Questions: noticed, answered from approved answers, and taken as answered when somebody does."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.engagement import metrics
from services.engagement.domain.attention import Quiet
from services.engagement.domain.choices import Choices
from services.engagement.domain.question import TEXT_KEPT, FaqIndex, is_question, next_check
from services.engagement.handlers.answering import answer
from services.engagement.store import questions as store
from services.engagement.store.members import Flags
from services.engagement.store.questions import Answered, Question
from shared.contracts.chat import MessagePosted
from shared.contracts.engagement import QuestionAnswered, QuestionAsked
from shared.contracts.profiles import CommunityProfile
from shared.engine import Event, Timer, UnitOfWork
from shared.i18n import Catalogue

CHECK_QUESTIONS = "check_questions"
ANSWERED_WITHIN = timedelta(days=1)
"""What is said later answers no question."""
THREAD_WITHIN = timedelta(hours=2)
"""Within this time the next message of somebody else in a question's thread answers it."""


async def follow_questions(
    posted: Sequence[Event[MessagePosted]],
    flags: Mapping[str, Flags],
    chosen: Mapping[str, Choices],
    texts: Catalogue,
    work: UnitOfWork,
) -> None:
    """Load what is open where something was written, and go through the messages in order."""
    ours = [event for event in posted if chosen[event.community_id].questions_on]
    asks = {event.id for event in ours if is_question(event.data.text)}
    if not asks and not any(flags[event.community_id].has_open for event in ours):
        return
    first: dict[tuple[str, str], datetime] = {}
    for event in ours:
        first.setdefault((event.community_id, event.data.channel_id), event.occurred_at)
    known = await store.open_questions(
        work.connection,
        [(*key, at - ANSWERED_WITHIN) for key, at in first.items() if flags[key[0]].has_open],
    )
    waiting: dict[tuple[str, str], list[Question]] = {}
    for question in known:
        waiting.setdefault((question.community_id, question.channel_id), []).append(question)
    with_faq = {
        event.community_id for event in ours if event.id in asks and flags[event.community_id].has_faq
    }
    entries = await store.faqs(work.connection, with_faq) if with_faq else []
    indexes = {name: FaqIndex([each for each in entries if each.community_id == name]) for name in with_faq}
    desk = _Desk(waiting, indexes, texts, work)
    for event in ours:
        desk.hear(event, is_asked=event.id in asks)
    for what, count in desk.counts.items():
        metrics.QUESTIONS.labels(what).inc(count)
    await store.save_questions(work.connection, desk.asked)
    await store.answer(work.connection, desk.answers)


class _Desk:
    """Open questions by channel, changed message by message."""

    def __init__(
        self,
        waiting: dict[tuple[str, str], list[Question]],
        indexes: Mapping[str, FaqIndex],
        texts: Catalogue,
        work: UnitOfWork,
    ) -> None:
        self.waiting, self.indexes, self.texts, self.work = waiting, indexes, texts, work
        self.asked: list[Question] = []
        self.answers: list[Answered] = []
        self.counts: Counter[str] = Counter()

    def hear(self, event: Event[MessagePosted], *, is_asked: bool) -> None:
        """What a message answers, and what it asks."""
        place = self.waiting.setdefault((event.community_id, event.data.channel_id), [])
        for question in [each for each in _spoken_to(event.data, place) if _answers(event, each)]:
            place.remove(question)
            self._answered(event, question, event.data.member_id, "member")
        if is_asked:
            self._asked(event, place)

    def _asked(self, event: Event[MessagePosted], place: list[Question]) -> None:
        data = event.data
        question = Question(
            data.community_id, data.message_id, data.member_id, data.channel_id, data.thread or "",
            event.occurred_at, data.text[:TEXT_KEPT],
        )  # fmt: skip
        if any(each.message_id == question.message_id for each in place):
            return
        self.counts["asked"] += 1
        named = {"message_id": data.message_id, "member_id": data.member_id, "channel_id": data.channel_id}
        self.work.publish(QuestionAsked(community_id=data.community_id, **named), event.now)
        index = self.indexes.get(data.community_id)
        found = index.match(data.text) if index else None
        if found is not None:
            words = self.texts.say(event.profile.locale, "faq.answer", answer=found[0].answer)
            if answer(event, words, "faq_answer", self.work):
                self.asked.append(question)
                self._answered(event, question, "hearth", "faq")
                return
        if not event.is_stale:
            question = question._replace(check_at=next_check(event.now, quiet_of(event.profile)))
            self.work.set_timer(checking(question))
        self.asked.append(question)
        place.append(question)

    def _answered(self, event: Event[MessagePosted], question: Question, by: str, kind: str) -> None:
        data = event.data
        waited = max(0, int((event.occurred_at - question.asked_at).total_seconds()))
        self.counts["answered" if kind == "member" else kind] += 1
        self.answers.append(
            Answered(
                question.community_id, question.message_id, data.message_id, by, event.occurred_at, kind,
                event.now,
            )
        )  # fmt: skip
        if question.check_at is not None and event.now < question.check_at:
            self.work.cancel_timer(question.community_id, CHECK_QUESTIONS, question.message_id)
        fact = QuestionAnswered(
            community_id=question.community_id, message_id=question.message_id, member_id=question.member_id,
            answer_message_id=data.message_id, answered_by=by, kind=kind, waited_seconds=waited,
        )  # fmt: skip
        self.work.publish(fact, event.now)


def checking(question: Question) -> Timer:
    """The timer that looks at a question; each has its own, which its answer takes back."""
    assert question.check_at is not None
    return Timer(question.community_id, CHECK_QUESTIONS, question.check_at, key=question.message_id)


def quiet_of(profile: CommunityProfile) -> Quiet:
    """When the community is left alone."""
    return Quiet(profile.quiet_from, profile.quiet_until, profile.time_zone)


def _spoken_to(data: MessagePosted, waiting: Sequence[Question]) -> Sequence[Question]:
    """What it may answer: by a reply to it; or to its author, by reply or mention; or what has its thread."""
    if not waiting:
        return ()
    reply_to, thread, people = data.reply_to, data.thread, (data.reply_to_member, *data.mentions)
    return [
        each
        for each in waiting
        if each.message_id == reply_to or each.member_id in people or (each.thread == thread and thread)
    ]


def _answers(event: Event[MessagePosted], question: Question) -> bool:
    """Within a day, of somebody else; one that only has its thread in common sooner."""
    data = event.data
    waited = event.occurred_at - question.asked_at
    if data.member_id == question.member_id or not timedelta(0) <= waited <= ANSWERED_WITHIN:
        return False
    is_addressed = data.reply_to == question.message_id or question.member_id in (
        data.reply_to_member,
        *data.mentions,
    )
    return is_addressed or waited <= THREAD_WITHIN
