"""What Feishu brings: signed, and encrypted with the app's key.

Source: open.feishu.cn, event subscriptions, encryption. A signature hashes time, nonce, key and body; the
cipher is AES-256-CBC, its key the SHA-256 of the app's, its first block the initialization vector.
An event that is played back has the id that it had, so a signature's age is no question.
"""

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK_BYTES = 16


def is_signed(key: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether who sent it knows the key."""
    stamp, nonce = headers.get("x-lark-request-timestamp", ""), headers.get("x-lark-request-nonce", "")
    signed = hashlib.sha256(f"{stamp}{nonce}{key}".encode() + body).hexdigest()
    return hmac.compare_digest(signed.encode(), headers.get("x-lark-signature", "").encode())


def opened(key: str, sealed: str) -> bytes:
    """The text. Raises ValueError for what was not sealed with this key."""
    raw = b64decode(sealed, validate=True)
    secret = hashlib.sha256(key.encode()).digest()
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(raw[:BLOCK_BYTES])).decryptor()
    padded = decryptor.update(raw[BLOCK_BYTES:]) + decryptor.finalize()
    unpadder = PKCS7(8 * BLOCK_BYTES).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
