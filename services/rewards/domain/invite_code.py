"""A member's own invitation code, the same for ever."""

import base64
from hashlib import blake2b

CODE_BYTES = 5


def invite_code(community_id: str, member_id: str) -> str:
    """Eight characters of base 32 (A to Z, 2 to 7), made of community and member."""
    named = f"{len(community_id)}:{community_id}{member_id}".encode("utf-8", "surrogatepass")
    return base64.b32encode(blake2b(named, digest_size=CODE_BYTES).digest()).decode()
