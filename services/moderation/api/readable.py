"""A policy as members read it (群规): each rule that is enforced, with its limits, in plain words."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from services.moderation.api.texts import TEXTS
from services.moderation.domain.policy import Action, Mode, Policy, Rule, Step
from shared.contracts.profiles import CommunityProfile
from shared.i18n import match


def readable(policy: Policy, profile: CommunityProfile, locale: str) -> str:
    """Markdown for the chat: the title, the rules in their order, and what follows from breaking them."""
    say = TEXTS.say
    title = say(locale, "readable.title", name=profile.name or profile.community_id)
    enforced = [rule for rule in policy.rules if Mode.ENFORCE in (rule.mode, rule.newcomer_mode)]
    if not enforced:
        return f"{title}\n\n{say(locale, 'readable.none')}\n"
    rules = [f"{number}. {_rule(rule, profile, locale)}" for number, rule in enumerate(enforced, 1)]
    follows = [f"- {line}" for line in _ladder(policy, locale)]
    parts = [
        title,
        "",
        *rules,
        "",
        say(locale, "readable.ladder"),
        *follows,
        "",
        say(locale, "readable.appeal"),
    ]
    return "\n".join(parts) + "\n"


def rule_name(rule: Rule, locale: str) -> str:
    """The rule's name for people: its own, else its kind's, else its id."""
    named = rule.names.get(match(locale))
    return named or TEXTS.texts[match(locale)].get(f"rule.{rule.kind}", rule.id)


def _rule(rule: Rule, profile: CommunityProfile, locale: str) -> str:
    """One rule: its name, its limits where they can be told, for whom it is stricter, and where it holds."""
    sentences = [*_limits(rule, locale), *_for_whom(rule, locale), *_where(rule, profile, locale)]
    if rule.action is Action.REMIND:
        sentences.append(TEXTS.say(locale, "readable.remind"))
    name = rule_name(rule, locale)
    if not sentences:
        return TEXTS.say(locale, "readable.plain", rule=name)
    return TEXTS.say(locale, "readable.rule", rule=name, limits=" ".join(sentences))


def _limits(rule: Rule, locale: str) -> Iterator[str]:
    """A kind that counts says how much is too much; others are told by their name."""
    key = f"limits.{rule.kind}"
    if key in TEXTS.texts[match(locale)]:
        values: dict[str, Any] = asdict(rule.params)  # type: ignore[call-overload]
        yield TEXTS.say(locale, key, **values)


def _for_whom(rule: Rule, locale: str) -> Iterator[str]:
    if rule.mode is not Mode.ENFORCE:
        yield TEXTS.say(locale, "readable.newcomers")


def _where(rule: Rule, profile: CommunityProfile, locale: str) -> Iterator[str]:
    names = {channel.channel_id: channel.name or channel.channel_id for channel in profile.channels}
    for key, channels in (("only_in", rule.scope.channels), ("not_in", rule.scope.channels_exempt)):
        if channels:
            listed = TEXTS.say(locale, "readable.comma").join(names.get(each, each) for each in channels)
            yield TEXTS.say(locale, f"readable.{key}", channels=listed)


def _ladder(policy: Policy, locale: str) -> Iterator[str]:
    ladder = policy.ladder
    starts = {
        Step.REMINDER: ladder.reminder_from,
        Step.WARNING: ladder.warning_from,
        Step.SHORT_MUTE: ladder.short_mute_from,
        Step.LONG_MUTE: ladder.long_mute_from,
        Step.REMOVAL: ladder.removal_from,
    }
    minutes = {Step.SHORT_MUTE: ladder.short_mute_minutes, Step.LONG_MUTE: ladder.long_mute_minutes}
    for step, points in starts.items():
        lasting = _lasting(minutes.get(step, 0), locale)
        yield TEXTS.say(locale, f"readable.{step}", points=points, lasting=lasting)
    yield TEXTS.say(locale, "readable.decay", days=ladder.decay_days)


def _lasting(minutes: int, locale: str) -> str:
    """Whole hours as hours, else minutes."""
    if minutes % 60:
        return TEXTS.say(locale, "readable.minutes", count=minutes)
    return TEXTS.say(locale, "readable.hours", count=minutes // 60)
