"""The demo's gift shop: a small HTTP server on the loopback that rewards orders gifts from, signed."""

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
PATH = "/gifts"
BODY_BYTES_MAX = 65_536
READ_SECONDS_MAX = 10.0


class GiftShop(ThreadingHTTPServer):
    """Takes orders whose signature is right; an order that comes again is the same order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Counter)
        self.secret = secrets.token_hex(16)
        self.orders: dict[str, Mapping[str, Any]] = {}
        """By their keys."""
        self.refused = 0

    @property
    def environment(self) -> dict[str, str]:
        """What rewards is told of it; that it is on this machine has to be allowed."""
        return {
            "FULFILMENT_URL": f"http://{HOST}:{self.server_port}{PATH}",
            "FULFILMENT_SECRET": self.secret,
            "FULFILMENT_PRIVATE_ALLOWED": "true",
            "DELIVER_SECONDS": "1",
        }

    def is_ours(self, stamp: str, body: bytes, signature: str) -> bool:
        """Whether whoever signed it knows the secret."""
        expected = hmac.new(self.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.encode("latin-1", "replace"))


class _Counter(BaseHTTPRequestHandler):
    server: GiftShop
    timeout = READ_SECONDS_MAX

    def do_POST(self) -> None:
        """An order."""
        length = self.headers.get("content-length", "")
        if self.path != PATH or not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            self._answer(400, {})
            return
        body = self.rfile.read(int(length))
        told = [self.headers.get(name, "") for name in ("x-hearth-timestamp", "x-hearth-signature")]
        if not self.server.is_ours(told[0], body, told[1]):
            self.server.refused += 1
            self._answer(401, {})
            return
        key = self.headers.get("idempotency-key", "")
        self.server.orders.setdefault(key, json.loads(body))
        self._answer(200, {"proof": f"order {list(self.server.orders).index(key) + 1}"})

    def _answer(self, status: int, document: Mapping[str, str]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing at the terminal."""


@contextmanager
def gift_shop() -> Iterator[GiftShop]:
    """An open shop."""
    with GiftShop() as shop:
        thread = threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield shop
        finally:
            shop.shutdown()
            thread.join()
