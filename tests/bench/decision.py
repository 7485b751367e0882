"""Moderation's decision by itself, without log and database: `python -m tests.bench.decision [LIMIT]`.

All shipped rules and a list of 60 000 words of a community's own.
`--memory` tells instead what a process holds for 10 000 members who all wrote within the last two minutes.
"""

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import islice

import psutil

from deploy.local.home import REPOSITORY
from services.moderation.domain.docket import Docket
from services.moderation.domain.recorded import Recorded, read_all
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.window import may_be_new
from services.moderation.store.moments import microseconds_of
from shared.contracts.chat import MessagePosted
from tests.bench.history import history
from tests.bench.measured import Result, tell
from tests.bench.own_words import book_with_own_words

BATCH = 500
MEMBERS = 10_000
MESSAGES_EACH = 8
"""What the rules allow in ten seconds."""
SECOND_US = 1_000_000


def recorded(limit: int | None) -> Iterable[Recorded]:
    """The history's messages by people."""
    for event, occurred_at in history(limit):
        if isinstance(event, MessagePosted) and not event.is_bot:
            yield Recorded(
                event.community_id, event.member_id, event.message_id, event.channel_id,
                microseconds_of(occurred_at), event.text, event.mentions, event.reply_to_member,
            )  # fmt: skip


def decide(docket: Docket, book: RuleBook, batch: Sequence[Recorded]) -> None:
    """A batch as the service judges it, between loading windows and saving them."""
    messages = read_all(batch)
    shows = book.read(messages, may_be_new(messages, docket.windows))
    for number, (message, shown) in enumerate(zip(messages, shows, strict=True)):
        docket.judge_posted(message, shown, book, number)


def measure(limit: int | None) -> Result:
    """CPU a message; its `seconds` are the CPU's, as nothing is waited for."""
    book = book_with_own_words()
    messages = list(recorded(limit))
    decide(Docket({}), book, messages[:BATCH])  # tables are made when they are first used
    # as a service's process does
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    docket = Docket({})
    began = time.process_time()
    for start in range(0, len(messages), BATCH):
        decide(docket, book, messages[start : start + BATCH])
    seconds = time.process_time() - began
    return Result("decision", len(messages), seconds, seconds / len(messages) * 1e6, 0.0)


def memory() -> float:
    """MB of the process with the windows of 10 000 members, each of whom wrote as much as is allowed."""
    book = book_with_own_words()
    docket = Docket({})
    texts = [each.text for each in islice(recorded(None), MEMBERS)]
    for number in range(MESSAGES_EACH):
        for start in range(0, MEMBERS, BATCH):
            decide(docket, book, [
                Recorded("lean", f"member-{n:06}", f"message-{n:06}-{number}", "hall",
                         number * 10 * SECOND_US, texts[(n + number * 997) % len(texts)])
                for n in range(start, start + BATCH)
            ])  # fmt: skip
    assert sum(len(window.recent) for window in docket.windows.values()) > MEMBERS
    return float(psutil.Process().memory_info().rss) / 1e6


async def run_alone(*options: str) -> str:
    """This module in a process of its own; what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.decision", *options, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY
    )
    output, _ = await asyncio.wait_for(process.communicate(), 600)
    return output.decode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.decision")
    parser.add_argument("limit", type=int, nargs="?")
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    if options.memory:
        print(f"{memory():.0f}")
    else:
        tell(measure(options.limit))
