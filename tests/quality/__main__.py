"""`make quality`: how well moderation judges, on the own corpora and on real texts; one report a figure.

`make quality ARGS="--only telegram"` measures one: telegram, evasions, innocent, community or rude. `--json`
is for programs, `--strict` fails when a bar is missed. The last three need `../shared/data`; where it is
missing they say so and are left out.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.home import REPOSITORY
from deploy.local.postgres import PostgresServer
from tests.quality import clean_year, corpora, rude, telegram
from tests.quality.figures import Figure, Report
from tests.servers import Databases, sweep, temporary_home
from tools.meter import meter

DATA = REPOSITORY.parent / "shared" / "data"
YEAR_MESSAGES = 156_612
console = Console(highlight=False)


def of_telegram() -> Report:
    """On two files of spam and talk."""
    with meter("telegram", telegram.ROUNDS) as advance:
        return telegram.telegram(DATA, advance)


def of_rude() -> Report:
    """On rude comments."""
    with meter("rude comments", 2) as advance:
        return rude.rude(DATA, advance)


def of_community() -> Report:
    """On a clean year, with a Postgres of its own."""
    return asyncio.run(_community())


async def _community() -> Report:
    await sweep()
    async with temporary_home() as home:
        server = PostgresServer.at(home)
        server.settings = {"fsync": "off", "max_wal_size": "1GB", "shared_buffers": "128MB"}
        await server.start()
        try:
            with meter("community-2024", YEAR_MESSAGES) as advance:
                return await clean_year.clean_year(
                    DATA, await Databases(server).create("moderation"), advance
                )
        finally:
            await server.stop()


OWN: dict[str, Callable[[], Report]] = {"evasions": corpora.evasions, "innocent": corpora.innocent}
REAL: dict[str, Callable[[], Report]] = {
    "telegram": of_telegram,
    "community": of_community,
    "rude": of_rude,
}


def show(figures: list[Figure]) -> None:
    """The table."""
    table = Table("figure", "value", "to reach", "", "")
    for each in figures:
        met = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}[each.is_met]
        table.add_row(each.text, f"{each.value:.5f}", each.bar, met, Text(each.note))
    console.print(table)


def main() -> None:
    """Measure, show, judge."""
    parser = argparse.ArgumentParser(prog="make quality", description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], choices=[*OWN, *REAL])
    parser.add_argument("--json", action="store_true", help="for programs, on standard output")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar is missed")
    options = parser.parse_args()
    wanted = {name: run for name, run in {**OWN, **REAL}.items() if not options.only or name in options.only}
    if not Path(DATA).is_dir():
        print(f"REAL DATA MISSING: no {DATA}; only the own corpora are measured", file=sys.stderr)
        wanted = {name: run for name, run in wanted.items() if name in OWN}
    reports = {name: run() for name, run in wanted.items()}
    figures = [each for report in reports.values() for each in report.figures]
    if options.json:
        told = {
            name: {"figures": [each.as_json() for each in report.figures], "cases": list(report.lines)}
            for name, report in reports.items()
        }
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for name, report in reports.items():
            for line in report.lines:
                console.print(Text(f"{name}: {line}"), soft_wrap=True)
        show(figures)
    if options.strict and any(each.is_met is False for each in figures):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
