"""`hearth metrics`: a community's numbers at the terminal, as a table, JSON or CSV."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TextIO
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.reporting_api import NoAnswer, ask_json

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet reads a cell that begins so as a formula; it takes the full-width forms for the same."""
console = Console(highlight=False)


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
    by: Annotated[str, typer.Option(help="day, week, month, channel or hour.")] = "day",
    locale: Annotated[str | None, typer.Option(help="zh-CN or en; else the community's own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="For spreadsheets.")] = False,
) -> None:
    """A community's metrics by day, week or month of its own time zone, by channel or by hour of the day."""
    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv, not both")
    days = {"from": first, "to": last}
    asked: dict[str, Any] = {name: f"{day:%Y-%m-%d}" for name, day in days.items() if day is not None}
    asked |= {"by": by, "metric": metric or [], **({"locale": locale} if locale else {})}
    try:
        answer = ask_json(f"/v1/communities/{quote(community, safe='')}/metrics", asked)
    except NoAnswer as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    elif as_csv:
        write_csv(answer, sys.stdout)
    else:
        console.print(_table(answer))


def _rows(answer: Mapping[str, Any]) -> Iterator[list[str | int]]:
    for number, period in enumerate(answer["periods"]):
        values = [shown(each["values"][number]) for each in answer["series"]]
        yield [period["name"], *values, period["revision"]]


def shown(value: float | int | None) -> str | int:
    """Fractions with two places; nothing where there is nothing to tell."""
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else value


def _table(answer: Mapping[str, Any]) -> Table:
    """Numbers are never cut: headings fold to their width instead."""
    caption = f"days of {answer['time_zone']}; revision: changes to days that had ended"
    table = Table(title=Text(answer["community_id"]), caption=Text(caption), box=None, show_footer=True)
    table.title_justify = table.caption_justify = "left"
    table.add_column(answer["by"], "total", no_wrap=True)
    for each in answer["series"]:
        values = [shown(value) for value in each["values"]]
        _add_numbers(table, each["metric"]["title"], values, str(shown(each["total"])))
    _add_numbers(table, "revision", [period["revision"] for period in answer["periods"]], "")
    for row in _rows(answer):
        table.add_row(*(Text(str(cell)) for cell in row))
    return table


def _add_numbers(table: Table, heading: str, values: Sequence[str | int], total: str) -> None:
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
