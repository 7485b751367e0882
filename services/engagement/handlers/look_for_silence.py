"""Looks for channels that have gone cold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.engagement.handlers.answer_silence import AnswerSilence
from services.engagement.handlers.foreseeing import LOOK_FOR_SILENCE
from services.engagement.handlers.judging import judge
from services.engagement.handlers.measuring import measure_ended
from services.engagement.store import baselines, channels
from shared.engine import DueTimer, Timer, UnitOfWork


@dataclass(frozen=True, slots=True)
class LookForSilence:
    """One timer a community, set to the earliest moment at which one of its channels could be cold."""

    answer: AnswerSilence

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Judge the channels whose moment has come, and note when to look again."""
        moments = {each.community_id: each for each in due}
        await measure_ended(moments, work)
        times = {name: each.now for name, each in moments.items()}
        looks = await baselines.due_looks(work.connection, times)
        cold = []
        for look in looks:
            each = moments[look.community_id]
            if judge(look, each.now, each.profile):
                cold.append(look)
        following: dict[str, datetime | None] = dict.fromkeys(moments)
        for look in looks:
            known = (following[look.community_id], look.pulse.look_at, look.others)
            following[look.community_id] = min((each for each in known if each), default=None)
        await channels.save_looks(
            work.connection,
            {(look.community_id, look.channel_id): look.pulse.look_at for look in looks},
            following,
        )
        if cold:
            await self.answer(cold, moments, work)
        for community_id, look_at in following.items():
            if look_at is not None:
                work.set_timer(Timer(community_id, LOOK_FOR_SILENCE, look_at))
