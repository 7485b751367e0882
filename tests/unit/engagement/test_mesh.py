"""The mesh: cut members are articulation points, concentration is a Gini coefficient."""

import networkx
from hypothesis import given
from hypothesis import strategies as st

from services.engagement.domain.mesh import Mesh

NAMES = st.integers(0, 14).map(str)
PAIRS = st.sets(st.tuples(NAMES, NAMES).filter(lambda pair: pair[0] < pair[1]), max_size=40)


@given(PAIRS)
def test_cut_members_are_articulation_points(pairs: set[tuple[str, str]]) -> None:
    mesh = Mesh.of((a, b, 1) for a, b in pairs)
    assert mesh.cut_members() == sorted(networkx.articulation_points(networkx.Graph(pairs)))


@given(PAIRS)
def test_parts_cover_everybody_once_whatever_the_order(pairs: set[tuple[str, str]]) -> None:
    mesh = Mesh.of((a, b, 1) for a, b in pairs)
    again = Mesh.of((a, b, 1) for a, b in sorted(pairs, reverse=True))
    assert sorted(node for part in mesh.parts() for node in part) == list(range(len(mesh.names)))
    assert mesh.parts() == again.parts()
    assert 0.0 <= mesh.concentration() <= 1.0


def test_concentration_is_high_where_one_carries_all() -> None:
    star = Mesh.of((("hub", f"m{n}", 1)) for n in range(50))
    ring = Mesh.of((f"m{n:02}", f"m{n + 1:02}", 1) for n in range(50))
    assert star.concentration() > 0.45 > 0.05 > ring.concentration()
