"""A community's partition is the one that any Kafka client would choose for its key."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.partitioning import partition_of
from shared.contracts.topics import PARTITIONS

ALL = list(range(PARTITIONS))
UNICODE = st.characters(exclude_categories=("Cs",))


@given(st.text(alphabet=UNICODE, min_size=1, max_size=255))
def test_a_community_goes_where_kafkas_default_partitioner_sends_its_key(community_id: str) -> None:
    assert partition_of(community_id) == DefaultPartitioner()(community_id.encode(), ALL, ALL)


def test_partitions_known_from_the_java_client_stay_the_same() -> None:
    # murmur2 of "21" is -973932308 in the tests of the Java client.
    assert partition_of("21") == (-973932308 & 0x7FFFFFFF) % PARTITIONS
