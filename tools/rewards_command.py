"""`hearth rewards`: months and their awards, statements, liabilities, and whether the books fit."""

import json
from getpass import getuser
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from tools.moderation_api import NoAnswer, ask

VERIFY_SECONDS_MAX = 600.0
LINES_MAX = 200
app = typer.Typer(
    help="Months and their awards, statements, liabilities, and the books recomputed.", no_args_is_help=True
)
console, errors = Console(), Console(stderr=True)
Community = Annotated[str, typer.Argument(help="The community's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer for programs.")]


@app.command("month")
def month(
    community: Community,
    which: Annotated[str, typer.Argument(metavar="YYYY-MM", help="For example 2024-03.")],
    as_json: AsJson = False,
) -> None:
    """A month: its state, its most active members with the parts of their scores, and their gifts."""
    shown = _get(f"{_path(community)}/months/{quote(which)}")
    shown["award"] = _get(f"{_path(community)}/months/{quote(which)}/award")
    if as_json:
        _print_json(shown)
        return
    console.print(f"{shown['month']}: {shown['state']}, {shown['candidates']} candidates", highlight=False)
    places = {each["member_id"]: each for each in shown["award"]}
    table = Table("rank", "member", "score", "parts", "gift")
    for each in shown["top"]:
        parts = ", ".join(f"{part['text']} {part['score']}" for part in each["parts"])
        prize = places.get(each["member_id"], {})
        gift = f"{prize.get('state', '')} {prize.get('gift_id') or ''}".strip()
        table.add_row(str(each["rank"]), each["member_id"], str(each["score"]), parts, gift)
    console.print(table)
    if shown["evidence_hash"]:
        console.print(f"evidence {shown['evidence_hash']}", highlight=False)


@app.command("statement")
def statement(
    community: Community,
    member: Annotated[str, typer.Argument(help="The member's id.")],
    as_json: AsJson = False,
) -> None:
    """The newest transactions of a member, each with its cause."""
    path = f"{_path(community)}/members/{quote(member, safe='')}"
    held = _get(f"{path}/balance")
    lines = _get(f"{path}/statement?limit={LINES_MAX}")["items"]
    if as_json:
        _print_json({**held, "lines": lines})
        return
    console.print(f"{member}: {held['balance']} points, {held['debt']} owed", highlight=False)
    table = Table("when", "points", "why", "transaction")
    for line in lines:
        table.add_row(line["occurred_at"], str(line["points"]), line["text"], line["transaction_id"])
    console.print(table)


@app.command("links")
def links(
    community: Community,
    member: Annotated[str, typer.Option(help="Only links of this account.")] = "",
    as_json: AsJson = False,
) -> None:
    """Which accounts are one person's, the newest first, and which links were undone and why."""
    query = f"?limit={LINES_MAX}" + (f"&member_id={quote(member, safe='')}" if member else "")
    shown = _get(f"{_path(community)}/links{query}")["items"]
    if as_json:
        _print_json(shown)
        return
    table = Table("link", "account", "main account", "since", "brought", "undone")
    for each in shown:
        undone = (
            f"{each['unlinked_at']} {each['unlinked_by']}: {each['reason']}" if each["unlinked_at"] else ""
        )
        names = (each["linked_member_id"], each["member_id"])
        table.add_row(each["link_id"], *names, each["linked_at"], str(each["moved"]), undone)
    console.print(table)


@app.command("unlink")
def unlink(
    community: Community,
    link: Annotated[str, typer.Argument(help="The link's id, as `links` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; both accounts are told.")],
) -> None:
    """An account is on its own again, with what it brought as far as the main wallet still has it."""
    path = f"{_path(community)}/links/{quote(link, safe='')}/unlink"
    undone = _ask("POST", path, json={"reason": reason}, headers={"x-operator": getuser()})
    console.print(f"unlinked, {undone['points']} points went back", highlight=False)


@app.command("liability")
def liability(community: Community, as_json: AsJson = False) -> None:
    """What was issued, redeemed and expired, and what is outstanding."""
    shown = _get(f"{_path(community)}/ledger/liability")
    if as_json:
        _print_json(shown)
        return
    table = Table("", "points")
    for name, points in shown.items():
        if name != "community_id":
            table.add_row(name, str(points))
    console.print(table)


@app.command("verify")
def verify(community: Community, as_json: AsJson = False) -> None:
    """Recompute everything from the entries; ends with 1 when anything differs."""
    shown = _get(f"{_path(community)}/ledger/verify", timeout=VERIFY_SECONDS_MAX)
    if as_json:
        _print_json(shown)
    else:
        counted = ", ".join(f"{shown[name]} {name}" for name in ("transactions", "seals", "months"))
        console.print(f"{counted}: {'consistent' if shown['consistent'] else 'DIFFERENT'}", highlight=False)
        for each in shown["differences"]:
            line = f"{each['kind']} {each['subject']}: {each['found']}, expected {each['expected']}"
            console.print(line, highlight=False, markup=False)
    if not shown["consistent"]:
        raise typer.Exit(1)


def _path(community: str) -> str:
    return f"/v1/communities/{quote(community, safe='')}"


def _get(path: str, **options: Any) -> Any:
    return _ask("GET", path, **options)


def _ask(method: str, path: str, **options: Any) -> Any:
    try:
        return ask(method, path, service="rewards", **options).json()
    except NoAnswer as error:
        errors.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
