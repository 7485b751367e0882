"""`hearth engagement`: baselines, cold spells, what warm-ups are worth, and the graph of a community."""

import json
import os
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.home import default_home

TIMEOUT_SECONDS = 30.0
SHOWN = 200
Community = Annotated[str, typer.Argument(help="Id of the community.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
app = typer.Typer(
    help="What is usual in channels, cold spells and warm-ups, who holds a community together.",
    no_args_is_help=True,
)
console = Console(highlight=False)


@app.command("baselines")
def baselines(community: Community, as_json: AsJson = False) -> None:
    """What is usual in each channel, and when its silence is looked at next."""
    answer = ask(community, "channels")
    rows = [
        [
            each["channel_id"], each["days_learned"], _short(each["messages_an_hour"]),
            each["last_message_at"], each["look_at"] or "-",
        ]
        for each in answer["items"]
    ]  # fmt: skip
    _show(answer, ("channel", "days learned", "messages/h", "last message", "looked at"), rows, as_json)


@app.command("cold-spells")
def cold_spells(community: Community, as_json: AsJson = False) -> None:
    """Channels that were cold, what was done, and what people said in the half hour after."""
    answer = ask(community, "cold-spells")
    rows = [
        [
            each["opened_at"], each["channel_id"], round(each["usual_gap_minutes"]), each["outcome"],
            each["reason"] or "", "-" if each["messages"] is None else each["messages"],
        ]
        for each in answer["items"]
    ]  # fmt: skip
    _show(answer, ("opened", "channel", "usual gap, min", "outcome", "why", "messages after"), rows, as_json)


@app.command("warmups")
def warmups(community: Community, as_json: AsJson = False) -> None:
    """What warm-ups are worth against the spells held out by lot."""
    answer = ask(community, "warmups/uplift")
    rows = [
        [name, each["spells"], each["revived"], _short(each["messages"]), _short(each["expected"])]
        for name, each in (("sent", answer["sent"]), ("held out", answer["held_out"]))
    ]
    _show(answer, ("group", "spells", "revived", "messages", "usual"), rows, as_json)
    if not as_json:
        between = answer["messages_interval"]
        said = f"{between[0]:+.2f} to {between[1]:+.2f} (95 %)" if between else "too few to say"
        console.print(f"uplift in messages: {_short(answer['messages'])}, {said}")


@app.command("graph")
def graph(community: Community, as_json: AsJson = False) -> None:
    """Who talks with whom, week by week: cut members, concentration, whom to introduce."""
    answer = ask(community, "mesh")
    rows = [
        [
            each["week"], each["members"], each["edges"], each["parts"], _short(each["concentration"]),
            len(each["cut_members"]), ", ".join(" + ".join(pair) for pair in each["introductions"]),
        ]
        for each in answer["items"]
    ]  # fmt: skip
    heads = ("week", "members", "pairs", "parts", "concentration", "cut members", "to introduce")
    _show(answer, heads, rows, as_json)


def ask(community: str, what: str) -> dict[str, Any]:
    """The answer of engagement's API: at `ENGAGEMENT_URL` with `API_TOKEN`, else where `hearth up` runs it.

    Ends the command with exit code 1 when there is none.
    """
    state = default_home().state()
    known = state.get("services", {}).get("engagement", {}).get("api_url")
    url = os.environ.get("ENGAGEMENT_URL") or known
    token = os.environ.get("API_TOKEN") or state.get("api_token", "")
    if not url:
        _end("Engagement does not run here: `hearth up` first, or set ENGAGEMENT_URL and API_TOKEN")
    path = f"{url.rstrip('/')}/v1/communities/{quote(community, safe='')}/{what}"
    try:
        # neither a proxy nor a netrc file may change where the token goes
        with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            response = client.get(path, headers={"authorization": f"Bearer {token}"}, params=_page(what))
        answer = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        _end(f"Engagement at {url} does not answer: {error or type(error).__name__}")
    if response.is_error or not isinstance(answer, dict):
        said = answer.get("detail") or answer.get("title") if isinstance(answer, dict) else None
        _end(str(said or f"status {response.status_code}"))
    return dict(answer)


def _page(what: str) -> dict[str, int]:
    return {} if what == "warmups/uplift" else {"limit": SHOWN}


def _end(sentence: str) -> Any:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def _short(number: float | None) -> str:
    return "-" if number is None else f"{number:.2f}"


def _show(answer: Any, heads: Sequence[str], rows: Sequence[Sequence[object]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    table = Table(box=None)
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)
