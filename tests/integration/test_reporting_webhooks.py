"""Reports to a webhook: signed, once by their id, again while it is down, never to a neighbour."""

import base64
import hmac
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest

from services.reporting.handlers.deliver_reports import ATTEMPTS_MAX, DeliverReports
from services.reporting.store.sent import add_delivery
from services.reporting.store.settings import SettingsRow, save_settings
from shared.http.outgoing import Forbidden, post
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import NOON
from tests.servers import ServiceDatabase

SECRET = "a-secret-of-sixteen-characters"
BODY = '{"period": "2024-03", "name": "茶馆"}'


class Receiver(HTTPServer):
    """Answers as told and remembers what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiving)
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []


class _Receiving(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.send_header("location", "http://127.0.0.1:1/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing at the terminal."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def pool(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Pool]:
    database = await service_database("reporting")
    opened = await open_pool(database.app_url, "test", size_min=1, size_max=3)
    yield opened
    await opened.close()


async def waiting(pool: Pool, url: str) -> str:
    """One report waits for the webhook."""
    delivery_id = str(uuid4())
    async with pool.acquire() as connection:
        at = NOON.time().replace(tzinfo=None)
        row = SettingsRow("tea", 0, 30, [], True, True, True, at, url, SECRET)
        await save_settings(connection, row, "olive")
        await add_delivery(connection, delivery_id, "tea", BODY, NOON)
        await add_delivery(connection, delivery_id, "tea", BODY, NOON)
    return delivery_id


async def state(pool: Pool) -> tuple[str, int, str]:
    row = await pool.fetchrow("SELECT state, attempts, last_answer FROM delivery")
    assert row is not None
    return row["state"], row["attempts"], row["last_answer"]


def url(receiver: Receiver) -> str:
    return f"http://127.0.0.1:{receiver.server_port}/hook"


async def test_a_report_comes_once_and_signed(pool: Pool, receiver: Receiver) -> None:
    delivery_id = await waiting(pool, url(receiver))
    deliver = DeliverReports(pool, private_allowed=True)
    assert [await deliver(NOON), await deliver(NOON + timedelta(days=1))] == [1, 0]
    ((headers, body),) = receiver.got
    content = b".".join([delivery_id.encode(), headers["webhook-timestamp"].encode(), body])
    expected = base64.b64encode(hmac.new(SECRET.encode(), content, sha256).digest()).decode()
    assert headers["webhook-id"] == delivery_id
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert body.decode() == BODY
    assert await state(pool) == ("done", 1, "200")
    assert await pool.fetchval("SELECT body FROM delivery") == ""


async def test_a_webhook_that_is_down_is_asked_again_with_the_same_id(pool: Pool, receiver: Receiver) -> None:
    delivery_id = await waiting(pool, url(receiver))
    deliver = DeliverReports(pool, private_allowed=True)
    receiver.status = 503
    assert await deliver(NOON) == 1
    assert await deliver(NOON + timedelta(seconds=29)) == 0
    receiver.status = 204
    assert await deliver(NOON + timedelta(seconds=31)) == 1
    assert [headers["webhook-id"] for headers, _ in receiver.got] == [delivery_id] * 2
    assert await state(pool) == ("done", 2, "204")


async def test_a_webhook_that_never_answers_is_given_up(pool: Pool) -> None:
    await waiting(pool, "http://127.0.0.1:1/nobody")
    deliver = DeliverReports(pool, private_allowed=True)
    moment = NOON
    for _ in range(ATTEMPTS_MAX):
        assert await deliver(moment) == 1
        moment += timedelta(days=1)
    assert await deliver(moment) == 0
    assert await state(pool) == ("given_up", ATTEMPTS_MAX, "ConnectError")


async def test_a_redirect_is_not_followed(pool: Pool, receiver: Receiver) -> None:
    await waiting(pool, url(receiver))
    receiver.status = 302
    await DeliverReports(pool, private_allowed=True)(NOON)
    assert await state(pool) == ("waiting", 1, "302")
    assert len(receiver.got) == 1


async def test_two_who_deliver_at_once_send_once(pool: Pool, receiver: Receiver) -> None:
    await waiting(pool, url(receiver))
    first, second = DeliverReports(pool, private_allowed=True), DeliverReports(pool, private_allowed=True)
    assert await first(NOON) + await second(NOON) == 1
    assert len(receiver.got) == 1


async def test_a_neighbour_is_never_asked_unless_a_setting_allows_it(pool: Pool, receiver: Receiver) -> None:
    await waiting(pool, f"https://localhost:{receiver.server_port}/hook")
    await DeliverReports(pool)(datetime.now(UTC))
    assert receiver.got == []
    assert await state(pool) == ("given_up", 1, "the address is not public")


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/x", "https://10.0.0.8/x", "https://169.254.169.254/latest", "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x", "https://0.0.0.0/", "http://93.184.216.34/", "ftp://93.184.216.34/",
        "https:///nothing",
    ],
)  # fmt: skip
async def test_addresses_inside_and_plain_ones_are_forbidden(address: str) -> None:
    with pytest.raises(Forbidden):
        await post(address, b"{}", {})
