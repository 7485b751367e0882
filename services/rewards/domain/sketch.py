"""A sketch of a text: its characters in order, each as one of 32 letters, so that the text is not held."""

HEAD, TAIL = 40, 24
"""UTF-16 units of a text's beginning and end that a sketch is made of."""
KEPT = 5
"""So many sketches of a day are kept."""
MULTIPLIER = 167
_LETTERS = bytes(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[byte * MULTIPLIER % 256 >> 3] for byte in range(256))


def sketch_of(text: str) -> str:
    """Of each unit the low byte, times 167, its upper five bits; at most 64 letters, never none."""
    units = text[: HEAD + TAIL + 1].encode("utf-16-le", "surrogatepass")[::2]
    if len(units) > HEAD + TAIL:
        ending = text[-TAIL:].encode("utf-16-le", "surrogatepass")[::2]
        units = units[:HEAD] + ending[-TAIL:]
    return units.translate(_LETTERS).decode("ascii") or "A"
