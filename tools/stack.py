"""`hearth up`, `down` and `doctor`: the local stack at the terminal."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local import doctor as examination
from deploy.local import up as stack
from deploy.local.addresses import without_password
from deploy.local.follower import Follower
from deploy.local.home import REPOSITORY, default_home
from deploy.local.process import last_lines
from deploy.local.setup import NotPossible, set_up

COLOURS = ("cyan", "green", "yellow", "blue", "magenta", "bright_cyan", "bright_green", "bright_yellow")
NAME_WIDTH = 11
LOOK_SECONDS = 0.2
console = Console(highlight=False, soft_wrap=True)

EVERYTHING = ",".join(stack.CHOICES)

Only = Annotated[
    str, typer.Option(help=f"Comma-separated, of: {', '.join(stack.CHOICES)}. A service brings its servers.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def say(name: str, line: str) -> None:
    """One line of a process or of the supervisor, with its coloured name before it."""
    colour = (
        COLOURS[(*stack.CHOICES, "hearth").index(name) % len(COLOURS)] if name in stack.CHOICES else "white"
    )
    console.print(Text.assemble((f"{name:<{NAME_WIDTH}}", colour), ("│ ", "dim"), line))


def up(
    only: Only = EVERYTHING,
    detach: Annotated[bool, typer.Option(help="Return when everything is ready; it runs on.")] = False,
    logs: Annotated[
        bool, typer.Option(help="Show the processes' logs here; they are in files anyway.")
    ] = True,
    monitoring: Annotated[bool, typer.Option("--monitoring", help="Start Prometheus too.")] = False,
) -> None:
    """Start Kafka, Postgres and the services; stop them with Ctrl-C, or with `hearth down`."""
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := set(wanted) - set(stack.CHOICES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose of {', '.join(stack.CHOICES)}")
    home = default_home()
    if detach and not stack.is_up(home):
        raise typer.Exit(_start_in_background(only, monitoring))
    with stack.only_one(home) as free:
        if free:
            raise typer.Exit(_stay(wanted, logs, monitoring))
    ready = home.state().get("ready")
    say("hearth", "is already up" if ready else "is already starting")
    if ready:
        _show_addresses(home.state())


def _stay(wanted: list[str], logs: bool, monitoring: bool) -> int:
    home, environment = default_home(), os.environ
    services = bool(set(wanted) - {stack.KAFKA, stack.POSTGRES})
    try:
        set_up(
            lambda line: say("hearth", line),
            kafka=(services or stack.KAFKA in wanted) and "KAFKA_BOOTSTRAP_SERVERS" not in environment,
            postgres=(services or stack.POSTGRES in wanted) and "DATABASE_URL" not in environment,
        )
        run = stack.Up(home, wanted, environment, say, logs, _show_addresses, monitoring)
        return asyncio.run(run.run())
    except (NotPossible, RuntimeError) as error:
        say("hearth", str(error))
        return 1


def _start_in_background(only: str, monitoring: bool) -> int:
    """Run the same command in a session of its own; show what it says until all is ready."""
    home = default_home()
    log = home.log("up")
    log.unlink(missing_ok=True)
    watched = ["--monitoring"] if monitoring else []
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "tools.cli", "up", "--only", only, "--no-logs", *watched],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            env={**os.environ, "COLUMNS": "200"},
            start_new_session=True,
        )
    follower = Follower(lambda _, line: console.print(Text(line)))
    follower.follow([log])
    while child.poll() is None and not stack.is_ready(home, child.pid):
        follower.show()
        time.sleep(LOOK_SECONDS)
    follower.show()
    if child.poll() is None:
        return 0
    console.print(f"hearth up ended with code {child.returncode}; {log} ends so:\n{last_lines(log)}")
    return child.returncode or 1


def down() -> None:
    """Stop what `hearth up` started, services first."""
    found = asyncio.run(stack.down(default_home(), say))
    say("hearth", "is down" if found else "was not up")


def doctor(as_json: Json = False) -> None:
    """What this machine has and misses for the local stack; exit code 1 when something is missing."""
    checks = examination.examine(default_home(), os.environ)
    if as_json:
        fields = [{"name": c.name, "ok": c.ok, "found": c.found, "remedy": c.remedy} for c in checks]
        print(json.dumps({"ok": all(check.ok for check in checks), "checks": fields}, indent=2))
    else:
        table = Table("", "needs", "found", "what to do", title="hearth doctor", title_justify="left")
        for check in checks:
            mark = Text("✓", "green") if check.ok else Text("✗", "red")
            table.add_row(mark, check.name, Text(check.found), Text("" if check.ok else check.remedy))
        console.print(table)
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


def _show_addresses(state: Mapping[str, Any]) -> None:
    table = Table("", "address", title="Hearth is up", title_justify="left")
    if kafka := state.get("kafka"):
        table.add_row("Kafka", kafka["bootstrap_servers"])
    if postgres := state.get("postgres"):
        table.add_row("Postgres", without_password(postgres["admin_url"]))
    for name, service in state.get("services", {}).items():
        table.add_row(name, f"{service['api_url']}  metrics {service['metrics_url']}")
    if prometheus := state.get("prometheus"):
        table.add_row("Prometheus", f"{prometheus['url']}  alerts {prometheus['url']}/alerts")
    table.add_row("folder", str(default_home().root))
    table.add_row("passwords", str(default_home().root / "secrets"))
    console.print(table)
