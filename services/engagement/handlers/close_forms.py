"""Opens forms with a post, closes them in time, and publishes what came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.engagement.domain.attention import PostKind
from services.engagement.domain.choices import Choices
from services.engagement.domain.form import Form, Given, draw, right_answers, tally
from services.engagement.handlers.posting import Wanted, post_all, wish
from services.engagement.store import choices
from services.engagement.store import forms as store
from shared.contracts.profiles import CommunityProfile
from shared.engine import DueTimer, UnitOfWork
from shared.i18n import Catalogue

CLOSE_FORM = "close_form"
WAITS = timedelta(hours=24)
SHOWN = 10


def opening(form: Form, now: datetime, profile: CommunityProfile, mine: Choices, texts: Catalogue) -> Wanted:
    """The post that asks: the options by number, and of a lottery what its seed is committed to."""
    options = "\n".join(f"{number}. {option}" for number, option in enumerate(form.options, 1))
    text = texts.say(
        profile.locale, f"form.open_{form.kind}", title=form.title, options=options,
        closes=f"{form.closes_at.astimezone(profile.zone):%m-%d %H:%M}", hash=form.seed_hash or "",
        winners=form.winners,
    )  # fmt: skip
    waits = min(WAITS, form.closes_at - now)
    subject = f"{form.form_id}:open"
    return wish(PostKind.FORM, form.channel_id, subject, text, now, profile, mine, waits=waits)


@dataclass(frozen=True, slots=True)
class CloseForms:
    """A timer's key is the form."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Count, draw, and tell."""
        moments = {(each.community_id, each.timer.key): each for each in due}
        known = await store.named_forms(work.connection, moments)
        chosen = await choices.load_choices(work.connection, sorted({each.community_id for each in due}))
        wanted = []
        for key, form in known.items():
            if form.state != "open":
                continue
            each = moments[key]
            given = await store.answers(work.connection, *key)
            result = outcome(form, given)
            await store.close_form(work.connection, *key, "closed", result)
            text = self._text(form, result, each.profile.locale)
            wanted.append(
                wish(PostKind.FORM, form.channel_id, f"{form.form_id}:closed", text, each.now, each.profile,
                     chosen[key[0]][0], waits=WAITS)
            )  # fmt: skip
        await post_all(wanted, work)

    def _text(self, form: Form, result: dict[str, Any], locale: str) -> str:
        between = self.texts.say(locale, "list.between")
        if form.kind == "lottery":
            if not result["winners"]:
                return self.texts.say(locale, "form.nobody", title=form.title)
            winners = between.join(each["member_id"] for each in result["winners"])
            return self.texts.say(
                locale, "form.drawn", title=form.title, winners=winners, seed=form.seed or "",
                entrants=result["entrants"],
            )  # fmt: skip
        lines = "\n".join(f"{each['option']}: {each['votes']}" for each in result["options"][:SHOWN])
        right = between.join(result["right"][:SHOWN]) if result["right"] else "-"
        key = "form.quiz_closed" if form.kind == "quiz" else "form.closed"
        return self.texts.say(locale, key, title=form.title, lines=lines, right=right)


def outcome(form: Form, given: Sequence[Given]) -> dict[str, Any]:
    """What came out, as it is kept and shown."""
    if form.kind == "lottery":
        entrants = sorted({each.member_id for each in given})
        drawn = draw(form.seed or "", form.form_id, entrants, form.winners)
        return {
            "entrants": len(entrants),
            "winners": [{"member_id": name, "ticket": number} for name, number in drawn],
        }
    return {
        "options": [{"option": option, "votes": votes} for option, votes in tally(form, given)],
        "right": right_answers(form, given)[: form.winners or None] if form.kind == "quiz" else [],
    }
