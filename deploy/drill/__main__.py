"""`python -m deploy.drill`: the drill on a stack of its own; exit code 1 when a bar is missed."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.drill.rolling import Outcome, roll
from deploy.local.home import Home
from deploy.local.outside import remove_outside_folder
from deploy.local.roles import SERVICES
from deploy.local.setup import set_up
from deploy.local.stack import LocalStack
from tools.drained import NotDrained

STOP_SECONDS_MAX = 40.0
PAUSE_SECONDS_MAX = 10.0
TRY_NEXT = 0.8
"""Of the rate that was held."""


def misses(outcome: Outcome) -> list[str]:
    """Every bar that was missed, in words. Seconds count only at a rate that this machine holds."""
    found = []
    for each in outcome.restarts:
        if each.exit_code != 0:
            found.append(f"{each.service} ended with code {each.exit_code}")
        if outcome.is_held and each.stop_seconds >= STOP_SECONDS_MAX:
            found.append(f"{each.service} took {each.stop_seconds:.1f} s to end")
        if outcome.is_held and each.pauses[1] >= PAUSE_SECONDS_MAX:
            found.append(f"a partition of {each.service} stood for {each.pauses[1]:.1f} s")
        if each.failed:
            found.append(f"{each.failed} of {each.requests} requests to {each.service} failed")
    if outcome.lost or outcome.doubled:
        found.append(f"{outcome.lost} events lost, {outcome.doubled} doubled")
    if outcome.kept != outcome.messages:
        found.append(f"reporting has {outcome.kept} of {outcome.messages} messages")
    found += [f"{each.service} set {each.dead} records aside" for each in outcome.books if each.dead]
    found += [f"the sums of {each.service} do not fit" for each in outcome.books if not each.reconciles]
    return found


def report(outcome: Outcome) -> str:
    """What was asked, held, lost and doubled, one a line; then the table for docs/DEPLOY.md."""
    lines = [
        f"rate asked: {outcome.asked:.0f} events a second",
        f"rate held: {outcome.held:.0f} events a second",
        f"published: {outcome.published} events in {outcome.seconds:.0f} s "
        f"({outcome.per_second:.0f} a second); {outcome.behind} waited when the stream ended",
        f"lost: {outcome.lost}",
        f"doubled: {outcome.doubled}",
        f"kept by reporting: {outcome.kept} of {outcome.messages} messages",
        *([] if outcome.is_held else [_unjudged(outcome)]),
        "",
        "| service | exit code | seconds to end | pause of a partition: median | p99 | longest "
        "| requests | failed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in outcome.restarts:
        pauses = " | ".join(f"{pause:.1f} s" for pause in each.pauses)
        ended = f"{each.exit_code} | {each.stop_seconds:.1f}"
        lines.append(f"| {each.service} | {ended} | {pauses} | {each.requests} | {each.failed} |")
    return "\n".join(lines)


def _unjudged(outcome: Outcome) -> str:
    """What to do where the rate that was held is not the one that was asked for."""
    try_next = max(10, int(outcome.held * TRY_NEXT) // 10 * 10)
    return (
        "This machine has no room for the rate, so pauses and seconds to end are told and not judged; "
        f"`--rate {try_next}` judges them."
    )


async def drill(per_second: float) -> Outcome:
    """Start a stack, roll it, stop it, remove it."""
    with _home() as home:
        stack = LocalStack.at(home)
        try:
            await stack.start_servers()
            await asyncio.gather(*(stack.start_service(service) for service in SERVICES))
            return await roll(stack, per_second, print)
        finally:
            await stack.stop()
            remove_outside_folder(home)


@contextmanager
def _home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="hearth-drill-") as folder:
        root = Path(folder)
        root.chmod(0o755)  # the database's own account goes through it
        yield Home(root)


def main() -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.drill", description=__doc__)
    parser.add_argument("--rate", type=float, default=1000.0, help="events a second")
    options = parser.parse_args()
    set_up(print)
    try:
        outcome = asyncio.run(drill(options.rate))
    except NotDrained as stands:
        sys.exit(f"missed: {stands}")
    print(report(outcome))
    for miss in (missed := misses(outcome)):
        print(f"missed: {miss}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
