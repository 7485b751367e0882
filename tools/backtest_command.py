"""`hearth moderation backtest`: what a candidate policy would change, on a file or a community's record."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from services.moderation.domain.backtest import SAMPLES_MAX, Comparison, compare
from tools.backtest_report import as_text, sample_ids
from tools.backtest_run import Job, Skipped, run_file, texts_of
from tools.meter import meter
from tools.policy_files import policy_of

PROCESSES = min(2, os.cpu_count() or 1)
SHOWN_MAX = 200


DAY_OR_MOMENT = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]
From = Annotated[datetime | None, typer.Option("--from", formats=DAY_OR_MOMENT, help="With --community.")]
To = Annotated[datetime | None, typer.Option("--to", formats=DAY_OR_MOMENT, help="Before this moment.")]
Rules = Annotated[Path, typer.Option(help="The candidate: a policy in YAML on top of the shipped one.")]
History = Annotated[Path | None, typer.Option(help="A history in JSON lines, plain or gzip.")]
Active = Annotated[
    Path | None, typer.Option(help="With --file: what to compare with; else the shipped policy.")
]
Community = Annotated[
    str | None, typer.Option(help="Id: its record in Kafka, against its own policy, by the service.")
]
Overturned = Annotated[
    Path | None, typer.Option(help="Ids of messages, one a line, whose removal a person has overturned.")
]
Show = Annotated[int, typer.Option(min=0, max=SHOWN_MAX, help="With --file: texts to show of each change.")]
Processes = Annotated[int, typer.Option(min=1, max=16, help="With --file.")]


def backtest(
    rules: Rules,
    file: History = None,
    active: Active = None,
    community: Community = None,
    since: From = None,
    until: To = None,
    overturned: Overturned = None,
    show: Show = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    processes: Processes = PROCESSES,
) -> None:
    """What a candidate policy would catch, lose and do. Nothing is announced, stored or done.

    With --file everything happens here. Else the moderation service reads the community's record, which goes
    back as far as Kafka keeps it.
    """
    if (file is None) == (community is None):
        raise typer.BadParameter("name either --file or --community")
    ids = _ids(overturned)
    if community is not None:
        if active is not None or show:
            raise typer.BadParameter("--active and --show are for --file: the service gives no texts")
        from tools.backtest_asking import ask_service  # httpx is slow to load, and not needed for files

        result, texts = ask_service(community, rules, since, until, ids), dict[str, str]()
    else:
        assert file is not None
        if since or until:
            raise typer.BadParameter("--from and --to are for --community")
        result, texts = _on_file(_job(file, active, rules, processes), ids, show)
    if as_json:
        print(json.dumps(result | ({"texts": texts} if show else {}), ensure_ascii=False, indent=2))
    else:
        print(as_text(result, texts))


def _job(file: Path, active: Path | None, rules: Path, processes: int) -> Job:
    try:
        file.open("rb").close()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    return Job(file, policy_of(active), policy_of(rules), processes)


def _on_file(job: Job, overturned: list[str], show: int) -> tuple[dict[str, Any], dict[str, str]]:
    with meter("backtest", job.path.stat().st_size) as advance:
        run, skipped = run_file(job, lambda done: advance(done, ""))
    _tell(job.path, skipped)
    compared = compare(run, job.active, job.candidate, overturned, show or SAMPLES_MAX)
    result = TypeAdapter(Comparison).dump_python(compared, mode="json")
    return result, texts_of(job.path, sample_ids(result)) if show else {}


def _tell(path: Path, skipped: Skipped) -> None:
    for line in skipped.first_bad:
        print(f"{path.name}:{line.number}: {line.why}", file=sys.stderr)
    if skipped.bad:
        print(f"{skipped.bad:,} lines could not be read", file=sys.stderr)


def _ids(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path}: {error}") from error
