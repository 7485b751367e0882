"""A fact: what remains of an event when its text and its words are left out."""

from datetime import date, datetime
from typing import NamedTuple


class Fact(NamedTuple):
    """One event as reporting keeps it; the fields are columns of the table `fact`."""

    event_id: str
    community_id: str
    occurred_at: datetime
    local_date: date
    """The day of the community that it counts for."""
    local_hour: int
    """The hour of that moment, 0 to 23, in the community's zone."""
    type: str
    """The contract's name: `message.posted`, `send_message` …"""
    member_id: str | None
    """Who did it, or whom it is about."""
    channel_id: str | None
    subject_id: str | None
    """What it is about: a message, command, sanction, case, topic, gathering, transaction or gift."""
    other_member_id: str | None
    """The second person: who is answered, who wrote what is reacted to, who invited, removed or decided."""
    label: str | None
    """A closed word: rule, purpose, failure, verdict; of a message its form; never what a member wrote."""
    amount: int
    """In the unit of the type: characters of a message, points of an award, days of a streak; else 0."""
    is_bot: bool
    is_late: bool
    """The day was over by the community's clock when this came."""
    answers_id: str | None
    """The message that this one answers."""
    thread_key: int | None
    """Of a message in a thread: a hash of its channel and thread."""


COLUMNS = Fact._fields
MESSAGE = "message.posted"
