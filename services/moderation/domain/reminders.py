"""Reminders of rules: on which evenings, about which rule, and where."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.moderation.domain.policy import Mode, Policy, Rule

VARIANTS = 5
"""Wordings; a number that divides no distance between two evenings, so that none is said twice in a row."""
LATELY = timedelta(days=7)
ADS_RISE_FACTOR = 1.5
ADS_RISE_MIN = 5
"""Fewer messages with ads in a week are no rise, whatever there was before."""
AD_KINDS = frozenset({"contact_ad", "link", "classifier", "campaign"})


@dataclass(frozen=True, slots=True)
class Reminders:
    """When a community wants to be reminded."""

    is_on: bool = True
    days: tuple[int, ...] = (2, 4, 6)
    """Days of the week, Monday 1."""
    at: time = time(20, 0)
    version: int = 1

    def next_evening(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """This evening, or tomorrow's when it has come already."""
        local = moment.astimezone(zone)
        due = datetime.combine(local.date(), self.at, zone)
        return due if due > local else datetime.combine(local.date() + timedelta(days=1), self.at, zone)

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The next evening of a wanted day; in a week where none is wanted."""
        first = self.next_evening(moment, zone)
        evenings = [datetime.combine(first.date() + timedelta(days=n), self.at, zone) for n in range(7)]
        return next((each for each in evenings if each.isoweekday() in self.days), evenings[-1])


class Broken(NamedTuple):
    """Messages that a rule found something in: in the last seven days, and in the seven before."""

    rule: str
    lately: int
    before: int


class Spoken(NamedTuple):
    """Messages heard in a channel before the evening: on its day, and in seven days."""

    channel_id: str
    today: int
    week: int


def is_quiet(moment: time, quiet_from: time, quiet_until: time) -> bool:
    """Whether a local time is in the quiet hours, which may pass midnight."""
    if quiet_from <= quiet_until:
        return quiet_from <= moment < quiet_until
    return moment >= quiet_from or moment < quiet_until


def ads_rise(broken: Sequence[Broken], policy: Policy) -> bool:
    """Whether clearly more messages with ads were found in the last seven days than in the seven before."""
    ads = [
        each
        for each in broken
        if (rule := policy.rule(each.rule)) and rule.kind in AD_KINDS and _is_enforced(rule)
    ]
    # one message may break several of these rules
    lately = max((each.lately for each in ads), default=0)
    before = max((each.before for each in ads), default=0)
    return lately >= max(ADS_RISE_MIN, ADS_RISE_FACTOR * before)


def _is_enforced(rule: Rule) -> bool:
    """What waits for a person may be no ad."""
    return Mode.ENFORCE in (rule.mode, rule.newcomer_mode)


def rule_to_name(broken: Sequence[Broken], policy: Policy, day: date) -> Rule | None:
    """The enforced rule that was broken most lately; each in turn while none was."""
    enforced = [rule for rule in policy.rules if rule.mode is Mode.ENFORCE]
    lately = {each.rule: each.lately for each in broken}
    most = max(enforced, key=lambda rule: lately.get(rule.id, 0), default=None)
    if most is None or lately.get(most.id, 0):
        return most
    return enforced[day.toordinal() % len(enforced)]


def main_channel(spoken: Sequence[Spoken], able: Collection[str]) -> str | None:
    """The channel in which most was written in the week, of those where Hearth can speak."""
    candidates = [each for each in spoken if each.channel_id in able]
    if not candidates:
        return None
    return max(candidates, key=lambda each: (each.week, each.channel_id)).channel_id


def wording(day: date) -> int:
    """Which of the wordings is said on a day, from 1."""
    return day.toordinal() % VARIANTS + 1
