"""Who answered most lately, against the plain definition."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.engagement.domain.answerers import LATELY, Answerers, Given

START = datetime(2024, 3, 1, tzinfo=UTC)
NAMES = ("ann", "bob", "cleo", "dan")
days = st.integers(0, 200)
answers = st.lists(
    st.builds(
        lambda day, late, name: Given(
            START + timedelta(days=day), START + timedelta(days=day) - timedelta(hours=late), name
        ),
        days,
        st.integers(0, 24 * 20),
        st.sampled_from(NAMES),
    ),
    max_size=40,
)


def plain(known: Sequence[Given], now: datetime, but: str, most: int) -> list[str]:
    """As the rule says, from all answers anew."""
    mine = [
        each
        for each in known
        if each.settled_at < now and each.answered_at > now - LATELY and each.answered_by != but
    ]
    names = {each.answered_by for each in mine}
    ranks = {
        name: (
            -sum(each.answered_by == name for each in mine),
            now - max(each.answered_at for each in mine if each.answered_by == name),
            name,
        )
        for name in names
    }
    return sorted(names, key=lambda name: ranks[name])[:most]


@given(answers, st.lists(days, max_size=8), st.sampled_from(NAMES))
def test_rising_moments_name_the_same_as_counting_anew(
    known: list[Given], moments: list[int], but: str
) -> None:
    answerers = Answerers(sorted(known))
    for day in sorted(moments):
        now = START + timedelta(days=day, minutes=30)
        assert answerers.best(now, but, 2) == plain(known, now, but, 2)


def test_an_answer_counts_behind_its_moment_and_for_ninety_days() -> None:
    known = [Given(START, START, "ann")]
    assert Answerers(known).best(START, "bob", 2) == []
    assert Answerers(known).best(START + timedelta(seconds=1), "bob", 2) == ["ann"]
    assert Answerers(known).best(START + LATELY, "bob", 2) == []
