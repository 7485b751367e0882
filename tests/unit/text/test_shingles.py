"""Marks: texts alike share some, others do not, and they do not depend on who is marked along with them."""

from hypothesis import given
from hypothesis import strategies as st

from shared.text import fingerprint_all, marks_all
from shared.text.shingles import MARKS

LONG = st.text(min_size=12, max_size=300)
ESSAY = (
    "春茶讲究一个鲜字，清明前采下的芽头叶片细嫩，氨基酸含量高，泡出来汤色清亮，入口回甘，一壶茶能喝上一个下午。"
    * 2
)


def marks(*texts: str, salt: str = "tea") -> list[tuple[int, ...]]:
    """Of these texts in one call."""
    return marks_all(fingerprint_all(texts), [salt] * len(texts))


@given(st.lists(LONG, min_size=1, max_size=8))
def test_marks_do_not_depend_on_the_others(texts: list[str]) -> None:
    assert marks(*texts) == [marks(text)[0] for text in texts]


@given(LONG)
def test_there_are_always_as_many_and_they_fit_the_database(text: str) -> None:
    (found,) = marks(text)
    assert len(found) == MARKS
    assert all(0 <= each < 2**63 for each in found)


def test_texts_alike_share_a_mark_and_others_do_not() -> None:
    own, changed, other = marks(ESSAY, "转发：" + ESSAY.replace("清明前", "谷雨前"), ESSAY[::-1])
    assert set(own) & set(changed)
    assert not set(own) & set(other)


def test_another_salt_makes_other_marks() -> None:
    assert not set(marks(ESSAY)[0]) & set(marks(ESSAY, salt="club")[0])
