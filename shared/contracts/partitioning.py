"""Which partition, and so which lane, a community lives in: Kafka's own default for a key, remembered.

The hash is pure Python and costs more than everything else about a record, hence the memory.
"""

from functools import lru_cache

from aiokafka.partitioner import murmur2

from shared.contracts.topics import PARTITIONS

COMMUNITIES_REMEMBERED_MAX = 65_536
_POSITIVE = 0x7FFFFFFF


@lru_cache(maxsize=COMMUNITIES_REMEMBERED_MAX)
def partition_of(community_id: str) -> int:
    """The partition of every topic that holds this community's records; needs valid Unicode."""
    hashed: int = murmur2(community_id.encode())
    return (hashed & _POSITIVE) % PARTITIONS
