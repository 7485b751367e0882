"""Secrets of the API: what links are signed with, and what addresses are kept with."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import date

from services.rewards.handlers.addresses import AddressBook

SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Keys:
    """Made by the composition root."""

    links: bytes = b""
    addresses: AddressBook = field(default_factory=AddressBook)

    def link(self, community_id: str, month: date, member_id: str) -> str:
        """A token that lets its holder choose for one winner of one month."""
        named = "\x1f".join((community_id, f"{month:%Y-%m}", member_id)).encode("utf-8", "surrogatepass")
        signature = hmac.new(self.links, named, hashlib.sha256).digest()[:SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(signature + named).rstrip(b"=").decode()

    def read_link(self, token: str) -> tuple[str, date, str] | None:
        """Community, month and member of a token that is ours; None of any other."""
        try:
            content = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
            community_id, month, member_id = content[SIGNATURE_BYTES:].decode("utf-8").split("\x1f")
            known = (community_id, date.fromisoformat(f"{month}-01"), member_id)
        except ValueError:
            return None
        return known if self.links and hmac.compare_digest(self.link(*known), token) else None
