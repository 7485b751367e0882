"""Addresses of members to whom something is sent: kept only encrypted, and only until it is sent."""

from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken


class NoAddresses(Exception):
    """There is no key, or not the right one: addresses can be neither kept nor read."""


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Seals and opens addresses with a Fernet key (AES-128-CBC and HMAC-SHA256)."""

    key: bytes | None = None

    def seal(self, address: str) -> bytes:
        """The address, encrypted. Raises `NoAddresses`."""
        return self._fernet().encrypt(address.encode("utf-8", "replace"))

    def open(self, sealed: bytes) -> str:
        """The address. Raises `NoAddresses`."""
        try:
            return self._fernet().decrypt(sealed).decode("utf-8")
        except InvalidToken:
            raise NoAddresses from None

    def _fernet(self) -> Fernet:
        if self.key is None:
            raise NoAddresses
        try:
            return Fernet(self.key)
        except ValueError:
            raise NoAddresses from None
