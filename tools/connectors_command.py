"""`hearth connectors`: each connector with its places, state, rate, lag and last error."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.sdk.states import Seen, is_alive, read_states
from shared.contracts.connectors import ClaimedPlace
from tools.addresses import find_addresses

PLACES_SHOWN = 3
COLOURS = {"running": "green", "stopped": "dim"}

console = Console(highlight=False)


def connectors(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Every connector that ever told of itself, from its newest heartbeat.

    `gone`: it neither told of itself nor said goodbye for half a minute. Exit code 1 when one is gone, is
    degraded, or stands back because another answers for its place.
    """
    addresses = find_addresses()
    try:
        states = asyncio.run(read_states(addresses.bootstrap_servers))
    except (OSError, KafkaError, TimeoutError) as error:
        typer.echo(f"Kafka does not answer: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from error
    now = datetime.now(UTC)
    rows = [_row(name, states[name], now) for name in sorted(states)]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        _show(rows)
    raise typer.Exit(any(row["state"] not in ("running", "stopped") for row in rows))


def _row(name: str, seen: Seen, now: datetime) -> dict[str, Any]:
    state, told_at = seen
    standing = state.state if state.state == "stopped" or is_alive(seen, now) else "gone"
    return {
        "connector": name,
        "platform": state.platform,
        "state": standing,
        "told_at": told_at.isoformat(),
        "seconds_ago": round((now - told_at).total_seconds(), 1),
        "started_at": state.started_at.isoformat(),
        "places": [place.model_dump(mode="json") for place in state.claims],
        "events": state.events,
        "events_per_minute": state.events_per_minute,
        "commands": state.commands,
        "commands_waiting": state.commands_waiting,
        "lag": state.lag,
        "last_error": state.last_error,
        "last_error_at": state.last_error_at.isoformat() if state.last_error_at else None,
    }


def _show(rows: list[dict[str, Any]]) -> None:
    if not rows:
        console.print("No connector has told of itself yet; docs/CONNECTORS.md tells how to start one.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("connector", "platform", "state", "places"):
        table.add_column(column)
    for column in ("told", "events", "a minute", "commands", "waiting", "lag"):
        table.add_column(column, justify="right")
    table.add_column("last error")
    for row in rows:
        numbers = (
            row["events"],
            row["events_per_minute"],
            row["commands"],
            row["commands_waiting"],
            row["lag"],
        )
        table.add_row(
            row["connector"],
            row["platform"],
            Text(row["state"], COLOURS.get(row["state"], "bold red")),
            Text(_places(ClaimedPlace(**place) for place in row["places"])),
            f"{row['seconds_ago']:,.0f} s ago",
            *(f"{number:,}" for number in numbers),
            Text(row["last_error"]),
        )
    console.print(table)


def _places(claims: Iterable[ClaimedPlace]) -> str:
    names = list(
        dict.fromkeys(f"{claim.community_id}/{claim.namespace}".removesuffix("/") for claim in claims)
    )
    more = f" +{len(names) - PLACES_SHOWN}" if len(names) > PLACES_SHOWN else ""
    return ", ".join(names[:PLACES_SHOWN]) + more
