"""`hearth status`: what runs, how far each service has come, what was set aside, and whether the sums fit."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import asyncpg
import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.addresses import without_password
from deploy.local.home import default_home
from deploy.local.process import Identity
from tools.addresses import Addresses, find_addresses
from tools.log_position import Positions, TopicPosition, positions

console = Console(highlight=False)


def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """What runs, how far each service has come in each topic, and whether the sums fit.

    Exit code 1 when nothing runs or the sums do not fit.
    """
    addresses = find_addresses()
    processes = _processes()
    try:
        found = asyncio.run(positions(addresses.admin_url, addresses.bootstrap_servers))
    except (OSError, KafkaError, asyncpg.PostgresError, TimeoutError) as error:
        typer.echo(f"Kafka or Postgres does not answer: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from error
    fits = all(topic.reconciles for service in found.services for topic in service.topics)
    if as_json:
        print(json.dumps(_document(addresses, processes, found, fits), indent=2))
    else:
        _show(addresses, processes, found, fits)
    raise typer.Exit(0 if fits else 1)


def _processes() -> dict[str, dict[str, Any]]:
    """Processes of the local stack: by name their id and whether they live."""
    recorded = default_home().state().get("processes", {})
    return {
        name: {"pid": one["pid"], "alive": Identity.from_state(one).alive}
        for name, one in recorded.items()
        if name != "initdb"
    }


def _document(
    addresses: Addresses, processes: Mapping[str, Any], found: Positions, fits: bool
) -> dict[str, Any]:
    return {
        "kafka": addresses.bootstrap_servers,
        "postgres": without_password(addresses.admin_url),
        "apis": dict(addresses.api_urls),
        "processes": dict(processes),
        "reconciles": fits,
        "behind": found.behind,
        "services": {
            one.service: {
                "behind": one.behind,
                "dead_letters": dict(one.dead_letters),
                "outbox_backlog": one.outbox_backlog,
                "timers": one.timers,
                "timers_due": one.timers_due,
                "topics": {
                    topic.topic: {**asdict(topic), "reconciles": topic.reconciles} for topic in one.topics
                },
            }
            for one in found.services
        },
    }


def _show(addresses: Addresses, processes: Mapping[str, Any], found: Positions, fits: bool) -> None:
    running = Table("process", "", "address", box=None, pad_edge=False)
    places = {"kafka": addresses.bootstrap_servers, "postgres": without_password(addresses.admin_url)}
    for name in dict.fromkeys([*places, *processes]):
        running.add_row(name, _life(processes.get(name)), {**places, **addresses.api_urls}.get(name, ""))
    console.print(running)
    console.print()
    console.print(_log_table(found))
    console.print()
    console.print(_rest_table(found))
    verdict = "every handled record has one fate" if fits else "SUMS DO NOT FIT: records are unaccounted for"
    console.print(Text(f"\nreconciliation: {verdict}", "green" if fits else "bold red"))


def _life(process: Mapping[str, Any] | None) -> Text:
    if process is None:
        return Text("elsewhere", "dim")
    return Text(f"pid {process['pid']}", "green") if process["alive"] else Text("dead", "red")


def _log_table(found: Positions) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("service and topic", no_wrap=True)
    for name in ("log end", "handled", "behind", "applied", "double", "dead", "skipped", ""):
        table.add_column(name, justify="right")
    for service in found.services:
        table.add_row(Text(service.service, "bold"))
        for topic in service.topics:
            table.add_row(*_log_row(topic))
    return table


def _log_row(topic: TopicPosition) -> list[str | Text]:
    counts = (topic.applied, topic.duplicates, topic.dead_lettered, topic.skipped)
    return [
        f"  {topic.topic}",
        f"{topic.end:,}",
        f"{topic.next - topic.first:,}",
        Text(f"{topic.behind:,}", "yellow" if topic.behind else ""),
        *(f"{count:,}" for count in counts),
        Text("✓", "green") if topic.reconciles else Text("✗", "bold red"),
    ]


def _rest_table(found: Positions) -> Table:
    table = Table("service", "outbox backlog", "timers", "due", "dead letters", box=None, pad_edge=False)
    for one in found.services:
        dead = ", ".join(f"{count:,} {reason}" for reason, count in one.dead_letters.items())
        table.add_row(
            one.service, f"{one.outbox_backlog:,}", f"{one.timers:,}", f"{one.timers_due:,}", dead or "none"
        )
    return table
