"""Who holds the mesh of answers together, against taking each member out and looking."""

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.mesh import Pair, Tie, ties

MEMBERS = st.sampled_from("abcdefgh")


def parts(pairs: list[Pair], without: str, members: set[str]) -> list[int]:
    """Sizes of what is left of the members when one is taken out, by joining until nothing changes."""
    groups = [{name} for name in members - {without}]
    for pair in pairs:
        if without not in pair and members.issuperset(pair):
            touched = [group for group in groups if group & set(pair)]
            groups = [group for group in groups if group not in touched] + [set().union(*touched)]
    return [len(group) for group in groups]


def component(pairs: list[Pair], name: str) -> set[str]:
    """Everybody who can be reached from a member."""
    reached: set[str] = {name}
    while more := {each for pair in pairs if reached & set(pair) for each in pair} - reached:
        reached |= more
    return reached


@given(st.lists(st.tuples(MEMBERS, MEMBERS).filter(lambda pair: pair[0] != pair[1]), max_size=14))
def test_who_is_cut_off_is_whoever_falls_off_when_the_member_is_taken_out(pairs: list[Pair]) -> None:
    found = ties(pairs)
    assert found.keys() == {name for pair in pairs for name in pair}
    for name, tie in found.items():
        left = parts(pairs, name, component(pairs, name))
        assert tie.cut_off == sum(left) - max(left)
        assert tie.neighbours == len({each for pair in pairs if name in pair for each in pair} - {name})


def test_a_member_between_two_circles_holds_them_together() -> None:
    one, other = [("a", "b"), ("b", "c"), ("c", "a")], [("x", "y"), ("y", "z"), ("z", "x")]
    found = ties([*one, *other, ("m", "a"), ("x", "m")])
    assert found["m"] == Tie(neighbours=2, cut_off=3)
    assert found["a"] == Tie(neighbours=3, cut_off=2)
    assert found["b"].cut_off == 0


def test_a_long_chain_needs_no_deep_stack() -> None:
    found = ties([(f"m{n}", f"m{n + 1}") for n in range(5_000)])
    assert found["m2500"].cut_off == 2_500
