"""Reads kept texts once a week: words, brands and moods by day; deletes texts whose time is over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from services.reporting.domain.words import DayOfWords, by_day
from services.reporting.handlers.report_settings import DEFAULT, ReportSettings, load_settings
from services.reporting.store import texts as store
from services.reporting.store.texts import WordDay
from shared.engine import DueTimer, Poison, Timer, UnitOfWork
from shared.postgres.connection import Connection

READ_WORDS = "read_words"
READ_AT = time(3, 0)
"""On Mondays, by the community's clock: when few write."""
TEXT_CHARACTERS_MAX = 300
"""Of each message so many are kept and read."""
TEXTS_AT_ONCE = 100_000
"""More than this in a week are read a week later."""
_NO_LETTERS = {code: " " for code in range(128) if not chr(code).isalpha()}


def next_reading(now: datetime, zone: ZoneInfo) -> datetime:
    """The next Monday's small hours, after `now`. Raises `Poison` at the calendar's end."""
    try:
        local = now.astimezone(zone)
        return datetime.combine(local.date() + timedelta(days=7 - local.weekday()), READ_AT, zone)
    except OverflowError:
        raise Poison("the date lies outside the calendar") from None


@cache
def _segmenter() -> Callable[[str], list[str]]:
    """Loaded when first needed: the import itself reads a dictionary, half a second and 50 MB."""
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.cut
    return cut


def count_words(texts: Sequence[tuple[date, str]], brands: Sequence[str]) -> dict[date, DayOfWords]:
    """What the texts of each day say."""
    days: dict[date, DayOfWords] = {}
    cut = _segmenter()
    for day, text in texts:
        words = days.get(day)
        if words is None:
            words = days[day] = DayOfWords(brands)
        folded = text.lower().replace("'", "").replace("’", "")
        # the dictionary is for Han: what has none is letters between others, ten times as fast
        words.add(folded, folded.translate(_NO_LETTERS).split() if folded.isascii() else cut(folded))
    return days


@dataclass(frozen=True, slots=True)
class ReadWords:
    """Once a week for each community of which texts are kept."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Read what is new, forget what is old, come again where texts are left."""
        settings = await load_settings(work.connection, sorted({each.community_id for each in due}))
        for each in {each.community_id: each for each in due}.values():
            await self._read(each, settings, work)

    async def _read(self, due: DueTimer, settings: Mapping[str, ReportSettings], work: UnitOfWork) -> None:
        chosen = settings.get(due.community_id, DEFAULT)
        await read_new(work.connection, due.community_id, chosen.brands)
        today = due.timer.due_at.astimezone(due.profile.zone).date()
        oldest = today - timedelta(days=chosen.text_days)
        if await store.forget_old(work.connection, due.community_id, oldest):
            following = next_reading(max(due.timer.due_at, due.now), due.profile.zone)
            work.set_timer(Timer(due.community_id, READ_WORDS, following))
        else:
            await store.unschedule(work.connection, due.community_id, READ_WORDS)


async def read_new(connection: Connection, community_id: str, brands: Sequence[str]) -> None:
    """Add the words of texts that came since the last reading."""
    texts = await store.unread(connection, community_id, TEXTS_AT_ONCE)
    if texts:
        days = count_words([(day, text) for _, day, text in texts], brands)
        words = [WordDay(*row) for row in by_day(days, community_id)]
        await store.note_read(connection, community_id, texts[-1][0], words)
