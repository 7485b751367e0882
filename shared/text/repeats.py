"""Characters that are drawn out so that a word is not seen: `加加加微微信` is 加微信, `casinoooo` is casino.

A chain is a row of neighbouring Han characters each written twice or more. It is cut to one of each where one
is written three times or more, or where it has three characters or more; 高高兴兴 and 谢谢 stay. Cutting cannot
hide a word of two characters, nor make one: what stood beside the run stood beside its character before. In a
word of Latin letters three of one become one. Laughter and sounds (哈哈哈), numerals, ids, addresses and
`www` stay.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from shared.text.flow import SEPARATOR, Flow
from shared.text.tables import CODE_POINTS, HAN, NO_DIGIT, folding_table

SOUNDS = "哈呵嘿嘻啊呀哦噢喔嗯呜哇哎唉咯嘎嘤喵汪嗷咳噗嗨吼呃额哟哼嘟滴嘀咚叮啦嘛咩哞啪"
"""Characters that people repeat because the sound does."""
RUN_CHARACTERS_MIN = 3
CHAIN_RUNS_MIN = 3

_OTHER, _HAN, _LETTER, _ROMAN, _ROMAN_REPEATED, _DIGIT, _JOINT = range(7)
"""What a character is to this step. Roman numerals are letters too, of which `ixcm` may stand three times."""
_JOINTS = "._@/-"
"""Belong to an id or an address where a letter or digit follows."""

Marks = NDArray[np.bool_]
Places = NDArray[np.int64]


def cut_repeats(flow: Flow) -> Flow:
    """The flow with drawn-out characters once; each that is left stands for all of its run."""
    points = flow.points
    if len(points) < RUN_CHARACTERS_MIN:
        return flow
    again = points[1:] == points[:-1]
    kind = _kinds()[points]
    stretched_han = bool((again & (kind[1:] == _HAN)).any())
    stretched_letters = bool((again[1:] & again[:-1] & _is_letter(kind[2:])).any())
    if not stretched_han and not stretched_letters:
        return flow
    firsts = np.flatnonzero(np.concatenate(([True], ~again)))
    lengths = np.diff(np.append(firsts, len(points)))
    cut = np.zeros(len(firsts), dtype=bool)
    if stretched_han:
        cut |= _drawn_out_han(kind[firsts], lengths)
    if stretched_letters:
        cut |= _drawn_out_letters(kind, firsts, lengths)
    return _keep_first(flow, firsts, lengths, cut)


def have_drawn_out_letters(texts: list[str]) -> list[bool]:
    """For each ASCII text in lower case: whether a letter stands three times in a row."""
    points = np.frombuffer("\n".join(texts).encode("ascii"), dtype=np.uint8)
    again = points[1:] == points[:-1]
    places = np.flatnonzero(again[1:] & again[:-1] & (points[2:] >= ord("a")) & (points[2:] <= ord("z")))
    found = np.zeros(len(texts), dtype=bool)
    ends = np.cumsum(np.fromiter((len(text) + 1 for text in texts), dtype=np.int64, count=len(texts)))
    found[np.searchsorted(ends, places, side="right")] = True
    return found.tolist()


def _keep_first(flow: Flow, firsts: Places, lengths: Places, cut: Marks) -> Flow:
    if not cut.any():
        return flow
    ends = flow.ends.copy()
    ends[firsts[cut]] = flow.ends[firsts[cut] + lengths[cut] - 1]
    keep = np.repeat(~cut, lengths)
    keep[firsts] = True
    return Flow(flow.points, flow.starts, ends).keep(keep)


def _drawn_out_han(kind: NDArray[np.uint8], lengths: Places) -> Marks:
    """Which runs belong to a chain that is cut; both arguments by run."""
    multiple = (kind == _HAN) & (lengths > 1)
    starts, ends = _segments(multiple)
    runs = ends - starts
    before = np.concatenate(([0], np.cumsum(lengths)))
    characters = before[ends] - before[starts]
    chosen = (characters > 2 * runs) | (runs >= CHAIN_RUNS_MIN)
    return _covered(starts[chosen], ends[chosen], len(kind))


def _drawn_out_letters(kind: NDArray[np.uint8], firsts: Places, lengths: Places) -> Marks:
    """Which runs of letters are cut: in words of letters alone, of more than one letter, no Roman numerals."""
    letter, of_run = _is_letter(kind), kind[firsts]
    follows = np.append(letter[1:] | (kind[1:] == _DIGIT), False)
    word = letter | (kind == _DIGIT) | ((kind == _JOINT) & follows)
    starts, ends = _segments(word)
    if not len(starts):
        return np.zeros(len(firsts), dtype=bool)
    whole = _count(letter, starts, ends) == ends - starts
    runs = np.searchsorted(firsts, ends) - np.searchsorted(firsts, starts)
    roman = _count((kind == _ROMAN) | (kind == _ROMAN_REPEATED), starts, ends) == ends - starts
    word_of_run = np.searchsorted(starts, firsts, side="right") - 1
    stretched = (lengths >= RUN_CHARACTERS_MIN) & _is_letter(of_run) & (word_of_run >= 0)
    counts = (of_run == _ROMAN_REPEATED) & roman[word_of_run]
    chosen: Marks = stretched & whole[word_of_run] & (runs > 1)[word_of_run] & ~counts
    return chosen


def _segments(marks: Marks) -> tuple[Places, Places]:
    """Where rows of marked ones start and end."""
    edges = np.diff(np.concatenate(([0], marks.astype(np.int8), [0])))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _covered(starts: Places, ends: Places, length: int) -> Marks:
    depth = np.zeros(length + 1, dtype=np.int8)
    depth[starts] += 1
    depth[ends] -= 1
    covered: Marks = np.cumsum(depth[:-1]) > 0
    return covered


def _count(marks: Marks, starts: Places, ends: Places) -> Places:
    before = np.concatenate(([0], np.cumsum(marks)))
    counts: Places = before[ends] - before[starts]
    return counts


def _is_letter(kind: NDArray[np.uint8]) -> Marks:
    letter: Marks = (kind >= _LETTER) & (kind <= _ROMAN_REPEATED)
    return letter


@cache
def _kinds() -> NDArray[np.uint8]:
    table = folding_table()
    kinds = np.zeros(CODE_POINTS, dtype=np.uint8)
    kinds[(table.kind == HAN) & (table.digit == NO_DIGIT)] = _HAN
    kinds[[ord(sound) for sound in SOUNDS]] = _OTHER
    kinds[ord("a") : ord("z") + 1] = _LETTER
    kinds[[ord(letter) for letter in "vld"]] = _ROMAN
    kinds[[ord(letter) for letter in "ixcm"]] = _ROMAN_REPEATED
    kinds[ord("0") : ord("9") + 1] = _DIGIT
    kinds[[ord(joint) for joint in _JOINTS]] = _JOINT
    kinds[SEPARATOR] = _OTHER
    return kinds
