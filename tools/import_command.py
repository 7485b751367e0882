"""`hearth import`: a community's chat history, from the files that a platform exports."""

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from connectors.imports.formats import FORMATS, import_source
from connectors.imports.history import History
from connectors.imports.reading import Reading
from tools import feed_summary
from tools.addresses import Addresses, find_addresses
from tools.community_profile import changed_profile, check_zone
from tools.feed_run import Published, Watch, fail, publish, run, wait_or_fail
from tools.log_position import Positions

Outcome = tuple[Published, tuple[Positions, Watch] | None, History]


def import_history(
    format_name: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of: {', '.join(FORMATS)}.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Plain or gzip.")],
    community: Annotated[str, typer.Option(help="Id of the community that the history belongs to.")],
    name: Annotated[str | None, typer.Option(help="The community's name.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA zone; if new, Asia/Shanghai.")] = None,
    locale: Annotated[str | None, typer.Option(help="If new, zh-CN.")] = None,
    clock: Annotated[
        str, typer.Option(help="event: the history's own time, wall afterwards. wall: it happens now.")
    ] = "event",
    wait: Annotated[bool, typer.Option("--wait", help="Until every service has passed the end.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first events.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Publish the history of a community in order of time; importing it twice changes nothing.

    Lines that cannot be read are counted and the first ones shown; they stop nothing.
    """
    _check(format_name, files, clock, timezone)
    addresses = find_addresses()
    work = _import(
        addresses,
        format_name,
        files,
        community,
        {"name": name, "time_zone": timezone, "locale": locale},
        cast(Literal["event", "wall"], clock),
        limit,
        wait,
    )
    published, waited, history = run(work, addresses)
    more = _findings(history)
    (feed_summary.show_json if as_json else feed_summary.show)(published, waited, more)
    if published.events == 0:
        fail("no event was found in these files")
    if waited and not feed_summary.reconciles(waited[0]):
        raise typer.Exit(1)


def _check(format_name: str, files: list[Path], clock: str, timezone: str | None) -> None:
    if format_name not in FORMATS:
        raise typer.BadParameter(f"{format_name!r} is no format that is known: {', '.join(FORMATS)}")
    if clock not in ("event", "wall"):
        raise typer.BadParameter("--clock is event or wall")
    check_zone(timezone)
    for path in files:
        try:
            path.open("rb").close()
        except OSError as error:
            raise typer.BadParameter(f"{path}: {error.strerror}") from error


async def _import(
    addresses: Addresses,
    format_name: str,
    files: list[Path],
    community: str,
    changes: dict[str, str | None],
    clock: Literal["event", "wall"],
    limit: int | None,
    wait: bool,
) -> Outcome:
    profile = await changed_profile(addresses, community, changes)
    reading = Reading(profile.community_id, profile.zone, datetime.now(UTC))
    history = History(FORMATS[format_name], files, reading)
    published = await publish(
        addresses,
        import_source(format_name),
        profile,
        islice(history.events(), limit),
        title=f"import {profile.community_id}",
        total=history.bytes_total,
        how=lambda: (history.bytes_read, f"{history.findings.events:,} events, {history.findings.bad:,} bad"),
        clock=clock,
        cleaner=reading.cleaner,
    )
    return published, await wait_or_fail(addresses, published) if wait else None, history


def _findings(history: History) -> dict[str, Any]:
    found = history.findings
    return {
        "bad lines": found.bad,
        "first bad lines": [f"{name}:{line.number}: {line.why}" for name, line in found.first_bad],
        "skipped": dict(found.skipped),
        "out of order": found.late,
    }
