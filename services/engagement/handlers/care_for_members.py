"""Congratulates on birthdays and holidays, by the solar and the Chinese lunar calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lunardate import LunarDate

from services.engagement.domain.attention import PostKind
from services.engagement.domain.hours import DAY, at_local, hour_of
from services.engagement.domain.told import HOLIDAYS, LUNAR_HOLIDAYS
from services.engagement.handlers.posting import Wanted, post_all, wish
from services.engagement.handlers.telling import CARE_AT, CARE_DAILY
from services.engagement.store import channels, choices
from services.engagement.store import told as store
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.i18n import Catalogue

__all__ = ["CARE_DAILY", "CareForMembers"]

WAITS = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class CareForMembers:
    """Each morning in communities where somebody told a birthday; others are left alone."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Congratulate where most is written."""
        chosen = await choices.load_choices(work.connection, sorted({each.community_id for each in due}))
        places = await channels.busiest(work.connection, {each.community_id for each in due})
        cared = await store.are_cared_for(work.connection, {each.community_id for each in due})
        wanted: list[Wanted] = []
        for each in due:
            zone = each.profile.time_zone
            today = hour_of(each.timer.due_at, zone).day
            if each.community_id in cared:
                work.set_timer(Timer(each.community_id, CARE_DAILY, at_local(today + DAY, CARE_AT, zone)))
            mine = chosen[each.community_id][0]
            place = mine.welcome_channel_id or places.get(each.community_id)
            if not place or not mine.care_on:
                continue
            for subject, text in await self._texts(each, today, work):
                wanted.append(
                    wish(PostKind.CARE, place, subject, text, each.now, each.profile, mine, waits=WAITS)
                )
        await post_all(wanted, work)

    async def _texts(self, due: DueTimer, today: date, work: UnitOfWork) -> list[tuple[str, str]]:
        lunar = LunarDate.from_solar_date(today.year, today.month, today.day)
        names = [HOLIDAYS.get((today.month, today.day)), LUNAR_HOLIDAYS.get((lunar.month, lunar.day))]
        locale = due.profile.locale
        said = [(f"{today}:{name}", self.texts.say(locale, f"care.{name}")) for name in names if name]
        rows = await store.birthdays(work.connection, due.community_id, today, (lunar.month, lunar.day))
        if rows:
            joined = self.texts.say(locale, "list.between").join(row["name"] for row in rows)
            said.append((f"{today}:birthday", self.texts.say(locale, "care.birthday", names=joined)))
            names_of = [row["member_id"] for row in rows]
            await store.greeted(work.connection, due.community_id, names_of, today)
        return said
