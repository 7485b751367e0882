"""Which answers say thank you."""

CHARACTERS_MAX = 200
WORDS = (
    "谢谢",
    "谢啦",
    "谢了",
    "多谢",
    "感谢",
    "感恩",
    "謝謝",
    "多謝",
    "感謝",
    "thanks",
    "thank you",
    "thank u",
    "thx",
)
OTHERWISE = (
    "不用谢",
    "不谢",
    "别谢",
    "不用謝",
    "谢谢惠顾",
    "谢绝",
    "no thanks",
    "no, thanks",
    "no thank you",
)


def says_thanks(text: str) -> bool:
    """Whether a reply with this text thanks whom it answers."""
    if len(text) > CHARACTERS_MAX:
        return False
    lowered = text.casefold()
    return any(word in lowered for word in WORDS) and not any(word in lowered for word in OTHERWISE)
