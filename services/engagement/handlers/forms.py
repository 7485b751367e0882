"""Answers to forms in chat: votes, quiz answers, ideas and votes for them, entries to lotteries."""

from collections.abc import Sequence

from services.engagement.domain.asking import Ask, asked
from services.engagement.domain.form import IDEA_KEPT, ONE_EACH, Form
from services.engagement.handlers.answering import answer
from services.engagement.store import forms as store
from services.engagement.store.forms import AnswerRow
from shared.contracts.chat import MessagePosted
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue

PURPOSE = "form_answer"
KINDS = {"vote": ("poll", "quiz", "survey", "ideas"), "idea": ("ideas",), "draw": ("lottery",)}


async def follow_forms(posted: Sequence[Event[MessagePosted]], texts: Catalogue, work: UnitOfWork) -> None:
    """Only requests cost a statement; of a member's several answers in a batch the last stands."""
    asks = [(event, ask) for event in posted if (ask := asked(event.data.text)) and ask.kind in KINDS]
    if not asks:
        return
    forms = await store.open_forms(work.connection, {event.community_id for event, _ in asks})
    given: dict[tuple[object, ...], AnswerRow] = {}
    for event, ask in asks:
        form = _form(forms, event, ask)
        row = _answer(form, event, ask) if form else None
        if form is None:
            continue
        key = "form.unclear" if row is None else f"form.taken_{form.kind}"
        if row is not None:
            one = () if form.kind in ONE_EACH else (row.number, row.text)
            given[(row.community_id, row.form_id, row.member_id, *one)] = row
        said = texts.say(event.profile.locale, key, title=form.title, options=len(form.options))
        answer(event, said, PURPOSE, work)
    known = {(form.community_id, form.form_id): form for form in forms}
    single = [row for row in given.values() if known[row.community_id, row.form_id].kind in ONE_EACH]
    replaced = [(row.community_id, row.form_id, row.member_id, row.answered_at) for row in single]
    await store.answer(work.connection, given.values(), replaced)


def _form(forms: Sequence[Form], event: Event[MessagePosted], ask: Ask) -> Form | None:
    """The open form of this channel that takes such an answer: one that is named, else the next to close."""
    mine = [
        each
        for each in forms
        if (each.community_id, each.channel_id) == (event.community_id, event.data.channel_id)
        and each.kind in KINDS[ask.kind]
        and event.occurred_at < each.closes_at
    ]
    named = [each for each in mine if each.form_id.casefold() in ask.rest.casefold()]
    return next(iter(named or mine), None)


def _answer(form: Form, event: Event[MessagePosted], ask: Ask) -> AnswerRow | None:
    who = (form.community_id, form.form_id, event.data.member_id)
    if form.kind == "lottery":
        return AnswerRow(*who, 0, "", event.occurred_at)
    if ask.kind == "idea":
        return AnswerRow(*who, 0, ask.rest[:IDEA_KEPT], event.occurred_at) if ask.rest else None
    number = ask.number
    if number is None:
        return None
    if form.kind == "ideas":
        return AnswerRow(*who, -number, "", event.occurred_at)
    return AnswerRow(*who, number, "", event.occurred_at) if form.takes(number) else None
