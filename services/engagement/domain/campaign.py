"""Check-in campaigns: which messages are proofs, and the streak that dates make with freezes and cards."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

Proof = Literal["none", "text", "picture"]
Lack = Literal["early_or_late", "picture", "text"]
DAYS_MAX = 400
MAKEUP_DAYS = 7
"""How far back a card reaches."""
TEXT_KEPT = 1000
ONE_DAY = timedelta(days=1)
MARKS = (7, 21, 50, 100)
"""Days at which a member is asked how it goes."""


class Window(NamedTuple):
    """A span of a local day, from its first minute to before its last."""

    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's rules."""

    community_id: str
    campaign_id: str
    title: str
    keyword: str
    channel_id: str | None
    first_date: date
    last_date: date
    windows: tuple[Window, ...]
    """Empty: the whole day."""
    proof: Proof
    text_min: int
    freezes: int
    makeups: int
    excused: frozenset[date]
    """Dates that neither count nor break a streak, for everybody: an outage, a holiday."""
    is_closed: bool = False

    def runs_on(self, day: date) -> bool:
        """Whether members check in on this date."""
        return not self.is_closed and self.first_date <= day <= self.last_date

    def lack(self, moment: time, text: str, has_picture: bool) -> Lack | None:
        """What keeps a message of a date of the campaign from counting."""
        if self.windows and not any(each.begins <= moment < each.ends for each in self.windows):
            return "early_or_late"
        if self.proof == "picture" and not has_picture:
            return "picture"
        if self.proof == "text" and len(text) < self.text_min:
            return "text"
        return None


def campaign_of(campaigns: Sequence[Campaign], channel_id: str, text: str, day: date) -> Campaign | None:
    """The running campaign that a check-in names, else the one whose channel it is in."""
    running = [each for each in campaigns if each.runs_on(day)]
    folded = text.casefold()
    named = [each for each in running if each.keyword and each.keyword.casefold() in folded]
    if named:
        return max(named, key=lambda each: (len(each.keyword), each.campaign_id))
    here = [each for each in running if each.channel_id == channel_id]
    return min(here, key=lambda each: each.campaign_id, default=None)


def streak(campaign: Campaign, dates: Collection[date], until: date) -> int:
    """Days that count in the streak that ends on a date, or would if the date counted.

    Going back, an excused date is passed over; a missed one costs a freeze while there are any.
    """
    counted, freezes = 0, campaign.freezes
    day = until
    while day >= campaign.first_date:
        if day in dates:
            counted += 1
        elif day not in campaign.excused:
            if freezes == 0 or not any(each < day for each in dates):
                break
            freezes -= 1
        day -= ONE_DAY
    return counted


def may_make_up(campaign: Campaign, dates: Collection[date], made_up: int, day: date, today: date) -> bool:
    """Whether a card fills this date: missed, of the last week, and cards are left."""
    return (
        made_up < campaign.makeups
        and day not in dates
        and campaign.first_date <= day <= campaign.last_date
        and timedelta(0) < today - day <= timedelta(days=MAKEUP_DAYS)
    )


class Entry(NamedTuple):
    """A proof, in the order in which proofs own a date."""

    occurred_at: datetime
    message_id: str
    is_void: bool


@dataclass(slots=True)
class Day:
    """A member's date in a campaign."""

    message_id: str | None = None
    revision: int = 0
    is_made_up: bool = False
    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether the date is one of the streak."""
        return self.message_id is not None or self.is_made_up

    def put(self, entry: Entry) -> Literal["recorded", "revoked"] | None:
        """A proof came, or is judged anew; what that changes of the date."""
        self.entries[entry.message_id] = entry
        owner = min((each for each in self.entries.values() if not each.is_void), default=None)
        before, self.message_id = self.message_id, owner.message_id if owner else None
        if before is None and owner is not None:
            self.revision += 1
            return "recorded"
        return "revoked" if before is not None and owner is None else None


def board(campaign: Campaign, dates: Iterable[tuple[str, date]], until: date) -> list[tuple[str, int, int]]:
    """Members with their days and their streak up to a date, most days first."""
    by_member: dict[str, set[date]] = {}
    for member_id, day in dates:
        by_member.setdefault(member_id, set()).add(day)
    rows = [(member_id, len(days), streak(campaign, days, until)) for member_id, days in by_member.items()]
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))
