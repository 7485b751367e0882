"""Characters that are drawn out so that a word is not seen: `加加加微微信` is 加微信, `casinoooo` is casino.

A chain is a row of neighbouring Han characters each written twice or more. It is cut to one of each where one
is written three times or more, or where it has three characters or more; 高高兴兴 and 谢谢 stay. Cutting
neither hides nor makes a word of two different characters: what stands beside the run stands beside its
character. In a word of Latin letters four of one become one; three stand in IEEE and in identifiers. Laughter
and sounds (哈哈哈), numerals, ids, addresses and `www` stay.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.text.flow import Flow
from shared.text.tables import CODE_POINTS, HAN, NO_DIGIT, folding_table

SOUNDS = "哈呵嘿嘻啊呀哦噢喔嗯呜哇哎唉咯嘎嘤喵汪嗷咳噗嗨吼呃额哟哼嘟滴嘀咚叮啦嘛咩哞啪"
"""Characters that people repeat because the sound does."""
LETTERS_MIN = 4
CHAIN_RUNS_MIN = 3
WORD_CHARACTERS_MAX = 32
"""On either side of a drawn-out letter; what is longer is no word."""

_OTHER, _HAN, _LETTER, _DIGIT, _JOINT = range(5)
_JOINTS = "._@/-"
"""Belong to an id or an address where a letter or digit follows."""
_HAN_FIRST = 0x3400

Marks = NDArray[np.bool_]
Places = NDArray[np.int64]


class Runs(NamedTuple):
    """Rows of one character, in order: places of their first and their last."""

    firsts: Places
    lasts: Places

    def only(self, marks: Marks) -> "Runs":
        """The marked ones."""
        return Runs(self.firsts[marks], self.lasts[marks])


def cut_repeats(flow: Flow) -> Flow:
    """The flow with drawn-out characters once; each that is left stands for all of its run."""
    if len(flow.points) < LETTERS_MIN:
        return flow
    again = flow.points[1:] == flow.points[:-1]
    han, letters = _drawn_out_han(flow.points, again), _drawn_out_letters(flow.points, again)
    if not len(han.firsts) and not len(letters.firsts):
        return flow
    return _keep_first(flow, Runs(*(np.concatenate(places) for places in zip(han, letters, strict=True))))


def have_drawn_out_letters(texts: list[str]) -> list[bool]:
    """For each ASCII text in lower case: whether a letter stands LETTERS_MIN times in a row."""
    points = np.frombuffer("\n".join(texts).encode("ascii"), dtype=np.uint8)
    found = np.zeros(len(texts), dtype=bool)
    if len(points) >= LETTERS_MIN:
        places = _letters_in_a_row(points, points[1:] == points[:-1])
        ends = np.cumsum([len(text) + 1 for text in texts])
        found[np.searchsorted(ends, places, side="right")] = True
    return found.tolist()


def _keep_first(flow: Flow, runs: Runs) -> Flow:
    ends = flow.ends.copy()
    ends[runs.firsts] = flow.ends[runs.lasts]
    depth = np.zeros(len(ends) + 1, dtype=np.int8)
    depth[runs.firsts + 1] += 1
    depth[runs.lasts + 1] -= 1
    return Flow(flow.points, flow.starts, ends).keep(np.cumsum(depth[:-1]) == 0)


def _runs(places: Places, characters: int) -> Runs:
    """The runs of at least so many characters, of the places where so many equal ones begin."""
    begins = np.diff(places, prepend=-2) != 1
    firsts = places[begins]
    counts = np.diff(np.append(np.flatnonzero(begins), len(places)))
    return Runs(firsts, firsts + counts + characters - 2)


def _drawn_out_han(points: NDArray[np.uint32], again: Marks) -> Runs:
    """The runs of every chain that is cut."""
    pairs = np.flatnonzero(again & (points[1:] >= _HAN_FIRST))
    runs = _runs(pairs[_kinds()[points[pairs]] == _HAN], characters=2)
    if not len(runs.firsts):
        return runs
    chain = np.cumsum(np.append(True, runs.firsts[1:] != runs.lasts[:-1] + 1)) - 1
    in_chain = np.bincount(chain)
    characters = np.bincount(chain, weights=runs.lasts - runs.firsts + 1)
    cut = (characters > 2 * in_chain) | (in_chain >= CHAIN_RUNS_MIN)
    return runs.only(cut[chain])


def _letters_in_a_row(points: NDArray[np.uint32] | NDArray[np.uint8], again: Marks) -> Places:
    places = np.flatnonzero(again[:-2] & again[1:-1] & again[2:])
    at = points[places]
    letters: Places = places[(at >= ord("a")) & (at <= ord("z"))]
    return letters


def _drawn_out_letters(points: NDArray[np.uint32], again: Marks) -> Runs:
    """Runs in words of letters alone, of more than one letter."""
    runs = _runs(_letters_in_a_row(points, again), LETTERS_MIN)
    if not len(runs.firsts):
        return runs
    steps = np.arange(1, WORD_CHARACTERS_MAX + 1)
    before, after = runs.firsts[:, None] - steps, runs.lasts[:, None] + steps
    left, right = _beside(points, before), _beside(points, after)
    follows_left = np.hstack((np.ones((len(left), 1), dtype=bool), _is_alphanumeric(left[:, :-1])))
    follows_right = np.hstack((_is_alphanumeric(right[:, 1:]), np.zeros((len(right), 1), dtype=bool)))
    sizes_left, sizes_right = _letters_beside(left, follows_left), _letters_beside(right, follows_right)
    return runs.only((sizes_left >= 0) & (sizes_right >= 0) & (sizes_left + sizes_right > 0))


def _beside(points: NDArray[np.uint32], places: Places) -> NDArray[np.uint8]:
    """The kinds at the places; beyond the text there is none."""
    kinds = _kinds()[points[np.clip(places, 0, len(points) - 1)]]
    kinds[(places < 0) | (places >= len(points))] = _OTHER
    return kinds


def _letters_beside(kinds: NDArray[np.uint8], followed: Marks) -> Places:
    """How many letters of the same word stand there, by row, going away from the run; -1 if it is no word."""
    inside = np.logical_and.accumulate(_is_alphanumeric(kinds) | ((kinds == _JOINT) & followed), axis=1)
    is_word = ~inside[:, -1] & ((kinds == _LETTER) | ~inside).all(axis=1)
    letters: Places = np.where(is_word, inside.sum(axis=1), -1)
    return letters


def _is_alphanumeric(kinds: NDArray[np.uint8]) -> Marks:
    marks: Marks = (kinds == _LETTER) | (kinds == _DIGIT)
    return marks


@cache
def _kinds() -> NDArray[np.uint8]:
    table = folding_table()
    kinds = np.zeros(CODE_POINTS, dtype=np.uint8)
    kinds[(table.kind == HAN) & (table.digit == NO_DIGIT)] = _HAN
    kinds[[ord(sound) for sound in SOUNDS]] = _OTHER
    kinds[ord("a") : ord("z") + 1] = _LETTER
    kinds[ord("0") : ord("9") + 1] = _DIGIT
    kinds[[ord(joint) for joint in _JOINTS]] = _JOINT
    return kinds
