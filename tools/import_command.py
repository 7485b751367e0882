"""`hearth import`: a community's chat history, from the files that a platform exports."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from connectors.imports.formats import FORMATS, import_source
from connectors.imports.history import History
from connectors.imports.reading import Reader, Reading
from connectors.imports.sniffing import sniff
from connectors.imports.table import FIELDS, CsvTable
from tools import feed_summary, import_preview
from tools.addresses import Addresses, find_addresses
from tools.community_profile import changed_profile, check_zone
from tools.feed_run import Published, Watch, fail, publish, run, wait_or_fail
from tools.import_progress import Progress
from tools.log_position import Positions

Outcome = tuple[Published, tuple[Positions, Watch] | None, History]


def import_history(
    format_and_files: Annotated[
        list[str],
        typer.Argument(
            metavar="[FORMAT] FILE...",
            help=f"Plain or gzip. Without a format the files tell it; one of: {', '.join(FORMATS)}.",
        ),
    ],
    community: Annotated[str, typer.Option(help="Id of the community that the history belongs to.")],
    name: Annotated[str | None, typer.Option(help="The community's name.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA zone; if new, Asia/Shanghai.")] = None,
    locale: Annotated[str | None, typer.Option(help="If new, zh-CN.")] = None,
    clock: Annotated[
        str, typer.Option(help="event: the history's own time, wall afterwards. wall: it happens now.")
    ] = "event",
    wait: Annotated[bool, typer.Option("--wait", help="Until every service has passed the end.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first events.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="FIELD=HEADING", help="Of csv: which column is which.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be imported.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a run over the same files was stopped.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Publish the history of a community in order of time; importing it twice changes nothing.

    A run that was stopped goes on with --resume, and without it changes nothing either.

    Lines that cannot be read are counted and the first ones shown; they stop nothing.
    """
    format_name, files = _told(format_and_files)
    _check(files, clock, timezone)
    reader = _reader(format_name, column)
    if dry_run:
        raise typer.Exit(
            import_preview.show(format_name, reader, files, community, timezone, as_json=as_json)
        )
    addresses = find_addresses()
    progress = Progress.of(community, format_name, files)
    run_of = Run(
        format_name,
        reader,
        files,
        community,
        {"name": name, "time_zone": timezone, "locale": locale},
        cast(Literal["event", "wall"], clock),
        limit,
        progress,
        progress.read() if resume else 0,
    )
    published, waited, history = run(_import(addresses, run_of, wait), addresses)
    progress.forget()
    more = {"format": format_name, "passed over": run_of.skip, **_findings(history)}
    (feed_summary.show_json if as_json else feed_summary.show)(published, waited, more)
    if published.events == 0 and not run_of.skip:
        fail("no event was found in these files")
    if waited and not feed_summary.reconciles(waited[0]):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Run:
    """What one import was asked to do."""

    format_name: str
    reader: Reader
    files: list[Path]
    community: str
    changes: dict[str, str | None]
    clock: Literal["event", "wall"]
    limit: int | None
    progress: Progress
    skip: int
    """Events that a run before has made durable."""


def _told(format_and_files: list[str]) -> tuple[str, list[Path]]:
    """The format and the files; a format that is not named is the one that all files have."""
    if format_and_files[0] in FORMATS and len(format_and_files) > 1:
        return format_and_files[0], [Path(each) for each in format_and_files[1:]]
    files = [Path(each) for each in format_and_files]
    _check_readable(files)
    found = {sniff(path) for path in files}
    name = found.pop()
    if name is None or found:
        what = "the files have several formats" if found else "no format that is known"
        raise typer.BadParameter(f"{what}; name one before the files: {', '.join(FORMATS)}")
    return name, files


def _reader(format_name: str, columns: list[str] | None) -> Reader:
    if not columns:
        return FORMATS[format_name]
    mapping = dict(each.partition("=")[::2] for each in columns)
    if format_name != "csv" or not set(mapping) <= set(FIELDS) or "" in mapping.values():
        raise typer.BadParameter(f"--column is FIELD=HEADING, for csv only; fields: {', '.join(FIELDS)}")
    return CsvTable(mapping)


def _check(files: list[Path], clock: str, timezone: str | None) -> None:
    if clock not in ("event", "wall"):
        raise typer.BadParameter("--clock is event or wall")
    check_zone(timezone)
    _check_readable(files)


def _check_readable(files: list[Path]) -> None:
    for path in files:
        try:
            path.open("rb").close()
        except OSError as error:
            raise typer.BadParameter(f"{path}: {error.strerror}") from error


async def _import(addresses: Addresses, asked: Run, wait: bool) -> Outcome:
    profile = await changed_profile(addresses, asked.community, asked.changes)
    reading = Reading(profile.community_id, profile.zone, datetime.now(UTC))
    history = History(asked.reader, asked.files, reading)
    published = await publish(
        addresses,
        import_source(asked.format_name),
        profile,
        islice(history.events(), asked.skip, asked.limit),
        title=f"import {profile.community_id}",
        total=history.bytes_total,
        how=lambda: (history.bytes_read, f"{history.findings.events:,} events, {history.findings.bad:,} bad"),
        clock=asked.clock,
        cleaner=reading.cleaner,
        on_durable=lambda count: asked.progress.write(asked.skip + count),
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
