"""What is said at the end of a run: what was published, how fast services were, whether sums fit."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.feed_run import Published, Watch
from tools.log_position import Positions, ServicePosition

console = Console(highlight=False)


def reconciles(positions: Positions) -> bool:
    """Whether every handled record of every service has one fate."""
    return all(topic.reconciles for service in positions.services for topic in service.topics)


def show(published: Published, waited: tuple[Positions, Watch] | None, more: Mapping[str, Any]) -> None:
    """For people."""
    rate = published.events / max(published.seconds, 0.001)
    console.print(
        f"published {published.events:,} events in {published.seconds:.1f} s ({rate:,.0f} events/s)"
        + "".join(f", {count:,} {what}" for what, count in _remarks(published).items() if count)
    )
    for what, found in more.items():
        if found:
            console.print(Text(f"{what}: {found}"))
    if waited is None:
        return
    positions, watch = waited
    table = Table(box=None, pad_edge=False)
    table.add_column("service", no_wrap=True)
    for column in ("events/s", "log", "applied", "double", "dead", "skipped", ""):
        table.add_column(column, justify="right")
    for service in positions.services:
        table.add_row(*_row(service, watch))
    console.print(table)
    told = "applied + double + dead + skipped = log" if reconciles(positions) else "THE SUMS DO NOT FIT"
    console.print(Text(f"reconciliation: {told}", "green" if reconciles(positions) else "bold red"))


def show_json(published: Published, waited: tuple[Positions, Watch] | None, more: Mapping[str, Any]) -> None:
    """For programs."""
    document: dict[str, Any] = {
        "community_id": published.community_id,
        "published": published.events,
        "seconds": round(published.seconds, 3),
        **{what.replace(" ", "_"): found for what, found in {**_remarks(published), **more}.items()},
    }
    if waited is not None:
        positions, watch = waited
        document["reconciles"] = reconciles(positions)
        document["services"] = {
            service.service: {
                "events_per_second": round(watch.events_per_second(service.service), 1),
                **_sums(service),
            }
            for service in positions.services
        }
    print(json.dumps(document, ensure_ascii=False, indent=2))


def _remarks(published: Published) -> dict[str, int]:
    return {
        "texts cut": published.cut,
        "events with replaced characters": published.replaced,
        "new producers after errors": published.producers_rebuilt,
    }


def _sums(service: ServicePosition) -> dict[str, int]:
    return {
        "log": service.handled,
        "applied": sum(topic.applied for topic in service.topics),
        "duplicates": sum(topic.duplicates for topic in service.topics),
        "dead_lettered": sum(topic.dead_lettered for topic in service.topics),
        "skipped": sum(topic.skipped for topic in service.topics),
    }


def _row(service: ServicePosition, watch: Watch) -> list[str | Text]:
    fits = all(topic.reconciles for topic in service.topics)
    return [
        service.service,
        f"{watch.events_per_second(service.service):,.0f}",
        *(f"{count:,}" for count in _sums(service).values()),
        Text("✓", "green") if fits else Text("✗", "bold red"),
    ]
