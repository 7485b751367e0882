"""`hearth metrics`: a community's numbers at the terminal, as a table, JSON or CSV."""

import csv
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TextIO
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.home import default_home

TIMEOUT_SECONDS = 30.0
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet reads a cell that begins so as a formula; it takes the full-width forms for the same."""
console = Console(highlight=False)


class NoAnswer(Exception):
    """Reporting could not be asked, or refused; the message is for the one at the terminal."""


def metrics(
    community: Annotated[str, typer.Argument(help="Id of the community.")],
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day; else 30 days up to the last."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option(
            "--to", formats=["%Y-%m-%d"], help="Last day; else the last on which anything happened."
        ),
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="A metric's name, again for several; else all.")
    ] = None,
    by: Annotated[str, typer.Option(help="day, week or month.")] = "day",
    locale: Annotated[str | None, typer.Option(help="zh-CN or en; else the community's own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="For spreadsheets.")] = False,
) -> None:
    """A community's metrics by day, week or month of its own time zone."""
    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv, not both")
    days = {"from": first, "to": last}
    asked: dict[str, Any] = {name: f"{day:%Y-%m-%d}" for name, day in days.items() if day is not None}
    asked |= {"by": by, "metric": metric or [], **({"locale": locale} if locale else {})}
    try:
        answer = ask(f"/v1/communities/{quote(community, safe='')}/metrics", asked)
    except NoAnswer as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    elif as_csv:
        write_csv(answer, sys.stdout)
    else:
        console.print(_table(answer))


def ask(path: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of reporting's API: at `REPORTING_URL` with `API_TOKEN`, else where `hearth up` runs it.

    Raises `NoAnswer`.
    """
    state = default_home().state()
    url = os.environ.get("REPORTING_URL") or state.get("services", {}).get("reporting", {}).get("api_url")
    token = os.environ.get("API_TOKEN") or state.get("api_token", "")
    if not url:
        raise NoAnswer("Reporting does not run here: `hearth up` first, or set REPORTING_URL and API_TOKEN")
    headers = {"authorization": f"Bearer {token}"}
    try:
        # neither a proxy nor a netrc file may change where the token goes
        with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            response = client.get(url.rstrip("/") + path, params=parameters, headers=headers)
        answer = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NoAnswer(f"Reporting at {url} does not answer: {error or type(error).__name__}") from error
    if not isinstance(answer, dict):
        raise NoAnswer(f"What answers at {url} is not reporting")
    if response.is_error:
        raise NoAnswer(_problem(answer, response.status_code))
    return answer


def _problem(answer: Mapping[str, Any], status: int) -> str:
    """What a problem document says, and its members that help."""
    said = " ".join(str(answer[key]) for key in ("title", "detail") if answer.get(key))
    more = [f"{error.get('pointer')}: {error.get('detail')}" for error in answer.get("errors", [])]
    known = [f"known: {', '.join(answer['known'])}"] if "known" in answer else []
    return "\n".join([said or f"status {status}", *more, *known])


def _rows(answer: Mapping[str, Any]) -> Iterator[list[str | int]]:
    for number, period in enumerate(answer["periods"]):
        yield [period["name"], *(each["values"][number] for each in answer["series"]), period["revision"]]


def _table(answer: Mapping[str, Any]) -> Table:
    """Numbers are never cut: headings fold to their width instead."""
    caption = f"days of {answer['time_zone']}; revision: changes to days that had ended"
    table = Table(title=Text(answer["community_id"]), caption=Text(caption), box=None, show_footer=True)
    table.title_justify = table.caption_justify = "left"
    table.add_column(answer["by"], "total", no_wrap=True)
    for each in answer["series"]:
        _add_numbers(table, each["metric"]["title"], each["values"], str(each["total"]))
    _add_numbers(table, "revision", [period["revision"] for period in answer["periods"]], "")
    for row in _rows(answer):
        table.add_row(*(Text(str(cell)) for cell in row))
    return table


def _add_numbers(table: Table, heading: str, values: Sequence[int], total: str) -> None:
    width = max(len(total), *(len(str(value)) for value in values))
    table.add_column(Text(heading), total, justify="right", min_width=width, overflow="fold")


def write_csv(answer: Mapping[str, Any], file: TextIO) -> None:
    """One line a period under the metrics' names; no cell can be taken for a formula."""
    names = [each["metric"]["name"] for each in answer["series"]]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["community_id", answer["by"], *(neutral(name) for name in names), "revision"])
    for row in _rows(answer):
        writer.writerow([neutral(answer["community_id"]), *(neutral(cell) for cell in row)])


def neutral(cell: str | int) -> str | int:
    """The cell as text that a spreadsheet shows and does not run; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
