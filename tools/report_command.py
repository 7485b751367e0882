"""`hearth report` and `hearth forget`: a report as a file, and a member who is to be forgotten."""

from enum import StrEnum
from getpass import getuser
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from tools.reporting_api import NoAnswer, ask


class Form(StrEnum):
    """What a report can be."""

    HTML = "html"
    MD = "md"
    JSON = "json"
    CSV = "csv"


def report(
    community: Annotated[str, typer.Argument(help="Id of the community.")],
    period: Annotated[str, typer.Option(help="2024-03, 2024-W10 or 2024-03-05.")],
    form: Annotated[Form, typer.Option("--format", help="What it shall be.")] = Form.MD,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file; else the terminal.")] = None,
    locale: Annotated[str | None, typer.Option(help="zh-CN or en; else the community's own.")] = None,
) -> None:
    """The report of a day, week or month."""
    wanted = {"period": period, "format": form.value, **({"locale": locale} if locale else {})}
    text = _asked(f"/v1/communities/{quote(community, safe='')}/report", wanted)
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"{output} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    typer.echo(str(output.resolve()))


def forget(
    community: Annotated[str, typer.Argument(help="Id of the community.")],
    member: Annotated[str, typer.Argument(help="Id of the member.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Ask every service to forget a member: names, texts and links go for ever, counts stay."""
    if not yes:
        typer.confirm(f"Forget {member} in {community}? This cannot be undone.", abort=True)
    path = f"/v1/communities/{quote(community, safe='')}/members/{quote(member, safe='')}/forget"
    _asked(path, {}, method="POST", json={"reason": reason}, headers={"x-operator": getuser()})
    typer.echo(f"{member} is being forgotten by every service")


def _asked(path: str, wanted: dict[str, str], **more: object) -> str:
    try:
        return ask(path, wanted, **more).text  # type: ignore[arg-type]
    except NoAnswer as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from None
