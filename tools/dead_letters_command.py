"""`hearth dead-letters`: what services set aside, and what becomes of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import asyncpg
import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.roles import SERVICES
from tools.addresses import find_addresses
from tools.dead_letters import Letter, Place, find_letter, open_letters, resolve, send_again
from tools.feed_run import fail

app = typer.Typer(help="Records that can not be applied: see, send again, give up.", no_args_is_help=True)
console = Console(highlight=False)
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Result = TypeVar("Result")
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
Service = Annotated[str, typer.Argument(help=", ".join(SERVICES))]
Places = Annotated[list[str] | None, typer.Argument(metavar="[PLACE]...", help="Such as chat.events/2/13.")]
AllOf = Annotated[str | None, typer.Option("--all-of", metavar="REASON", help="All open ones of a reason.")]
By = Annotated[str, typer.Option(help="Who does it.")]
Why = Annotated[str, typer.Option(help="What was mended, or why it is given up.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def list_open(
    service: Annotated[str | None, typer.Option(help="Of one service alone.")] = None, as_json: AsJson = False
) -> None:
    """Those that nobody has dealt with, oldest first, without what they hold."""
    names = [_known(service)] if service else list(SERVICES)

    async def act(connection: Connection) -> list[Letter]:
        return [each for name in names for each in await open_letters(connection, name)]

    letters = _run(act)
    if as_json:
        print(json.dumps([_document(each) for each in letters], indent=2, ensure_ascii=False))
        return
    table = Table("service", "place", "reason", "detail", "set aside")
    for each in letters:
        row = (
            each.service,
            str(each.place),
            each.reason,
            each.detail,
            f"{each.created_at:%Y-%m-%d %H:%M:%S}",
        )
        table.add_row(*(Text(_plain(cell)) for cell in row))
    console.print(table if letters else "Nothing is set aside.")


@app.command()
def show(service: Service, place: Annotated[str, typer.Argument(metavar="PLACE")]) -> None:
    """One with all that it holds, as JSON: it may be members' text."""
    name, where = _known(service), _place(place)

    async def act(connection: Connection) -> Letter:
        return await _one(connection, name, where)

    letter = _run(act)
    held = {
        "headers": [(header, value.decode("utf-8", "replace")) for header, value in letter.headers],
        "key": None if letter.key is None else letter.key.decode("utf-8", "replace"),
        "value": None if letter.value is None else letter.value.decode("utf-8", "replace"),
    }
    print(_plain(json.dumps(_document(letter) | held, indent=2, ensure_ascii=False)))


@app.command()
def replay(
    service: Service, by: By, why: Why, places: Places = None, all_of: AllOf = None, as_json: AsJson = False
) -> None:
    """Send them again with the same ids, once their cause is gone; who has applied one drops it."""
    brokers = find_addresses().bootstrap_servers

    async def act(connection: Connection) -> list[Letter]:
        letters = await _chosen(connection, _known(service), places or (), all_of)
        if timers := [str(each.place) for each in letters if each.is_timer]:
            fail(
                f"{', '.join(timers)}: a timer stands in no topic; discard it, and do by hand what it was for"
            )
        await send_again(brokers, letters)
        return [each for each in letters if await resolve(connection, each, "replayed", by, why)]

    _told("sent again", _run(act), as_json)


@app.command()
def discard(
    service: Service, by: By, why: Why, places: Places = None, all_of: AllOf = None, as_json: AsJson = False
) -> None:
    """Give them up; they stay in the table with who did it and why."""

    async def act(connection: Connection) -> list[Letter]:
        letters = await _chosen(connection, _known(service), places or (), all_of)
        return [each for each in letters if await resolve(connection, each, "discarded", by, why)]

    _told("given up", _run(act), as_json)


async def _chosen(
    connection: Connection, service: str, places: Sequence[str], all_of: str | None
) -> list[Letter]:
    if bool(places) == bool(all_of):
        fail("name places, or --all-of a reason; `hearth dead-letters list` shows both")
    if all_of:
        return await open_letters(connection, service, all_of)
    letters = [await _one(connection, service, _place(place)) for place in places]
    if done := [f"{each.place} ({each.status})" for each in letters if each.status != "dead"]:
        fail(f"dealt with already: {', '.join(done)}")
    return letters


async def _one(connection: Connection, service: str, place: Place) -> Letter:
    letter = await find_letter(connection, service, place)
    if letter is None:
        fail(f"{service} set nothing aside at {place}; `hearth dead-letters list` shows what it did")
    return letter


def _run(act: Callable[[Connection], Awaitable[Result]]) -> Result:
    async def connected() -> Result:
        connection = await asyncpg.connect(find_addresses().admin_url)
        try:
            return await act(connection)
        finally:
            await connection.close()

    try:
        return asyncio.run(connected())
    except (OSError, KafkaError, asyncpg.PostgresError, TimeoutError) as error:
        fail(f"Kafka or Postgres does not answer: {error or type(error).__name__}")


def _told(what: str, letters: Sequence[Letter], as_json: bool) -> None:
    if as_json:
        print(json.dumps([_document(each) for each in letters], indent=2, ensure_ascii=False))
    else:
        typer.echo(f"{len(letters)} {what}: {', '.join(str(each.place) for each in letters) or '-'}")


def _document(letter: Letter) -> dict[str, Any]:
    return {
        "service": letter.service,
        "place": str(letter.place),
        "reason": letter.reason,
        "detail": letter.detail,
        "event_id": letter.event_id,
        "created_at": letter.created_at.isoformat(),
        "status": letter.status,
    }


def _known(service: str) -> str:
    if service not in SERVICES:
        fail(f"{service!r} is no service; there are {', '.join(SERVICES)}")
    return service


def _place(text: str) -> Place:
    try:
        return Place.parse(text)
    except ValueError:
        fail(f"{text!r} is no place; one is written topic/partition/offset, such as chat.events/2/13")


def _plain(text: str) -> str:
    """Without what would steer a terminal."""
    return "".join(each if each.isprintable() or each == "\n" else UNPRINTABLE for each in text)
