"""One reading of a text, however it was written, with a way back to the original's positions.

The order: fold each character (compatibility form, case, accents, look-alikes, 繁→简, nothing for format
characters), decode percent-encoding and fold again, drop noise between Han characters, cut drawn-out
characters, write numerals as digits.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from shared.text.digits import fold_numerals
from shared.text.flow import Flow, fold, join
from shared.text.noise import drop_noise
from shared.text.percent import decode_percent
from shared.text.repeats import cut_repeats, have_drawn_out_letters

CHUNK_CHARACTERS_MAX = 32_000
"""More text is read in several goes: memory does not grow with what strangers send, and the arrays of one go
stay in the processor's cache."""


class Normalised(NamedTuple):
    """A text as rules read it, and where each of its characters stands in the original."""

    original: str
    text: str
    flow: Flow | None = None
    """The positions of the whole batch that it was read with; None where every character kept its place."""
    low: int = 0
    """Where this text begins in the flow."""
    origin: int = 0
    """Where the original begins in the joined originals."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]`, not empty, stands in the original, as start and end."""
        if self.flow is None:
            return start, end
        first, last = self.flow.starts[self.low + start], self.flow.ends[self.low + end - 1]
        return int(first) - self.origin, int(last) - self.origin

    def written(self, start: int, end: int) -> str:
        """How the original wrote `text[start:end]`."""
        first, last = self.span(start, end)
        return self.original[first:last]


def normalise(text: str) -> Normalised:
    """One text; a batch is far cheaper a text."""
    return normalise_all([text])[0]


def normalise_all(texts: Sequence[str]) -> list[Normalised]:
    """All texts, in time linear in their length."""
    lowered = [text.lower() if _is_plain(text) else None for text in texts]
    drawn_out = iter(have_drawn_out_letters([lower for lower in lowered if lower is not None]))
    plain = [None if lower is None or next(drawn_out) else lower for lower in lowered]
    others = [text for text, lower in zip(texts, plain, strict=True) if lower is None]
    rest = (read for chunk in _chunks(others) for read in _normalise_flow(chunk))
    return [
        next(rest) if lower is None else Normalised(text, lower)
        for text, lower in zip(texts, plain, strict=True)
    ]


def _is_plain(text: str) -> bool:
    """Whether it is ASCII without control characters and percent-encoding."""
    return text.isascii() and "%" not in text and (text.isprintable() or text.replace("\n", "").isprintable())


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    characters = 0
    for text in texts:
        if chunk and characters + len(text) > CHUNK_CHARACTERS_MAX:
            yield chunk
            chunk, characters = [], 0
        chunk.append(text)
        characters += len(text)
    if chunk:
        yield chunk


def _normalise_flow(texts: Sequence[str]) -> list[Normalised]:
    flow = fold(join(texts))
    decoded = decode_percent(flow)
    if decoded is not flow:
        flow = fold(decoded)
    return _split(fold_numerals(cut_repeats(drop_noise(flow))), texts)


def _split(flow: Flow, texts: Sequence[str]) -> list[Normalised]:
    """Each text's part of the flow; a text ends where its separator stood in the joined original."""
    lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    firsts = np.cumsum(lengths + 1) - (lengths + 1)
    lower = np.searchsorted(flow.starts, firsts).tolist()
    upper = np.searchsorted(flow.starts, firsts + lengths).tolist()
    joined = flow.text()
    return [
        Normalised(text, joined[low:high], flow, low, first)
        for text, low, high, first in zip(texts, lower, upper, firsts.tolist(), strict=True)
    ]
